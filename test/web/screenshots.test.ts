/**
 * @file Pictures of every view for docs/images/lab, light and dark, wide and narrow; made anew where CRH_SCREENSHOTS names
 * the folder: `CRH_SCREENSHOTS=docs/images/lab npx vitest run test/web/screenshots.test.ts`. For people to look at.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { describe, it } from "vitest";
import { builtEntry } from "../builtEntry.ts";
import { LabInBrowser } from "./lab.ts";

const folder = process.env.CRH_SCREENSHOTS;

const SMALL = ["depth=3", "width=40", "inputs=40", "outputs=40", "terms=40", "samples=600", "lr=0.1"];

const looks: Readonly<Record<string, BrowserContextOptions>> = {
  "light-wide": { colorScheme: "light", viewport: { width: 1280, height: 900 } },
  "dark-wide": { colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  "light-narrow": { colorScheme: "light", viewport: { width: 390, height: 844 } },
  "dark-narrow": { colorScheme: "dark", viewport: { width: 390, height: 844 } },
};

interface View {
  readonly name: string;
  readonly hash: string;
  /** What a visitor does before the picture. */
  readonly act?: (page: Page) => Promise<unknown>;
}

const crh = (...words: string[]) =>
  execFileSync(process.execPath, [builtEntry("cli/main.js").pathname, ...words], { stdio: "ignore" });

/** Brings a heading to the top of the window. */
const toHeading = (title: string) => (page: Page) =>
  page
    .getByRole("heading", { name: title, exact: true })
    .first()
    .evaluate((heading) => (heading as unknown as { scrollIntoView(): void }).scrollIntoView());

async function play(page: Page): Promise<void> {
  await page.getByLabel("speed").selectOption("as fast as possible");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByText(/At step (6\d\d|[7-9]\d\d|[1-3],\d\d\d):/).waitFor({ timeout: 120_000 });
  await page
    .getByRole("button", { name: "Pause" })
    .click({ timeout: 2000 })
    .catch(() => {}); // it may have ended
}

describe.skipIf(folder === undefined)("pictures of the lab", () => {
  it("every view, light and dark, wide and narrow", async () => {
    mkdirSync(folder!, { recursive: true });
    const lab = await LabInBrowser.start();
    const { runs } = lab;
    for (const decay of ["1e-5", "1e-4", "1e-3"])
      crh("run", "fc2", ...SMALL, `decay=${decay}`, "--steps", "6000", "--runs", runs, "--moments", "all", "--quiet");
    const sweeps = join(runs, "sweeps");
    const values = ["decay=1e-5,1e-4,1e-3", "width=10,20,40", "seed=0,1"];
    crh(
      "sweep",
      "fc2",
      ...values,
      "depth=2",
      "inputs=10",
      "outputs=10",
      "--steps",
      "300",
      "--name",
      "decay-and-width",
      "--sweeps",
      sweeps,
      "--quiet",
      "--jobs",
      "2",
    );
    const ids = ((await (await fetch(new URL("api/runs", lab.lab.url))).json()) as { id: string }[]).map(
      ({ id }) => id,
    );
    const views: readonly View[] = [
      { name: "runs", hash: "/runs" },
      { name: "run", hash: `/run/${ids[0]}` },
      { name: "matrices", hash: `/run/${ids[0]}`, act: toHeading("Matrices and spectra") },
      { name: "compare", hash: `/compare?${ids.map((id) => `run=${id}`).join("&")}` },
      { name: "sweep", hash: "/sweeps/decay-and-width?colour=b.rga" },
      { name: "playground", hash: "/play", act: play },
      { name: "two-points", hash: "/two-points" },
      { name: "symmetry", hash: "/symmetry" },
      { name: "open", hash: "/open" },
      { name: "reproductions", hash: "/reproductions" },
      { name: "reproduction", hash: "/reproductions/crh-8" },
    ];
    for (const [look, options] of Object.entries(looks))
      for (const { name, hash, act } of views) {
        const page = await lab.open(hash, options);
        await page.waitForTimeout(2500);
        await act?.(page);
        await page.waitForTimeout(1500);
        await page.screenshot({ path: join(folder!, `${name}-${look}.jpg`), type: "jpeg", quality: 72 });
        await page.context().close();
      }
    if (lab.errors.length > 0) console.log(lab.errors.join("\n"));
    await lab.stop();
  }, 900_000);
});
