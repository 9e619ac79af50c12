/**
 * @file Pages whose server is ended and started anew say so, and go on by themselves with nothing lost; runs with torn
 * files are shown as far as they can be read.
 */
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { snapshot } from "../../src/measure/snapshot.ts";
import { createRun } from "../../src/runs/runFolder.ts";
import { plantedTransformer } from "../figures/planted.ts";
import { isSkipped, LabInBrowser } from "./lab.ts";

const versions = { crh: "0.1.0", node: "20.19.0", onnxruntime: "1.30.0" };
let lab: LabInBrowser;
beforeAll(async () => {
  if (!isSkipped) lab = await LabInBrowser.start();
});
afterAll(() => lab?.stop());

const addRun = (id: string) =>
  createRun(lab.runs, { id, setting: "fc2", seed: 0, config: {}, steps: 10, argv: ["run", "fc2"], versions });

describe.skipIf(isSkipped)("a server that is ended and started anew", () => {
  it("is noticed by the table of runs and by a run's own page, which go on where they were", async () => {
    const run = addRun("one");
    run.appendMetrics([0, 1, 2].map((step) => ({ step, name: "train/loss", value: 1 / (1 + step) })));
    const [table, own] = [await lab.open("/runs"), await lab.open("/run/one")];
    await table.locator("td.name", { hasText: "one" }).waitFor();
    await own.getByRole("heading", { name: "one" }).waitFor();
    await lab.restart(async () => {
      await table.getByText("the server cannot be reached").waitFor();
      addRun("two");
      run.appendMetrics([3, 4].map((step) => ({ step, name: "train/loss", value: 1 / (1 + step) })));
      run.update({ status: "finished", step: 4 });
    });
    await table.locator("td.name", { hasText: "two" }).waitFor();
    await table.locator("tr", { hasText: "one" }).locator(".status.finished").waitFor();
    await own.locator(".status.finished").waitFor();
    expect(await table.getByText("the server cannot be reached").count()).toBe(0);
    expect(lab.errors.filter((text) => !/net::ERR_/.test(text))).toEqual([]);
  });
});

describe.skipIf(isSkipped)("a run with a torn measurement", () => {
  it("says which it is, and shows the others", async () => {
    const run = addRun("torn");
    run.appendMetrics([0, 10].map((step) => ({ step, name: "train/loss", value: 1 / (1 + step) })));
    const found = await snapshot(plantedTransformer({ d: 4 }).moments, { cost: "economy" });
    for (const step of [0, 10]) run.writeSnapshot({ ...found, step });
    run.update({ status: "finished", step: 10 });
    truncateSync(join(run.dir, "snapshots", "step-00000010.json"), 200);
    const page = await lab.open("/run/torn");
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/^1 of 2 measurements: runs: expected a snapshot .*step-00000010\.json/);
    await page.getByText("Every relation of every layer at step 0").waitFor();
  });
});
