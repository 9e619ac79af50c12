/**
 * @file A run whose layers are 768 wide in a browser, of a server and dropped: what takes long is done in threads, and
 * the page's own is never held up.
 */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { snapshot } from "../../src/measure/snapshot.ts";
import type { Moments } from "../../src/moments/moments.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { createRun } from "../../src/runs/runFolder.ts";
import { layerCase, layerOf } from "../moments/cases.ts";
import { isSkipped, LabInBrowser } from "./lab.ts";
import { startTrace, stopTrace } from "./longestTasks.ts";

/** Milliseconds of processor time of the page's thread: what its visitors do not notice. */
const LONGEST_TASK = 50;
const WIDTH = 768;
const STEPS = [0, 100, 200];

let lab: LabInBrowser;
beforeAll(async () => {
  if (isSkipped) return;
  lab = await LabInBrowser.start();
  const run = createRun(lab.runs, {
    id: "wide",
    setting: "fc2",
    seed: 0,
    config: {},
    steps: 200,
    argv: ["run", "fc2"],
    versions: { crh: "0.1.0", node: "20.19.0", onnxruntime: "1.30.0" },
  });
  const layers = [1, 2].map((seed) => ({ ...layerOf(layerCase(seed, 60, WIDTH, WIDTH)), name: `layers.${seed}` }));
  const moments: Moments = { step: 0, objective: "mse", source: "a test", layers };
  const measured = await snapshot(moments, { cost: "economy", loss: 1 });
  for (const step of STEPS) {
    run.appendMetrics([{ step, name: "train/loss", value: 1 }]);
    run.writeSnapshot({ ...measured, step });
    run.writeMoments(step, encodeMoments({ ...moments, step }));
  }
  run.update({ status: "finished", step: 200 });
}, 120_000);
afterAll(() => lab?.stop());

/** Everything that a visitor may do with a layer, one thing after the other. */
async function lookAt(page: Page): Promise<void> {
  await page.locator(".run-scale", { hasText: `all ${STEPS.length} kept steps` }).waitFor();
  await expect.poll(() => page.locator(".run-scale").innerText(), { timeout: 30_000 }).not.toContain("so far");
  expect(await page.locator(".run-image figcaption").first().innerText()).toContain("768 × 768");
  const isDrawn = `(() => {
    const canvas = document.querySelector(".run-canvas canvas"), { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    return new Set(new Uint32Array(data.buffer)).size > 50;
  })()`;
  await expect.poll(() => page.evaluate(isDrawn)).toBe(true);
  await page.locator(".run-track input").focus();
  for (const key of ["ArrowLeft", "ArrowLeft", "ArrowRight"]) await page.keyboard.press(key);
  for (const order of ["cluster", "size"]) {
    await page.locator(".run-matrix-tools select").selectOption(order);
    await page.waitForTimeout(500);
  }
  await page.locator(".run-more summary").click();
  for (const title of ["Power laws", "Entries of H", "Expressivity"]) {
    const block = page.locator(".run-more .lazy", { hasText: title });
    await block.scrollIntoViewIfNeeded({ timeout: 90_000 });
    await block.locator(".panels svg").first().waitFor({ timeout: 30_000 });
  }
  await page.waitForTimeout(500);
}

describe.skipIf(isSkipped)("a run with layers 768 wide", () => {
  it("is looked at from every side while the page stays quick", async () => {
    const page = await lab.open("/");
    await page.locator("tbody tr").first().waitFor();
    await startTrace(lab.browser, page);
    await page.goto(`${lab.lab.url}#/run/wide?section=layer&layer=layers.2`);
    await lookAt(page);
    const { cpu, wall } = await stopTrace(lab.browser);
    console.log(`wide run: longest task of the main thread ${cpu} ms of processor time, ${wall} ms on the clock`);
    expect(cpu).toBeLessThanOrEqual(LONGEST_TASK);
    await page.context().close();
  }, 180_000);

  it("is read as quickly where its folder was dropped", async () => {
    const page = await lab.open("/open");
    await startTrace(lab.browser, page);
    await page.locator("input[webkitdirectory]").setInputFiles(join(lab.runs, "wide"));
    await page.locator(".run-scrubber").waitFor();
    await page.getByText("Matrices are read when they come into view").scrollIntoViewIfNeeded();
    await lookAt(page);
    const { cpu, wall } = await stopTrace(lab.browser);
    console.log(`wide run, dropped: longest task ${cpu} ms of processor time, ${wall} ms on the clock`);
    expect(cpu).toBeLessThanOrEqual(LONGEST_TASK);
    await page.context().close();
  }, 180_000);

  it("says nothing on the console", () => {
    expect(lab.errors).toEqual([]);
  });
});
