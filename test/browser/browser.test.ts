/**
 * @file The package's entry for browsers, in one: bundled by Vite as it is, without a warning, it trains and measures
 * fc2 in Chromium by ONNX Runtime's WebAssembly, and its numbers are those of Node.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build, createLogger, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { lossFigure } from "../../src/figures/loss.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { renderReport } from "../../src/report/report.ts";
import { buildExperiment, settings } from "../../src/settings/settings.ts";
import { train } from "../../src/train/train.ts";
import { plantedTransformer } from "../figures/planted.ts";
import { startChromium } from "./chromium.ts";
import { type Recorded, recorded, type Steps } from "./recorded.ts";

/** Asked for by name alone: a Chromium that does not start is a failure. */
const isSkipped = process.env.CRH_SKIP_BROWSER === "1";
if (isSkipped) console.log("skipped: CRH_SKIP_BROWSER=1, nothing runs in a browser");

/** Sums of float32 in another order: 1e-5 of weights of size 1 after 100 steps. */
const TOLERANCE = 1e-4;

const outDir = mkdtempSync(join(tmpdir(), "crh-browser-"));
const warnings: string[] = [];
const elsewhere: string[] = [];
const failures: string[] = [];
let server: PreviewServer | undefined;
let browser: Browser | undefined;
let page: Page;

beforeAll(async () => {
  if (isSkipped) return;
  const logger = createLogger("silent");
  const note = (text: string) => void warnings.push(text);
  const options = { configFile: false, root: join(import.meta.dirname, "page"), logLevel: "warn" } as const;
  const bundled = build({
    ...options,
    customLogger: { ...logger, warn: note, warnOnce: note, error: note },
    build: { outDir, emptyOutDir: true, minify: false, chunkSizeWarningLimit: Number.POSITIVE_INFINITY },
  });
  [browser] = await Promise.all([startChromium(), bundled]);
  server = await preview({ ...options, build: { outDir }, preview: { port: 0, host: "127.0.0.1" } });
  const home = server.resolvedUrls!.local[0]!;
  page = await browser.newPage({ deviceScaleFactor: 2 }); // of one pixel to a pixel Plot shifts lines by half of it
  await page.route(
    (url) => !url.href.startsWith(home),
    (route, request) => {
      elsewhere.push(request.url());
      return route.abort();
    },
  );
  page.on("pageerror", (error) => failures.push(error.message));
  page.on("console", (message) => message.type() === "error" && failures.push(message.text()));
  await page.goto(home);
  await page.waitForFunction("window.record !== undefined");
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(outDir, { recursive: true, force: true });
});

const here = (given: Record<string, unknown>, steps: Steps): Promise<Recorded> =>
  recorded({ engine: nodeEngine, buildExperiment, train, snapshot }, given, steps);
const there = (given: Record<string, unknown>, steps: Steps): Promise<Recorded> =>
  page.evaluate(`window.record(${JSON.stringify(given)}, ${JSON.stringify(steps)})`) as Promise<Recorded>;

function expectSame(got: Recorded, expected: Recorded): void {
  const numbers = ({ losses, weights, alignments }: Recorded) => [
    ...losses.map((value, i): [string, number] => [`loss ${i}`, value]),
    ...weights.flatMap(({ name, values }) => values.map((value, i): [string, number] => [`${name}[${i}]`, value])),
    ...alignments.map(([name, value]): [string, number] => [name, value ?? Number.NaN]),
  ];
  const [one, other] = [numbers(got), numbers(expected)];
  expect(one.map(([name]) => name)).toEqual(other.map(([name]) => name));
  const apart = one.filter(([, value], i) => !(Math.abs(value - other[i]![1]) <= TOLERANCE));
  expect(apart).toEqual([]);
}

/**
 * Paths, places and texts of a drawing, sorted: how a document orders attributes is its own affair, and a move by
 * nothing may be left out.
 */
const marksOf = (svg: string): string[] =>
  [...svg.matchAll(/ d="[^"]*"| transform="[^"]*"|>[^<]+</g)]
    .map(([mark]) => mark)
    .filter((mark) => mark !== ' transform="translate(0,0)"')
    .sort();

describe.skipIf(isSkipped)("crh-lab/browser", () => {
  it("is bundled by Vite without a warning, and lists the settings", async () => {
    expect(warnings).toEqual([]);
    expect(await page.evaluate("window.names")).toEqual(settings.map(({ name }) => name));
  });

  it("trains fc2 for 100 steps to the losses and weights of Node", async () => {
    const [got, expected] = [await there({}, { steps: 100 }), await here({}, { steps: 100 })];
    expect(got.losses).toHaveLength(10);
    expect(got.weights).toHaveLength(12);
    expectSame(got, expected);
  });

  it("measures the alignments that Node measures", async () => {
    const small = { depth: 2, width: 12, inputs: 10, outputs: 8, terms: 10, samples: 200 };
    const steps = { steps: 20, measure: [20] };
    const got = await there(small, steps);
    expect(got.alignments).toHaveLength(3 * 6);
    expectSame(got, await here(small, steps));
  });

  it("draws the figure that Node draws, on the page's own document", async () => {
    const metrics = [0, 1, 2, 3].map((i) => ({ step: 10 * i, name: "train/loss", value: 1 / (1 + i) }));
    const svg = (await page.evaluate(`window.draw(${JSON.stringify(metrics)})`)) as string;
    expect(marksOf(svg).length).toBeGreaterThan(10);
    expect(marksOf(svg)).toEqual(marksOf(lossFigure(metrics)!.svg));
  });

  it("renders the report that Node renders, in the same words", async () => {
    const found = await snapshot(plantedTransformer({ d: 4 }).moments, { cost: "standard" });
    const versions = { crh: "0", node: "0", onnxruntime: "0" };
    const analysis = { title: "planted", measuredAt: "2026-01-01T00:00:00.000Z", versions, argv: ["analyze"] };
    const data = { analysis, config: {}, notes: [], snapshots: [JSON.parse(JSON.stringify(found))] };
    const html = (await page.evaluate(`window.report(${JSON.stringify(data)})`)) as string;
    // Places in drawings and numbers of CSV are the browser's own logarithms, which may differ in the last digit
    const drawn = /<svg.*?<\/svg>|(?<=class="packed">)[^<]*/gs;
    const words = (of: string) => of.replaceAll(drawn, "");
    expect(words(html)).toBe(words(renderReport(data)));
    expect(marksOf(html)).toHaveLength(marksOf(renderReport(data)).length);
  });

  it("asks no other host, and meets no error", () => {
    expect(elsewhere).toEqual([]);
    expect(failures).toEqual([]);
  });
});
