/**
 * @file The playground with WebGPU in a browser, which does it in software (SwiftShader): the numbers of WebAssembly, the
 * choice by time, and what happens where the device is lost or there is none. Of speed on a GPU this says nothing.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { playDefaults } from "../../src/web/play/defaults.ts";
import type { TrainRequest, WantedDevice } from "../../src/web/trainer/messages.ts";
import { isSkipped, LabInBrowser } from "./lab.ts";
import { matrixEntries, numbers, trainedInPage } from "./trainedInPage.ts";

/** Sums of float32 in another order, over 20 steps. */
const TOLERANCE = 1e-4;
/** Milliseconds: in software shaders are compiled for seconds, on a busy machine for more. */
const SOON = 120_000;

let withDevice: LabInBrowser;
let without: LabInBrowser;
beforeAll(async () => {
  if (isSkipped) return;
  withDevice = await LabInBrowser.start({ switches: ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"] });
  without = await LabInBrowser.start();
});
afterAll(async () => {
  await withDevice?.stop();
  await without?.stop();
});

const small = "width=8&inputs=6&outputs=6&terms=6&samples=100";
const why = (page: Page) => page.locator(".runs-on .why").innerText();
const runningOn = (page: Page, text: string | RegExp) =>
  page.locator(".running-on", { hasText: text }).waitFor({ timeout: SOON });
const run = (page: Page) => page.getByRole("button", { name: "Run", exact: true }).click();
const hasNoWebgpu = (page: Page) =>
  page
    .locator(".runs-on option", { hasText: "WebGPU" })
    .evaluate((option) => (option as unknown as { disabled: boolean }).disabled);

describe.skipIf(isSkipped)("the playground with WebGPU", { timeout: 2 * SOON }, () => {
  it("trains to the losses, alignments and matrices of WebAssembly", async () => {
    const page = await withDevice.open("/play");
    const trained = (device: WantedDevice) => {
      const look = { layer: "layers.1", convention: "paper" } as const;
      const parameters = { ...playDefaults.fc2, depth: "2", width: "12", steps: "20" };
      const request: TrainRequest = {
        setting: "fc2",
        parameters,
        options: { measure: [10], look, device },
        changes: [],
      };
      return trainedInPage(page, request);
    };
    const [got, expected] = [await trained("webgpu"), await trained("wasm")];
    const engines = [got, expected].map((events) =>
      events.flatMap((e) => (e.type === "built" ? [e.built.engine] : [])),
    );
    expect(engines).toEqual([["onnxruntime-web (webgpu)"], ["onnxruntime-web (wasm)"]]);
    const [one, other] = [numbers(got), numbers(expected)];
    expect(one.map(({ name }) => name)).toEqual(other.map(({ name }) => name));
    expect(one.length).toBeGreaterThan(20 + 3 * 3 * 6);
    const apart = one.map(({ value }, i) => Math.abs(value - other[i]!.value));
    const [entries, others] = [matrixEntries(got), matrixEntries(expected)];
    expect(entries).toHaveLength(3 * 6 * 12 * 12);
    const entriesApart = entries.map((value, i) => Math.abs(value - others[i]!));
    console.log(
      `WebGPU: apart from WebAssembly ${Math.max(...apart)}, entries of matrices ${Math.max(...entriesApart)}`,
    );
    expect(Math.max(...apart)).toBeLessThan(TOLERANCE);
    expect(Math.max(...entriesApart)).toBeLessThan(1e-3);
    await page.context().close();
  });

  it("is loaded for long steps alone, with both times said, and the choice is in the address", async () => {
    const page = await withDevice.open(`/play?${small}&steps=20`);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await expect.poll(() => why(page)).toContain("Automatic: WebAssembly, unless it takes over 1,000 µs a step");
    await run(page);
    await runningOn(page, "µs a step");
    await page.locator(".status.finished").waitFor();
    // Where the machine does much else, short steps may take long.
    const isShort = (await page.locator(".running-on").innerText()).includes("WebGPU is not tried below 1,000 µs.");
    expect(asked.some((url) => url.includes("asyncify"))).toBe(!isShort);
    const wide = await withDevice.open("/play?depth=2&width=150&batch=500&steps=20");
    await run(wide);
    await runningOn(wide, /^Runs on Web\w+, [\d,]+ µs a step; Web\w+ took [\d,]+ µs\.$/);
    await wide.locator(".status.finished").waitFor();
    console.log(`WebGPU: ${await wide.locator(".running-on").innerText()}`);
    await wide.getByLabel("runs on").selectOption("WebAssembly");
    await wide.getByText("The settings differ from those of the network").waitFor();
    expect(new URL(wide.url()).hash).toContain("device=wasm");
    await wide.getByLabel("runs on").selectOption("automatic");
    expect(new URL(wide.url()).hash).not.toContain("device");
    await Promise.all([page, wide].map((one) => one.context().close()));
  });

  it("trains anew on WebAssembly where the device is lost", async () => {
    const page = await withDevice.open(`/play?${small}&steps=100000&device=webgpu`);
    await run(page);
    await runningOn(page, "Runs on WebGPU.");
    await page.locator(".progress", { hasText: /step [1-9]/ }).waitFor({ timeout: SOON });
    const session = await withDevice.browser.newBrowserCDPSession();
    await session.send("Browser.crashGpuProcess");
    await runningOn(page, /^Runs on WebAssembly from step 0 on, without WebGPU: (?!this browser)/);
    await page.locator(".status", { hasText: "training" }).waitFor();
    await page.locator(".play-strip").waitFor();
    expect(await page.locator(".problem").count()).toBe(0);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Reset" }).click();
    await runningOn(page, "Runs on WebGPU."); // which needs a new worker
    await page.context().close();
  });

  it("cannot be chosen where there is none, says why, and trains on WebAssembly", async () => {
    const page = await without.open(`/play?${small}&steps=20`);
    await expect.poll(() => why(page)).toMatch(/^No WebGPU: this browser /);
    expect(await hasNoWebgpu(page)).toBe(true);
    await run(page);
    await page.locator(".status.finished").waitFor();
    expect(await page.locator(".running-on").innerText()).toBe("");
    const wanted = await without.open(`/play?${small}&steps=20&device=webgpu`);
    await run(wanted);
    await runningOn(wanted, "Runs on WebAssembly from step 0 on, without WebGPU: this browser ");
    await wanted.locator(".status.finished").waitFor();
    await Promise.all([page, wanted].map((one) => one.context().close()));
  });

  it("asks no other host, and meets no error", () => {
    for (const { elsewhere, errors } of [withDevice, without]) expect([elsewhere, errors]).toEqual([[], []]);
  });
});
