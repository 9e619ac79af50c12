/**
 * @file Files that are opened on the page: a model with data is measured there as `crh analyze` measures it, moments as
 * `crh ingest`, a run folder shows its measurements, and what is damaged costs one line and nothing else.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import { decodeNpz } from "../../src/data/npz.ts";
import { fixed } from "../../src/findings/numbers.ts";
import { findings } from "../../src/findings/relationFindings.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { testIo } from "../cli/testIo.ts";
import { isSkipped, LabInBrowser } from "./lab.ts";

/** Rounding of another engine. */
const TOLERANCE = 2e-3;

const cases = join(import.meta.dirname, "..", "pairs", "cases", "relu");
const folder = mkdtempSync(join(tmpdir(), "crh-open-"));
const at = (name: string): string => join(folder, name);
const [model, x, y] = [join(cases, "model.onnx"), at("x.npy"), at("y.npy")] as const;
let lab: LabInBrowser;
let page: Page;

/** As a program makes them, with nothing kept but what is asked for. */
async function cli(...args: string[]): Promise<Snapshot> {
  const io = testIo();
  expect(await main(args, io), io.err()).toBe(0);
  return JSON.parse(io.out());
}

beforeAll(async () => {
  if (isSkipped) return;
  const arrays = decodeNpz(readFileSync(join(cases, "data.npz")));
  writeFileSync(x, encodeNpy(arrays.get("x")!));
  writeFileSync(y, encodeNpy(arrays.get("target")!));
  lab = await LabInBrowser.start();
  page = await lab.open("/open");
});

afterAll(async () => {
  await lab?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What is read of an element of the page. */
interface Cell {
  readonly dataset: Readonly<Record<string, string>>;
  closest(selector: string): Cell;
}

/** What a browser has and Node has not. */
interface Browser {
  readonly DataTransfer: new () => { readonly items: { add(file: File): void } };
  readonly DragEvent: new (type: string, init: object) => Event;
}

/** Values on the page by layer, side and relation, as they are behind what is shown. */
async function shown(): Promise<Map<string, number>> {
  const cells = page.locator(".open-alignments td[data-value]");
  await cells.first().waitFor({ timeout: 15_000 });
  const found = await cells.evaluateAll((all) =>
    (all as unknown as Cell[]).map((cell) => {
      const { place, value } = cell.dataset;
      return [`${cell.closest("tr").dataset.layer} ${place}`, Number(value)] as const;
    }),
  );
  return new Map(found);
}

function expectSame(found: ReadonlyMap<string, number>, { layers }: Snapshot): void {
  const expected = layers.flatMap(({ name, alignment }) =>
    (["a", "b"] as const).flatMap((side) =>
      (["rga", "rwa", "gwa"] as const).flatMap((relation): [string, number][] => {
        const value = alignment.paper[side]?.[relation].value ?? null;
        return value === null ? [] : [[`${name} ${side}.${relation}`, value]];
      }),
    ),
  );
  expect([...found.keys()]).toEqual(expected.map(([key]) => key));
  const apart = expected.filter(([key, value]) => !(Math.abs(found.get(key)! - value) <= TOLERANCE));
  expect(apart).toEqual([]);
  expect(expected.length).toBeGreaterThan(6);
}

const choose = (...paths: string[]) => page.locator('input[type="file"]').first().setInputFiles(paths);
const clear = () => page.getByRole("button", { name: "Clear" }).click();

describe.skipIf(isSkipped)("the page opens", () => {
  it("a model with data, and measures it as crh analyze does", async () => {
    const options = ["--loss", "mse", "--json", "--no-save", "--moments", at("m.safetensors")];
    const final = await cli("analyze", model, "--inputs", x, "--targets", y, ...options);
    await choose(model, x, y);
    await page.getByLabel("Loss").selectOption("mse");
    await page.getByRole("button", { name: "Measure" }).click();
    expectSame(await shown(), final);
    expect(await page.locator("pre").textContent()).toContain("--loss mse");
    await clear();
  });

  it("moments, and measures them as crh ingest does", async () => {
    const final = await cli("ingest", at("m.safetensors"), "--json", "--no-save");
    await choose(at("m.safetensors"));
    expectSame(await shown(), final);
    await clear();
  });

  it("a run folder, with its last measurement and its figures", async () => {
    const io = testIo();
    const args = ["run", "fc2", "steps=20", "depth=2", "width=12", "inputs=10", "outputs=8", "terms=10", "samples=200"];
    expect(await main([...args, "--runs", at("runs"), "--quiet", "--yes"], io), io.err()).toBe(0);
    const [id] = readdirSync(at("runs"));
    await page.locator("input[webkitdirectory]").setInputFiles(join(at("runs"), id!));
    const strip = page.locator(".run-of-now .strip .cell .value");
    await strip.first().waitFor();
    const text = readFileSync(join(at("runs"), id!, "snapshots", "step-00000020.json"), "utf8");
    const last = findings([JSON.parse(text) as Snapshot], "paper").map(({ last: { value } }) => fixed(value!, 2));
    expect(await strip.allInnerTexts()).toEqual(last);
    expect(await page.locator("h1 .status").innerText()).toBe("finished");
    await clear();
  });

  it("a report, without what it runs", async () => {
    const [id] = readdirSync(at("runs"));
    const html = readFileSync(join(at("runs"), id!, "report.html"), "utf8");
    writeFileSync(
      at("report.html"),
      html.replace("</body>", `<script>top.hit = 1</script><img src=x onerror="top.hit = 1"></body>`),
    );
    await choose(at("report.html"));
    const frame = page.frameLocator("iframe.open-report");
    await frame.getByRole("heading", { name: "Summary", exact: true }).waitFor();
    await frame.getByRole("link", { name: "Glossary" }).first().click(); // stays within the report
    await frame.getByRole("heading", { name: "Summary", exact: true }).waitFor();
    expect(await page.evaluate("window.hit")).toBeUndefined();
    await clear();
  });

  it("what is torn or no such file with one line, and keeps the rest", async () => {
    const whole = readFileSync(model);
    mkdirSync(at("torn"));
    writeFileSync(at("torn/model.onnx"), whole.subarray(0, whole.length / 2));
    writeFileSync(at("torn/x.npy"), readFileSync(x).subarray(0, 200));
    writeFileSync(at("torn/page.html"), "<title>another</title>");
    writeFileSync(at("torn/m.safetensors"), "not at all");
    copyFileSync(y, at("torn/y.npy"));
    await choose(...["model.onnx", "x.npy", "page.html", "m.safetensors", "y.npy"].map((name) => at(`torn/${name}`)));
    const lines = page.locator(".problem");
    await page.locator(".open-files", { hasText: "y.npy" }).waitFor();
    expect(await lines.count()).toBe(4);
    for (const line of await lines.allTextContents()) expect(line).toMatch(/expected .*got /);
    await clear();
    expect(await lines.count()).toBe(0);
  });

  it("and a run.json that is damaged is said to be", async () => {
    mkdirSync(at("damaged"));
    writeFileSync(at("damaged/run.json"), "{");
    await page.locator("input[webkitdirectory]").setInputFiles(at("damaged"));
    await page.locator(".problem", { hasText: "expected a run.json of schema crh-lab/run@1" }).waitFor();
    await clear();
  });

  it("what is dropped on it", async () => {
    const bytes = [...readFileSync(y)];
    await page.locator(".open-drop").evaluate((area, data) => {
      const browser = globalThis as unknown as Browser;
      const transfer = new browser.DataTransfer();
      transfer.items.add(new File([Uint8Array.from(data)], "dropped.npy"));
      area.dispatchEvent(new browser.DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
    }, bytes);
    await page.locator(".open-files", { hasText: "dropped.npy" }).waitFor();
    await clear();
  });

  it("and gives up what takes long, when it is stopped", async () => {
    const header = encodeNpy({ dtype: "float32", shape: [1, 1], data: Float32Array.of(0) }).subarray(0, -4);
    const large = Buffer.concat([Buffer.from(header.map((byte) => byte)), Buffer.alloc(200_000_000)]);
    writeFileSync(at("zeros.npy.gz"), gzipSync(large, { level: 1 }));
    await choose(at("zeros.npy.gz"));
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator(".problem", { hasText: "open: stopped; what was read is forgotten" }).waitFor();
    await choose(y); // a worker anew
    await page.locator(".open-files", { hasText: "y.npy" }).waitFor();
    await clear();
  });

  it("without an error on its console, and without another host", () => {
    expect(lab.errors).toEqual([]);
    expect(lab.elsewhere).toEqual([]);
  });
});
