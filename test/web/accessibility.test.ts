/**
 * @file Every view of the lab by the rules of axe-core: contrast of WCAG AA, names for those who do not see, the order of
 * headings; light and dark, wide and narrow. What no rule finds, people look for.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRun } from "../../src/runs/runFolder.ts";
import { isSkipped, LabInBrowser } from "./lab.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let lab: LabInBrowser;
beforeAll(async () => {
  if (isSkipped) return;
  lab = await LabInBrowser.start();
  const versions = { crh: "0.1.0", node: "20.19.0", onnxruntime: "1.30.0" };
  for (const [id, status] of [
    ["one", "finished"],
    ["two", "failed"],
    ["three", "running"],
  ] as const) {
    const run = createRun(lab.runs, {
      id,
      setting: "fc2",
      seed: 0,
      config: {},
      steps: 10,
      argv: ["run", "fc2"],
      versions,
    });
    run.appendMetrics([0, 5, 10].map((step) => ({ step, name: "train/loss", value: 1 / (1 + step) })));
    run.update({ status, step: 10 });
  }
});
afterAll(() => lab?.stop());

/** Addresses of views, and what is there once they have drawn. */
const views: readonly (readonly [hash: string, selector: string])[] = [
  ["/runs", "td.name"],
  ["/run/one", ".panels svg"],
  ["/compare", ".compare-list li"],
  ["/compare?run=one&run=two&run=three&x=seed&y=loss", ".compare-table"],
  ["/sweeps", "h1"],
  ["/reproductions", ".studies img"],
  ["/reproductions/crh-8", ".claims"],
  ["/play?tour=1", ".play-controls .field"],
  ["/two-points", "[data-final]"],
  ["/symmetry", "[data-critical]"],
  ["/open", ".open-kinds"],
  ["/nowhere", ".missing"],
];

const looks: readonly BrowserContextOptions[] = [
  { colorScheme: "light" },
  { colorScheme: "dark", viewport: { width: 390, height: 800 } },
];

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** What is in a picture with a name of its own is not read to anybody: its series are named for the cross-hair. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate(
    `axe.run({ include: [document], exclude: [["svg[role=img] *"]] }, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }).then(({ violations }) => violations)`,
  )) as Violation[];
  return found.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map(({ target, failureSummary }) => `${id}: ${target.join(" ")} ${failureSummary}`),
  );
}

describe.skipIf(isSkipped)("the lab can be used by everybody", () => {
  it.each(views)("%s", async (hash, selector) => {
    for (const look of looks) {
      const page = await lab.open(hash, look);
      await page.locator(selector).first().waitFor();
      expect(await violations(page), JSON.stringify(look)).toEqual([]);
      const [inner, outer] = (await page.evaluate(`[document.documentElement.scrollWidth, innerWidth]`)) as [
        number,
        number,
      ];
      expect(inner, `${hash} is no wider than the window`).toBeLessThanOrEqual(outer);
      await page.context().close();
    }
  });

  it("no view writes an error", () => {
    expect(lab.errors).toEqual([]);
  });
});
