/** @file The table of runs in a browser: what it shows, searching, sorting, removing with undo; nothing, and a thousand. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRun, type RunFolder } from "../../src/runs/runFolder.ts";
import { isSkipped, LabInBrowser } from "./lab.ts";

let lab: LabInBrowser;
beforeAll(async () => {
  if (!isSkipped) lab = await LabInBrowser.start();
});
afterAll(() => lab?.stop());

function addRun(id: string, config: Record<string, unknown>, day: number): RunFolder {
  const versions = { crh: "0.1.0", node: "20.19.0", onnxruntime: "1.30.0" };
  const now = new Date(Date.UTC(2026, 0, day));
  const run = createRun(lab.runs, {
    id,
    setting: "fc2",
    seed: Number(config.seed),
    config,
    steps: 100,
    argv: ["run", "fc2"],
    versions,
    now,
  });
  run.appendMetrics(
    [0, 50, 100].map((step) => ({ step, name: "train/loss", value: Number(config.decay) + 1 / (1 + step) })),
  );
  return run;
}

const names = (page: Page) => page.locator("td.name").allInnerTexts();

describe.skipIf(isSkipped)("the table of runs", () => {
  it("without a run tells how to make one, and shows the first that begins", async () => {
    const page = await lab.open("/runs");
    await page.getByText("No runs yet").waitFor();
    expect(await page.locator("pre").innerText()).toContain("crh run fc2");
    addRun("first", { decay: 0.5, seed: 0 }, 1);
    await page.locator("td.name", { hasText: "first" }).waitFor();
    expect(await page.locator(".status").innerText()).toBe("running");
    await page.context().close();
  });

  it("shows states, losses and what tells runs apart, searches, sorts, and keeps all of it in its address", async () => {
    addRun("second", { decay: 0.25, seed: 1 }, 2).update({ status: "finished", step: 100 });
    addRun("third", { decay: 0.25, seed: 2 }, 3).update({
      status: "failed",
      error: "train: expected a finite loss, got NaN at step 7; no checkpoint was written yet; lower lr",
    });
    mkdirSync(join(lab.runs, "torn"));
    writeFileSync(join(lab.runs, "torn", "run.json"), "{");
    const page = await lab.open("/runs");
    await page.locator("td.name", { hasText: "torn" }).waitFor();
    expect(await names(page)).toEqual(["third", "second", "first", "torn"]);
    expect(await page.locator(".status").allInnerTexts()).toEqual(["diverged", "finished", "running", "damaged"]);
    expect(await page.locator("tr", { hasText: "torn" }).locator(".said").innerText()).toContain("damaged JSON");
    const loss = await page.locator("tr", { hasText: "second" }).locator("td.loss span").innerText();
    expect(Number(loss)).toBeCloseTo(0.25 + 1 / 101, 3);
    await page.locator("tr", { hasText: "first" }).locator(".pair", { hasText: "decay" }).waitFor();

    await page.getByRole("button", { name: "Loss" }).click();
    expect((await names(page)).at(2)).toBe("first");
    await page.getByRole("searchbox").fill("decay=0.25 seed=1");
    await page.waitForFunction(`document.querySelectorAll("td.name").length === 1`);
    expect(await names(page)).toEqual(["second"]);
    const hash = (await page.evaluate(`location.hash`)) as string;
    const again = await lab.open(hash.slice(1));
    await again.locator("td.name", { hasText: "second" }).waitFor();
    await again.waitForFunction(`document.querySelectorAll("td.name").length === 1`);
    await page.context().close();
    await again.context().close();
  });

  it("removes runs and brings them back, and one that runs stays", async () => {
    const page = await lab.open("/runs");
    await page.getByLabel("Select second").check();
    await page.getByRole("button", { name: "Remove 1" }).click();
    await page.getByText("second was removed").waitFor();
    expect(await names(page)).not.toContain("second");
    await page.getByRole("button", { name: "Undo" }).click();
    await page.locator("td.name", { hasText: "second" }).waitFor();
    await page.getByLabel("Select first").check();
    await page.getByRole("button", { name: "Remove 1" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").innerText()).toContain("which is running; stop it first");
    await page.getByLabel("Select second").check();
    await page.getByLabel("Select third").check();
    await page.getByRole("link", { name: "Compare 2" }).click();
    await page.waitForFunction(`location.hash === "#/compare?run=third&run=second"`);
    await page.context().close();
  });

  it("is there within a second for a thousand runs, and draws those in view", async () => {
    const info = readFileSync(join(lab.runs, "second", "run.json"), "utf8");
    for (let i = 0; i < 1000; i++) {
      const dir = join(lab.runs, `many-${String(i).padStart(4, "0")}`);
      mkdirSync(dir);
      writeFileSync(join(dir, "run.json"), info.replace('"id": "second"', `"id": "many-${i}"`));
      writeFileSync(join(dir, "config.json"), '{"setting": "fc2", "seed": 1}');
      writeFileSync(join(dir, "metrics.jsonl"), '{"step":1,"name":"train/loss","value":0.5}\n');
    }
    const page = await lab.open("/runs");
    await page.getByText("1,004 runs").waitFor();
    const taken = await page.evaluate(() => performance.now());
    console.log(`the table of 1,004 runs is there ${taken.toFixed(0)} ms after the page was asked for`);
    expect(await page.locator("tbody tr").count()).toBeLessThan(60);
    await page.evaluate(`scrollTo(0, document.body.scrollHeight)`);
    await page.locator("td.name", { hasText: "torn" }).waitFor(); // the last one
    for (let i = 0; i < 1000; i++) rmSync(join(lab.runs, `many-${String(i).padStart(4, "0")}`), { recursive: true });
    await page.getByText("4 runs", { exact: true }).waitFor();
    await page.context().close();
  });

  it("asks no other host, and meets no error but the refusal", () => {
    expect(lab.elsewhere).toEqual([]);
    expect(lab.errors.filter((text) => !/status of 400/.test(text))).toEqual([]);
  });
});
