/**
 * @file Runs beside each other in a browser: two, whose numbers are those of their files and of `crh compare --json`,
 * and two hundred.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import { hiddenMedians } from "../../src/findings/hiddenMedians.ts";
import { brief, fixed } from "../../src/findings/numbers.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { testIo } from "../cli/testIo.ts";
import { isSkipped, LabInBrowser } from "./lab.ts";
import { trainSmall } from "./trainedRuns.ts";

let lab: LabInBrowser;
const ids: string[] = [];
beforeAll(async () => {
  if (isSkipped) return;
  lab = await LabInBrowser.start();
  for (const decay of ["1e-4", "0.01"])
    ids.push(await trainSmall(lab.runs, `decay=${decay}`, "--steps", "200", "--every", "100", "--cost", "economy"));
}, 60_000);
afterAll(() => lab?.stop());

/** `crh compare --json` of runs. */
async function compared(runs: readonly string[], x: string, y: string) {
  const io = testIo();
  await main(["compare", ...runs.map((id) => join(lab.runs, id)), "--x", x, "--y", y, "--json"], io);
  return JSON.parse(io.out()) as { cells: { x: number; n: number; median: number; low: number; high: number }[] };
}

const addressOf = (runs: readonly string[], more = "") =>
  `/compare?${new URLSearchParams(runs.map((id): [string, string] => ["run", id]))}${more}`;

describe.skipIf(isSkipped)("comparing runs", () => {
  it("two: marks in what they differ, tells medians, courses and a measure over a parameter as the terminal does", async () => {
    const page = await lab.open(addressOf(ids, "&x=decay&y=b.rga&course=b.rga"));
    await page.locator(".compare-table").first().waitFor();
    const heads = await page.locator(".compare-table").first().locator("thead th").allInnerTexts();
    expect(heads.slice(0, 3)).toEqual(["run", "decay", "step"]);
    for (const id of ids) {
      const found = hiddenMedians(openRun(join(lab.runs, id)).snapshot(200)!, "paper")!;
      const row = page.locator("tr", { hasText: id });
      for (const side of ["a", "b"] as const)
        for (const relation of ["rga", "rwa", "gwa"] as const)
          expect(await row.locator(`[data-median="${side}.${relation}"]`).innerText()).toBe(
            fixed(found[side][relation]!, 3),
          );
    }
    const { cells } = await compared(ids, "decay", "b.rga");
    const rows = page.locator(".compare-cells tbody tr");
    await rows.first().waitFor();
    const shown = await Promise.all((await rows.all()).map((row) => row.locator("th, td").allInnerTexts()));
    expect(shown.map(([x, n, median]) => [x, n, median])).toEqual(
      cells.map(({ x, n, median }) => [String(x), String(n), brief(median)]),
    );
    const courses = page.locator("section[aria-label=Courses] figure.block");
    await courses.locator(".panels svg").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      courses.getByRole("button", { name: "CSV" }).click(),
    ]);
    const csv = readFileSync(await download.path(), "utf8")
      .trim()
      .split("\n")
      .slice(1);
    const expected = ids.flatMap((id) =>
      openRun(join(lab.runs, id))
        .snapshots()
        .map((one) => [id, one.step, hiddenMedians(one, "paper")!.b.rga!] as const),
    );
    expect(csv.length).toBe(expected.length);
    for (const [id, step, value] of expected) {
      const line = csv.find((one) => one.startsWith(`,${id},${step},`))!;
      expect(Number(line.split(",")[3])).toBeCloseTo(value, 5);
    }
    expect(await page.locator("section[aria-label='Hidden layers'] figure.block").count()).toBe(2);
    await page.context().close();
  });

  it("a measure that there is none of is said in the words of the terminal, and the rest stays", async () => {
    const page = await lab.open(addressOf(ids, "&x=decay&y=b.rgaa"));
    await page.locator(".problem", { hasText: 'got "b.rgaa"; did you mean b.rga?' }).waitFor();
    await page.locator("section[aria-label='Over parameters'] input[list]").fill("a.rwa");
    await page.locator(".compare-cells").waitFor();
    expect(page.url()).toContain("y=a.rwa");
    await page.context().close();
    const refused = lab.errors.splice(0);
    expect(refused.every((text) => text.includes("422"))).toBe(true);
  });

  it("two hundred: spread over seeds as the terminal has it", async () => {
    const many = [...ids];
    for (let i = 0; many.length < 200; i++) {
      const id = `${ids[i % 2]}-${i}`;
      cpSync(join(lab.runs, ids[i % 2]!), join(lab.runs, id), {
        recursive: true,
        filter: (path) => !/checkpoints|moments|report\.html/.test(path),
      });
      edit(join(lab.runs, id, "run.json"), (info) => ({ ...info, id, seed: 1 + i }));
      const snapshot = `step-${"200".padStart(8, "0")}.json`;
      edit(join(lab.runs, id, "snapshots", snapshot), (found) => shifted(found, i / 1000));
      many.push(id);
    }
    const page = await lab.open(addressOf(many, "&x=decay&y=b.rga"));
    const rows = page.locator(".compare-cells tbody tr");
    await rows.first().waitFor({ timeout: 60_000 });
    const { cells } = await compared(many, "decay", "b.rga");
    expect(cells.map(({ n }) => n)).toEqual([100, 100]);
    const shown = await Promise.all((await rows.all()).map((row) => row.locator("th, td").allInnerTexts()));
    expect(shown.map((row) => row.slice(0, 5))).toEqual(
      cells.map(({ x, n, median, low, high }) => [x, n, brief(median), brief(low), brief(high)].map(String)),
    );
    await page.getByRole("button", { name: "All 200 runs" }).click();
    expect(await page.locator(".compare-table").first().locator("tbody tr").count()).toBe(200);
    await expect
      .poll(() => page.locator("section[aria-label=Courses] [role=status]").innerText(), { timeout: 60_000 })
      .toBe("");
    await page.locator("section[aria-label=Courses]").scrollIntoViewIfNeeded();
    await page.locator("section[aria-label=Courses] figcaption", { hasText: "200 runs" }).waitFor();
    await page.context().close();
  }, 90_000);

  it("says nothing on the console, and asks no other host", () => {
    expect(lab.errors).toEqual([]);
    expect(lab.elsewhere).toEqual([]);
  });
});

function edit(path: string, change: (found: Record<string, unknown>) => Record<string, unknown>): void {
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")))));
}

/** The snapshot with other forward alignments. */
function shifted(found: Record<string, unknown>, by: number): Record<string, unknown> {
  for (const layer of found.layers as { alignment: { paper: { b: { rga: { value: number } } } } }[])
    layer.alignment.paper.b.rga.value -= by;
  return found;
}
