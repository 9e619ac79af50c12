/** @file Sweeps on the page and at their addresses: each job once, in its cell, with its state and its run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRun } from "../../src/runs/runFolder.ts";
import { createSweep } from "../../src/sweeps/sweepFolder.ts";
import { axesOf, cellsOf, shown } from "../../src/web/sweeps/grid.ts";
import { isSkipped, LabInBrowser } from "./lab.ts";

const versions = { crh: "0.1.0", node: "20.19.0", onnxruntime: "1.30.0" };
const jobs = [1e-5, 1e-3].flatMap((decay) =>
  [0, 1].map((seed) => ({ id: `fc2-${decay}-${seed}`, setting: "fc2", values: { decay, seed } })),
);

describe("a sweep as a grid", () => {
  const all = jobs.map((job) => ({ ...job, state: "done" as const }));

  it("has an axis for each parameter with several values, numbers by size, small ones as powers of ten", () => {
    expect(axesOf(all.toReversed())).toEqual([
      { name: "decay", values: ["1e-5", "0.001"] },
      { name: "seed", values: ["0", "1"] },
    ]);
    expect([shown(1e-4), shown(0.5), shown([1, 2]), shown(0)]).toEqual(["1e-4", "0.5", "1,2", "0"]);
  });

  it("puts each job into one cell", () => {
    const cells = cellsOf(all, "decay", "");
    expect([...cells].map(([key, own]) => [key, own.length])).toEqual([
      ["|1e-5", 2],
      ["|0.001", 2],
    ]);
  });
});

describe.skipIf(isSkipped)("a sweep in the lab", () => {
  let lab: LabInBrowser;
  beforeAll(async () => {
    lab = await LabInBrowser.start();
    const root = join(lab.runs, "sweeps");
    const about = { createdAt: "2026-01-01T00:00:00.000Z", argv: ["sweep", "fc2"], versions: { crh: "0.1.0" } };
    const sweep = createSweep(
      root,
      { ...about, name: "two", failFast: false, again: false, options: { moments: "none" } },
      jobs,
    );
    const [done, failed] = jobs as [(typeof jobs)[0], (typeof jobs)[0]];
    const given = { setting: "fc2", seed: 0, config: { decay: 1e-5 }, steps: 10, argv: ["run"], versions };
    const run = createRun(join(sweep.dir, "runs"), { ...given, id: done.id });
    run.appendMetrics([0, 10].map((step) => ({ step, name: "train/loss", value: 1 / (1 + step) })));
    run.update({ status: "finished", step: 10 });
    sweep.markDone(done.id, run.dir, 3);
    sweep.markFailed(failed.id, "train: expected a finite loss, got NaN");
    mkdirSync(join(root, "torn"));
    writeFileSync(join(root, "torn", "plan.json"), "{");
  });
  afterAll(() => lab?.stop());

  it("is listed with how far it is, a damaged one with what is wrong", async () => {
    const found = (await (await fetch(new URL("api/sweeps", lab.lab.url))).json()) as Record<string, unknown>[];
    expect(found.find(({ name }) => name === "two")).toEqual({
      ...{ name: "two", jobs: 4, done: 1, failed: 1, running: 0, waiting: 2, secondsLeft: 6 },
    });
    expect(found.find(({ name }) => name === "torn")).toMatchObject({ problem: expect.stringContaining("plan.json") });
  });

  it("is shown as a grid, whose squares lead to runs", async () => {
    const page = await lab.open("/sweeps/two?x=decay&y=seed");
    await page.getByText("1 of 4 jobs done").waitFor();
    const classes = await page.locator(".sweep-grid .square").evaluateAll((all) => all.map((one) => one.className));
    expect(classes).toEqual(["square done", "square waiting", "square failed", "square waiting"]);
    expect(await page.locator("ul li", { hasText: "expected a finite loss" }).count()).toBe(1);
    await page.getByLabel("colour").selectOption("loss");
    await page.locator(".square.measured").waitFor();
    expect(await page.locator(".square.measured").getAttribute("title")).toContain("loss 0.0909"); // 1 / 11
    await page.locator(".square.measured").click();
    await page.getByRole("heading", { name: "fc2-0.00001-0" }).waitFor();
    expect(await page.evaluate("location.hash")).toContain("#/run/two%2F");
    expect(lab.errors).toEqual([]);
  });
});
