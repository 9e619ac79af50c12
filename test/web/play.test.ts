/**
 * @file The playground in a browser: its numbers are those of Node, all relations of the hidden layers pass 0.6, and
 * the page stays quick meanwhile.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { playDefaults } from "../../src/web/play/defaults.ts";
import type { TrainerEvent, TrainRequest } from "../../src/web/trainer/messages.ts";
import { SettingTraining } from "../../src/web/trainer/trainSetting.ts";
import { isSkipped, LabInBrowser, PAGE } from "./lab.ts";
import { type LongestTasks, startTrace, stopTrace, taskWords } from "./longestTasks.ts";
import { matrixEntries, numbers, trainedInPage } from "./trainedInPage.ts";

/** Sums of float32 in another order. */
const TOLERANCE = 1e-4;
/** Milliseconds of the page's main thread. */
const LONGEST_TASK = 50;
/** Of what playing loads beside the engine, compressed. */
const MOST_BYTES = 500_000;

let lab: LabInBrowser;
beforeAll(async () => {
  if (!isSkipped) lab = await LabInBrowser.start();
});
afterAll(() => lab?.stop());

/** ONNX Runtime: its script and its WebAssembly. */
const isEngine = (name: string): boolean => /(^|\/)ort[.-]/.test(name);
/** The six hidden medians that the page shows. */
const medians = async (page: Page): Promise<number[]> =>
  (await page.locator(".play-strip tbody tr:first-child td b").allInnerTexts()).map(Number);

describe.skipIf(isSkipped)("the playground", () => {
  it("trains to the losses, alignments and matrices of Node for 100 steps", async () => {
    const look = { layer: "layers.1", convention: "paper" } as const;
    const parameters = { ...playDefaults.fc2, steps: "100" };
    const request: TrainRequest = { setting: "fc2", parameters, options: { measure: [50], look } };
    const page = await lab.open("/play");
    const there = await trainedInPage(page, request);
    const here: TrainerEvent[] = [];
    await new SettingTraining(request, (event) => here.push(event)).run(async () => ({ engine: nodeEngine }));
    const [got, expected] = [numbers(there), numbers(here)];
    expect(got.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
    expect(got.filter(({ name }) => name.startsWith("train/loss"))).toHaveLength(100);
    expect(got.filter(({ value }, i) => !(Math.abs(value - expected[i]!.value) <= TOLERANCE))).toEqual([]);
    const [one, other] = [matrixEntries(there), matrixEntries(here)];
    expect(one).toHaveLength(3 * 6 * 24 * 24);
    expect(Math.max(...one.map((value, i) => Math.abs(value - other[i]!)))).toBeLessThan(1e-3);
    await page.context().close();
  });

  /**
   * The longest task is an extreme: on a machine that does much else one play in many has a task that the processor
   * takes for twice as long. A play above the limit is repeated twice, and two of the three have to keep it.
   */
  async function expectQuick(first: LongestTasks): Promise<void> {
    if (first.cpu <= LONGEST_TASK) return;
    const all = [first];
    while (all.length < 3) {
      const page = await lab.open("/play?steps=100000");
      await page.getByLabel("speed").selectOption("as fast as possible");
      await startTrace(lab.browser, page);
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await page.locator(".play-strip tbody tr td b").first().waitFor();
      while (Math.min(...(await medians(page))) <= 0.6) await page.waitForTimeout(100);
      all.push(await stopTrace(lab.browser));
      await page.context().close();
    }
    const slow = all.filter(({ cpu }) => cpu > LONGEST_TASK);
    expect(slow.length, all.map((one) => `${taskWords(one)}: ${one.parts}`).join("\n")).toBeLessThanOrEqual(1);
  }

  it("passes 0.6 in all six relations of the hidden layers while the page stays quick", async () => {
    const page = await lab.open("/play?tour=1&steps=100000");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.reload();
    await page.locator(".play-controls .field").first().waitFor();
    expect(asked.filter((name) => isEngine(name))).toEqual([]);
    await page.getByLabel("speed").selectOption("as fast as possible");
    await startTrace(lab.browser, page);
    await page.getByRole("button", { name: "Run it" }).click();
    await page.locator(".play-tour .done", { hasText: "It learns" }).waitFor();
    await page.locator(".play-strip tbody tr td b").first().waitFor();
    expect(Math.min(...(await medians(page)))).toBeLessThan(0.6);
    while (Math.min(...(await medians(page))) <= 0.6) await page.waitForTimeout(100);
    const first = await stopTrace(lab.browser);
    console.log(`playground: longest task of the main thread while training ${taskWords(first)}`);
    const files = [...new Set(asked.map((url) => url.split("/assets/")[1] ?? ""))].filter((name) => name !== "");
    expect(files.some((name) => name.startsWith("trainerWorker"))).toBe(true);
    expect(files.some(isEngine)).toBe(true);
    const bytes = files
      .filter((name) => !isEngine(name))
      .reduce((sum, name) => sum + gzipSync(readFileSync(join(PAGE, "assets", name))).length, 0);
    console.log(`playground: ${Math.round(bytes / 1000)} kB compressed without the engine, in ${files.length} files`);
    expect(bytes).toBeLessThan(MOST_BYTES);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("paused").waitFor();
    const step = async () =>
      Number(/step ([\d,]+)/.exec(await page.locator(".progress").innerText())![1]!.replace(",", ""));
    const before = await step();
    await page.getByRole("button", { name: "Step", exact: true }).click();
    await page.getByText(`At step ${(before + 1).toLocaleString("en")}:`).waitFor();
    expect(await step()).toBe(before + 1);
    await page.locator(".play-tour h2").press("Escape");
    await page.locator(".play-tour").waitFor({ state: "detached" });
    await page.context().close();
    await expectQuick(first);
  });

  it("says what cannot be, plays two networks, marks what differs, keeps plays, and is wholly in its address", async () => {
    const page = await lab.open("/play?width=8&inputs=6&outputs=6&terms=6&samples=100&steps=30&lr=oops");
    await page.getByText('expected lr to be a number, got "oops"').waitFor();
    expect(await page.getByRole("button", { name: "Run", exact: true }).isDisabled()).toBe(true);
    const set = async (key: string, value: string) => {
      await page.locator(`[data-key=${key}] input[type=text]`).fill(value);
      await page.locator(`[data-key=${key}] input[type=text]`).press("Enter");
    };
    await set("lr", "1e6");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText("expected a finite loss").waitFor();
    expect(await page.locator(".status").innerText()).toBe("failed");
    await set("lr", "0.05");
    await page.getByLabel("two networks").check();
    await set("decay", "0");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.locator(".status.finished").nth(1).waitFor();
    expect(await page.locator(".differing").allInnerTexts()).toEqual(["decay 0.002", "decay 0"]);
    expect(await page.locator(".field.differs").count()).toBe(1);
    const address = new URL(page.url()).hash;
    expect(address).toContain("lr=0.05");
    expect(address).toContain("b.decay=0");
    await page.getByRole("button", { name: "Reset" }).click();
    await page.locator(".play-history tbody tr").nth(1).waitFor();
    await page.getByRole("checkbox", { name: "compare" }).first().check();
    await page.locator("path.past").first().waitFor();
    await page.getByRole("button", { name: "Open play 2 again" }).click();
    await page.locator(".status.finished").waitFor();
    const other = await lab.open(address.slice(1));
    await other.locator(".field.differs").waitFor();
    expect(await other.locator("[data-key=lr] input[type=text]").inputValue()).toBe("0.05");
    await Promise.all([page, other].map((one) => one.context().close()));
  });

  it("shows the matrices of earlier measurements, those of another layer too, while and after it trains", async () => {
    const page = await lab.open("/play?width=8&inputs=6&outputs=6&terms=6&samples=100&steps=60&tour=");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.locator(".status.finished").waitFor();
    const slider = page.getByLabel("look at step");
    /** An entry of each matrix at the step that is looked at. */
    const entries = async () => {
      await page.locator(".play-heat .field").first().focus();
      await page.keyboard.press("ArrowDown");
      const said = await page.locator(".play-heat .reading").first().innerText();
      await page
        .locator(".play-heat .field")
        .first()
        .evaluate((field) => (field as unknown as { blur(): void }).blur());
      return said;
    };
    const steps = async () => page.locator(".play-heat h3 small").allInnerTexts();
    expect(await steps()).toEqual(["step 60", "step 60"]);
    const last = await entries();
    await slider.focus();
    await page.keyboard.press("Home");
    await page.getByText("At step 0:").waitFor();
    expect(await steps()).toEqual(["step 0", "step 0"]);
    const first = await entries();
    expect(first).not.toBe(last);
    expect(await page.locator(".play-lines .looked").count()).toBe(3);
    await page.locator(".play-options select", { hasText: "layers.0" }).selectOption("layers.0");
    await expect.poll(steps).toEqual(["step 0", "step 0"]);
    expect(await entries()).not.toBe(first);
    await page.locator(".play-options select", { hasText: "layers.0" }).selectOption("layers.1");
    await expect.poll(entries).toBe(first);
    await page.getByRole("button", { name: "Newest" }).click();
    await expect.poll(steps).toEqual(["step 60", "step 60"]);
    expect(await entries()).toBe(last);
    await page.context().close();
  });

  it("changes a rate while it trains, marks where, and its address plays the same again", async () => {
    const small = "width=8&inputs=6&outputs=6&terms=6&samples=100&steps=60";
    const page = await lab.open(`/play?${small}`);
    await page.locator(".play-controls .field").first().waitFor();
    /** All curves, to a tenth of a pixel, once a play is over. */
    const end = async (one: Page) => {
      await one.locator(".status.finished").waitFor();
      await one.locator(".play-strip").waitFor();
      return one
        .locator(".play-lines path.main")
        .evaluateAll((paths) =>
          paths.map((path) => (path as unknown as { getAttribute(name: string): string }).getAttribute("d")),
        );
    };
    await page.getByRole("button", { name: "10 steps" }).click();
    await page.getByText("At step 10:").waitFor();
    expect(await page.locator("[data-key=lr] .mark").innerText()).toBe("at once");
    expect(await page.locator("[data-key=width] .mark").count()).toBe(0);
    const rate = page.locator("[data-key=lr] input[type=text]");
    await rate.fill("oops");
    await rate.press("Enter");
    await page.getByText('expected lr to be a number, got "oops"').waitFor();
    await rate.fill("0.2");
    await rate.press("Enter");
    await page.getByText("Changed during training: at step 10 lr = 0.2.").waitFor();
    expect(new URL(page.url()).hash).toContain("then=10_lr_0.2");
    expect(await page.locator(".play-changed").count()).toBe(0);
    expect(await rate.inputValue()).toBe("0.2");
    expect(await page.locator(".play-lines .change").count()).toBe(3); // loss, and both sides of the relations
    await page.getByRole("button", { name: "Go on" }).click();
    const played = await end(page);

    const again = await lab.open(new URL(page.url()).hash.slice(1));
    await again.getByRole("button", { name: "Run", exact: true }).click();
    expect(await end(again)).toEqual(played);
    await again.getByRole("button", { name: "Forget" }).click();
    await again.getByText("The settings differ from those of the network").waitFor();
    await again.getByRole("button", { name: "Run", exact: true }).click();
    await again.locator(".play-history tbody tr").first().waitFor();
    expect(await again.locator(".play-history .changes").first().innerText()).toContain("at step 10 lr = 0.2");
    expect(await end(again)).not.toEqual(played);
    await Promise.all([page, again].map((one) => one.context().close()));
  });

  it("changes in both networks what they share, and in one what is its own", async () => {
    const page = await lab.open("/play?width=8&inputs=6&outputs=6&terms=6&samples=100&steps=60&two=1&b.decay=0");
    await page.getByRole("button", { name: "10 steps" }).click();
    for (const i of [0, 1]) await page.getByText("At step 10:").nth(i).waitFor();
    const set = async (key: string, value: string) => {
      const field = page.locator(`[data-key=${key}] input[type=text]`);
      await field.fill(value);
      await field.press("Enter");
    };
    await set("lr", "0.1");
    await expect.poll(() => page.url()).toContain("b.then=10_lr_0.1");
    await set("decay", "0.01");
    await expect.poll(() => page.url()).toContain("then=10_lr_0.1*10_decay_0.01&");
    const { searchParams } = new URL(page.url().replace("#", "x"));
    expect(searchParams.get("b.then")).toBe("10_lr_0.1");
    await page.getByRole("button", { name: "Network 2" }).click();
    await expect.poll(() => page.locator("[data-key=decay] input[type=text]").inputValue()).toBe("0");
    expect(await page.locator("[data-key=lr] input[type=text]").inputValue()).toBe("0.1");
    await page.context().close();
  });

  it("asks no other host, and meets no error", () => {
    expect([lab.elsewhere, lab.errors]).toEqual([[], []]);
  });
});
