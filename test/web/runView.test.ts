/**
 * @file The view of one run in a browser: watched while it trains, reloaded in mid-run, scrubbed, its matrices and
 * figures read and saved; its numbers are those of the run's files. How fast it is is printed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hiddenMedians } from "../../src/findings/hiddenMedians.ts";
import { fixed } from "../../src/findings/numbers.ts";
import { findings } from "../../src/findings/relationFindings.ts";
import { gram } from "../../src/linalg/matrix.ts";
import { secondMoment } from "../../src/moments/moments.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { findingSentence } from "../../src/report/firstScreen.ts";
import { createRun, openRun } from "../../src/runs/runFolder.ts";
import { isSkipped, LabInBrowser } from "./lab.ts";
import { startTraining, trainSmall } from "./trainedRuns.ts";

let lab: LabInBrowser;
let id: string;
beforeAll(async () => {
  if (isSkipped) return;
  lab = await LabInBrowser.start();
  id = await trainSmall(lab.runs, "--steps", "300", "--every", "100", "--moments", "all");
}, 60_000);
afterAll(() => lab?.stop());

const shownStep = async (page: Page) => Number((await page.locator(".run-now b").innerText()).replaceAll(",", ""));
const doneSteps = async (page: Page) => Number(await page.locator(".run-progress progress").getAttribute("value"));
const stripOf = (page: Page) => page.locator(".run-of-now .strip .cell .value").allInnerTexts();

/** Of each map the six alignments, as strips have them. */
function expectedStrip(step: number): string[] {
  const snapshots = openRun(join(lab.runs, id))
    .snapshots()
    .filter((one) => one.step <= step);
  return findings(snapshots, "paper").map(({ last }) => fixed(last.value!, 2));
}

const waitForStep = (page: Page, step: number) => expect.poll(() => shownStep(page), { timeout: 30_000 }).toBe(step);

describe.skipIf(isSkipped)("the view of one run", () => {
  it("says what the report says, at every step that is scrubbed to, by slider and by keys", async () => {
    const page = await lab.open(`/run/${id}`);
    await page.locator(".run-scrubber").waitFor();
    await waitForStep(page, 300);
    const folder = openRun(join(lab.runs, id));
    const snapshots = folder.snapshots();
    const sentence = findingSentence(
      { info: folder.info(), metrics: [], config: {}, notes: [], snapshots },
      findings(snapshots, "paper"),
    );
    expect(await page.locator(".run-of-now p.finding").innerHTML()).toBe(sentence);
    expect(await stripOf(page)).toEqual(expectedStrip(300));

    await page.locator(".run-track input").focus();
    await page.keyboard.press("ArrowLeft");
    await waitForStep(page, 200);
    expect(await stripOf(page)).toEqual(expectedStrip(200));
    await page.locator("h1").click();
    await page.keyboard.press("Home");
    await waitForStep(page, 0);
    expect(await stripOf(page)).toEqual(expectedStrip(0));
    await page.keyboard.press("ArrowRight");
    await waitForStep(page, 100);
    expect(await stripOf(page)).toEqual(expectedStrip(100));
    await expect.poll(() => page.url()).toContain("step=100");

    await page.reload();
    await waitForStep(page, 100);
    expect(await stripOf(page)).toEqual(expectedStrip(100));
    await page.context().close();
  });

  it("tells entries of H, G and Z as the moments have them, at the step that is looked at, in any order", async () => {
    const page = await lab.open(`/run/${id}?section=layer&layer=layers.1&side=b&convention=covariance&step=200`);
    const canvas = page.locator(".run-canvas canvas").first();
    await canvas.waitFor();
    await canvas.focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"])
      await page.keyboard.press(key);
    await page.locator(".run-entry [data-matrix=H]").waitFor();
    expect(await page.locator(".run-entry b").first().innerText()).toBe("[2, 3]");
    const layer = openRun(join(lab.runs, id))
      .moments(200)!
      .layers.find(({ name }) => name === "layers.1")!;
    const expected = {
      H: secondMoment(layer.b, "H", "covariance", layer.n)!,
      G: secondMoment(layer.b, "G", "covariance", layer.n)!,
      Z: gram(layer.W!, "b"),
    };
    const told = async (name: string) =>
      Number((await page.locator(`.run-entry [data-matrix=${name}] .value`).innerText()).replaceAll("−", "-"));
    for (const [name, { data, rows }] of Object.entries(expected)) {
      const value = data[2 * rows + 3]!;
      expect(Math.abs((await told(name)) - value), name).toBeLessThanOrEqual(1e-3 * Math.abs(value)); // four digits
    }

    await page.getByLabel("Order").selectOption("size");
    const { H } = expected;
    const last = openRun(join(lab.runs, id))
      .moments(300)!
      .layers.find(({ name }) => name === "layers.1")!;
    const variance = secondMoment(last.b, "H", "covariance", last.n)!;
    const at = (i: number) => variance.data[i * variance.rows + i]!;
    const order = [...Array(H.rows).keys()].sort((x, y) => at(y) - at(x));
    await expect.poll(() => page.locator(".run-entry b").first().innerText()).toBe(`[${order[2]}, ${order[3]}]`);
    const value = H.data[order[2]! * H.rows + order[3]!]!;
    expect(Math.abs((await told("H")) - value)).toBeLessThanOrEqual(1e-3 * Math.abs(value));
    await page.context().close();
  });

  it("matrices are those of the file as it is, after it was written anew too", async () => {
    const page = await lab.open(`/run/${id}?section=layer&layer=layers.1&side=a&step=100`);
    const told = async () => {
      await page.locator(".run-canvas canvas").nth(2).focus();
      await page.keyboard.press("ArrowDown");
      return (await page.locator(".run-entry [data-matrix=Z] .value").innerText()).replaceAll("−", "-");
    };
    const folder = openRun(join(lab.runs, id));
    const { data } = gram(folder.moments(100)!.layers.find(({ name }) => name === "layers.1")!.W!, "a");
    expect(Number(await told())).toBeCloseTo(data[0]!, 3);
    const before = folder.momentBytes(100);
    const moments = folder.moments(100)!;
    for (const { W } of moments.layers) W?.data.set(W.data.map((value) => 3 * value));
    folder.writeMoments(100, encodeMoments(moments));
    await page.reload();
    expect(Number(await told()) / (9 * data[0]!)).toBeCloseTo(1, 3);
    folder.writeMoments(100, before);
    await page.context().close();
  });

  it("on a touch screen two fingers look closer at a matrix, and one moves it", async () => {
    const options = { hasTouch: true, viewport: { width: 390, height: 844 } };
    const page = await lab.open(`/run/${id}?section=layer&layer=layers.1&side=b`, options);
    const canvas = page.locator(".run-canvas canvas").first();
    await canvas.waitFor();
    await canvas.evaluate((element) =>
      (element as unknown as { scrollIntoView(at: object): void }).scrollIntoView({ block: "center" }),
    );
    const { x, y, width } = (await canvas.boundingBox())!;
    const session = await page.context().newCDPSession(page);
    const touch = async (type: "touchStart" | "touchMove" | "touchEnd", ...points: [number, number][]) => {
      const touchPoints = points.map(([right, down], id) => ({ x: x + right * width, y: y + down * width, id }));
      await session.send("Input.dispatchTouchEvent", { type, touchPoints });
    };
    const entryAt = async (right: number, down: number) => {
      await touch("touchStart", [right, down]);
      await touch("touchEnd");
      return page.locator(".run-entry b").first().innerText();
    };
    expect(await entryAt(0.1, 0.1)).toBe("[0, 0]");
    await touch("touchStart", [0.4, 0.4], [0.6, 0.6]);
    for (const by of [0.05, 0.1]) await touch("touchMove", [0.4 - by, 0.4 - by], [0.6 + by, 0.6 + by]);
    await touch("touchEnd");
    expect(await entryAt(0.1, 0.1)).toBe("[2, 2]"); // half of eight neurons is seen, from the third on
    await touch("touchStart", [0.3, 0.5]);
    for (const right of [0.4, 0.5, 0.6]) await touch("touchMove", [right, 0.5]);
    await touch("touchEnd");
    expect(await entryAt(0.1, 0.1)).toBe("[2, 1]");
    await page.context().close();
  });

  it("values are read off figures by keys, as they are in the measurements; a click goes to its step", async () => {
    const page = await lab.open(`/run/${id}`);
    const svg = page.locator("figure.block", { hasText: "Hidden layers over training" }).locator(".panels svg").first();
    await svg.focus();
    for (const step of [0, 100, 200]) {
      await page.keyboard.press("ArrowRight");
      const lines = await page.locator("#tip div").allInnerTexts();
      expect(lines[0]).toBe(`step ${step}`);
      const { a } = hiddenMedians(openRun(join(lab.runs, id)).snapshot(step)!, "paper")!;
      for (const relation of ["rga", "rwa", "gwa"] as const) {
        const line = lines.find((text) => text.startsWith(relation.toUpperCase()))!;
        expect(Math.abs(Number(line.split(" ")[1]) - a[relation]!), line).toBeLessThan(1e-3); // 0.01 of a pixel
      }
    }
    const { x, y, width, height } = (await svg.boundingBox())!;
    await page.mouse.click(x + 0.02 * width + 60, y + height / 2);
    await waitForStep(page, 0);
    await page.context().close();
  });

  it("saves a figure as SVG, PNG and CSV", async () => {
    const page = await lab.open(`/run/${id}`);
    const block = page.locator("figure.block", { hasText: "Hidden layers over training" });
    await block.locator(".panels svg").first().waitFor();
    const saved = async (button: string) => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        block.getByRole("button", { name: button }).click(),
      ]);
      return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
    };
    const svg = await saved("SVG");
    expect(svg.name).toBe("hidden-layers.svg");
    const parsed = await page.evaluate(`(() => {
      const { documentElement } = new DOMParser().parseFromString(${JSON.stringify(svg.bytes.toString())}, "image/svg+xml");
      return [documentElement.tagName, documentElement.querySelectorAll("path").length > 10];
    })()`);
    expect(parsed).toEqual(["svg", true]);
    expect((await saved("PNG")).bytes.subarray(1, 4).toString()).toBe("PNG");
    const csv = (await saved("CSV")).bytes.toString().trim().split("\n");
    expect(csv[0]).toBe("step,side,relation,convention,median,min,max,nullMedian,layers");
    expect(csv.length).toBe(1 + 4 * 6); // steps, relations of both sides
    await page.context().close();
  });

  it("a run is watched while it trains, also over a reload, until it has finished", async () => {
    const { child, id: live } = await startTraining(lab.runs, "--steps", "12000", "--every", "1000", "--seed", "7");
    const page = await lab.open(`/run/${live}`);
    await page.locator(".run-progress").waitFor();
    await page.locator(".run-scrubber").waitFor({ timeout: 30_000 });
    const first = await shownStep(page);
    await expect.poll(() => shownStep(page), { timeout: 30_000 }).toBeGreaterThan(first);
    expect(await page.locator("h1 .status").innerText()).toBe("running");
    const before = await shownStep(page);
    await page.reload();
    await page.locator(".run-now").waitFor();
    expect(await shownStep(page)).toBeGreaterThanOrEqual(before);
    const steps = await doneSteps(page);
    await page.locator("h1 .status.finished").waitFor({ timeout: 60_000 });
    await waitForStep(page, 12_000);
    expect(steps).toBeLessThan(12_000);
    expect(await doneSteps(page)).toBe(12_000);
    const last = openRun(join(lab.runs, live)).snapshot(12_000)!;
    const values = findings([openRun(join(lab.runs, live)).snapshot(0)!, last], "paper");
    expect(await stripOf(page)).toEqual(values.map(({ last: { value } }) => fixed(value!, 2)));
    child.kill();
    await page.context().close();
  }, 90_000);

  it("a run whose process dies is shown as interrupted", async () => {
    const { child, id: live } = await startTraining(lab.runs, "--steps", "400000", "--every", "100000", "--seed", "8");
    const page = await lab.open(`/run/${live}`);
    await page.locator("h1 .status.running").waitFor();
    child.kill("SIGKILL");
    await page.locator("h1 .status.interrupted").waitFor();
    await page.context().close();
  }, 60_000);

  it("a run of 100,000 rows of metrics opens at once, and matrices of 768 x 768 are scrubbed and moved", async () => {
    addLongRun();
    const long = await lab.open("/");
    const begun = performance.now();
    await long.goto(`${lab.lab.url}#/run/long`);
    await long.locator(".panels svg").first().waitFor();
    const opened = performance.now() - begun;
    expect(await long.locator("figcaption", { hasText: "Of 100,000 rows" }).count()).toBe(1);
    await long.context().close();

    const page = await lab.open("/");
    const d = 768;
    await page.route("**/matrix/**", (route) => {
      const shift = Number(/matrix\/(\d+)/.exec(route.request().url())![1]);
      const values = Float32Array.from(
        { length: d * d },
        (_, k) => ((k * 7 + shift) % 101) / 50 - 1 + Number(k % (d + 1) === 0),
      );
      return route.fulfill({ body: Buffer.from(values.buffer), headers: { "X-Shape": `${d},${d}` } });
    });
    await page.goto(`${lab.lab.url}#/run/${id}?section=layer`);
    await page.locator(".run-scale", { hasText: "all 4 kept steps" }).waitFor();
    await expect.poll(() => page.locator(".run-scale").innerText(), { timeout: 20_000 }).not.toContain("so far");
    expect(await page.locator(".run-image figcaption").first().innerText()).toContain("768 × 768");
    const scrubbed = await framesOf(page, scrub);
    const panned = await framesOf(page, pan);
    console.log(
      `run of 100,000 rows: first figure after ${opened.toFixed(0)} ms; 768 x 768 x 3: ` +
        `scrubbing ${scrubbed}; panning ${panned}`,
    );
    await page.context().close();
  }, 60_000);

  it("says nothing on the console, and asks no other host", () => {
    expect(lab.errors).toEqual([]);
    expect(lab.elsewhere).toEqual([]);
  });
});

function addLongRun(): void {
  const versions = { crh: "0.1.0", node: "20.19.0", onnxruntime: "1.30.0" };
  const argv = ["run", "fc2"];
  const run = createRun(lab.runs, {
    id: "long",
    setting: "fc2",
    seed: 0,
    config: {},
    steps: 1e5,
    argv,
    versions,
    now: new Date(),
  });
  run.appendMetrics(
    Array.from({ length: 1e5 }, (_, step) => ({
      step,
      name: "train/loss",
      value: 1 / (1 + step) + 1e-3 * Math.sin(step),
    })),
  );
  run.update({ status: "finished", step: 1e5 });
}

/** What is done in a frame, in the page. */
const scrub = `(i) => {
  const slider = document.querySelector(".run-track input");
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(slider, i % 4);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}`;
const pan = `(i) => {
  const canvas = document.querySelector(".run-canvas canvas"), box = canvas.getBoundingClientRect();
  const at = { clientX: box.left + 150 + 60 * Math.sin(i / 9), clientY: box.top + 150 + 60 * Math.cos(i / 9), bubbles: true, cancelable: true };
  if (i === 0) for (let k = 0; k < 5; k++) canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -150, ...at }));
  const pointer = { pointerId: 1, pointerType: "touch", buttons: 1, ...at };
  canvas.dispatchEvent(new PointerEvent(i === 0 ? "pointerdown" : "pointermove", pointer));
}`;

/** Frames of the screen while a piece of work is done in each, and what the page's thread spent on one. */
async function framesOf(page: Page, work: string): Promise<string> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * metrics.find(({ name }) => name === "TaskDuration")!.value;
  };
  const before = await busy();
  const gaps = (await page.evaluate(`(async () => {
    const work = ${work}, gaps = [];
    let last = await new Promise(requestAnimationFrame);
    for (let i = 0; i < 90; i++) {
      work(i);
      const now = await new Promise(requestAnimationFrame);
      gaps.push(now - last);
      last = now;
    }
    return gaps.sort((x, y) => x - y);
  })()`)) as number[];
  const spent = ((await busy()) - before) / gaps.length;
  const rate = (1000 * gaps.length) / gaps.reduce((x, y) => x + y);
  return `${rate.toFixed(0)} frames/s (median ${gaps[45]!.toFixed(1)} ms, 95 % ${gaps[85]!.toFixed(1)} ms), ${spent.toFixed(1)} ms of the page's thread a frame`;
}
