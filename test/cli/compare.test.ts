/**
 * @file `crh compare` on the built program: runs side by side, a planted power of the decay, and what cannot be
 * compared.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Comparison } from "../../src/cli/commands/compare.ts";
import { renderComparison } from "../../src/cli/comparisonTables.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { expectOneLine, readJson, TINY, workplace } from "./builtProgram.ts";

const FAILED = 1;
const USAGE = 2;
const { dir, crh } = workplace();
const decays = [1e-2, 1e-4, 1e-3];

/** z_a z_b / |W|^2 that is planted in the last snapshot of each run. */
const noise = (decay: number): number => 7 * decay ** 1.5;

/** Names of the runs, in the order of `decays`. */
let runs: string[];
const snapshotPath = (root: string, run: string, step: number) =>
  join(dir, root, run, "snapshots", `step-${String(step).padStart(8, "0")}.json`);
const lastOf = (run: string) => JSON.parse(readFileSync(snapshotPath("runs", run, 40), "utf8")) as Snapshot;

async function run(root: string, ...words: string[]): Promise<string> {
  const before = new Set(root === "runs" && runs ? runs : []);
  const { code } = await crh(
    "run",
    "fc2",
    ...TINY,
    "--steps",
    "40",
    "--every",
    "40",
    "--out",
    root,
    ...words,
    "--quiet",
  );
  expect(code).toBe(0);
  return readdirSync(join(dir, root)).find((name) => !before.has(name))!;
}

beforeAll(async () => {
  runs = [];
  for (const decay of decays) runs.push(await run("runs", `decay=${decay}`));
  for (const [i, name] of runs.entries()) {
    const last = lastOf(name);
    for (const { residuals } of last.layers) residuals!.rho = noise(decays[i]!) / decays[i]! ** 2;
    writeFileSync(snapshotPath("runs", name, 40), JSON.stringify(last));
  }
});

async function comparison(...words: string[]): Promise<Comparison> {
  const { code, out, err } = await crh("compare", ...words, "--json");
  expect([code, err]).toEqual([0, ""]);
  return JSON.parse(out);
}

describe("runs at three decays", () => {
  test("have the medians of their own snapshots, in the order given, and say in what they differ", async () => {
    const found = await comparison(...runs);
    expect(found.runs.map(({ run }) => run)).toEqual(runs);
    expect(found.runs.map(({ differing }) => differing)).toEqual(decays.map((decay) => ({ decay })));
    for (const [i, { run, step, loss, medians, initial, ...rests }] of found.runs.entries()) {
      const last = lastOf(run);
      expect([step, loss]).toEqual([40, last.loss.mean]);
      const values = last.layers.map(({ alignment }) => alignment.paper.b.rwa.value!).sort((x, y) => x - y);
      expect(values).toHaveLength(3);
      expect(medians.b.rwa).toBe(values[1]);
      const noises = last.layers.flatMap(({ alignment: { paper } }) =>
        [paper.a!, paper.b].flatMap(({ rga, rwa, gwa }) => [rga.noise!, rwa.noise!, gwa.noise!]),
      );
      expect([rests.samples, rests.layers, rests.noise]).toEqual([last.samples, 3, Math.max(...noises)]);
      expect(rests.decayTimes).toBeCloseTo((40 * 0.1 * decays[i]!) / (1 - 0.9), 12);
      expect(initial!.b.rwa).not.toBe(medians.b.rwa);
    }
  });

  test("show the planted power of the decay in every layer, with an interval about it", async () => {
    const { scaling } = await comparison(...runs);
    expect(scaling.layers.map(({ layer }) => layer)).toEqual(["layers.0", "layers.1", "layers.2"]);
    for (const { value, interval, points } of scaling.layers) {
      expect(value).toBeCloseTo(1.5, 9);
      for (const end of interval!) expect(end).toBeCloseTo(1.5, 6);
      for (const point of points) expect(point.noise).toBeCloseTo(noise(point.decay), 12);
    }
    expect(scaling.median).toBeCloseTo(1.5, 9);
  });

  test("stand in tables that fit the terminal", async () => {
    const { code, out } = await crh("compare", ...runs);
    expect(code).toBe(0);
    for (const line of out.split("\n")) expect([...line].length).toBeLessThanOrEqual(100);
    for (const name of runs) expect(out).toContain(name);
    expect(out).toMatch(/^layers\.1 +1\.50 +\[1\.50, 1\.50\] +3 +7\.0e-6 2\.2e-4 7\.0e-3$/m);
    expect(out).toContain("median p 1.50; the paper's first order in the decay has 2");
    expect(out).toMatch(/^3 layers on \d+ samples; standard error of one alignment up to 0\.\d{3}$/m);
    expect(out).not.toContain("differ in");
    expect(out.replaceAll("\n", " ")).toContain(
      "doubt: in 3 of 3 runs the decay had no time to act, so their weights are not stationary",
    );
  });

  test("have no exponent where there are two of them, and say so", async () => {
    const { scaling } = await comparison(runs[0]!, runs[1]!);
    expect(scaling.layers).toHaveLength(3);
    for (const { value, interval, runs, decays } of scaling.layers)
      expect([value, interval, runs, decays]).toEqual([null, null, 2, 2]);
    expect(scaling.median).toBeNull();
    const { out } = await crh("compare", runs[0]!, runs[1]!);
    expect(out.replaceAll("\n", " ")).toContain("it needs runs at 3 decays or more, for an interval");
    expect(out.replaceAll("\n", " ")).toContain("; here are 2");
    expect(out).not.toContain("p of decay");
  });

  test("have medians of hidden representations, data and output apart, and every layer", async () => {
    const found = await comparison(...runs);
    for (const { run, hidden, initialHidden } of found.runs) {
      const values = lastOf(run).layers.map(({ alignment: { paper } }) => paper);
      for (const relation of ["rga", "rwa", "gwa"] as const) {
        const of = (side: "a" | "b", ...which: number[]) => which.map((i) => values[i]![side]![relation].value!);
        const middle = ([x, y]: number[]) => (x! + y!) / 2;
        expect(hidden!.medians.a[relation]).toBeCloseTo(middle(of("a", 1, 2)), 12);
        expect(hidden!.medians.b[relation]).toBeCloseTo(middle(of("b", 0, 1)), 12);
        expect([hidden!.data[relation], hidden!.output[relation]]).toEqual([...of("a", 0), ...of("b", 2)]);
      }
      expect(initialHidden).not.toEqual(hidden);
    }
    expect(found.layers.map(({ layer }) => layer)).toEqual(["layers.0", "layers.1", "layers.2"]);
    for (const [i, { runs: ofLayer }] of found.layers.entries()) {
      expect(ofLayer.map(({ run }) => run)).toEqual(runs);
      for (const { run, a } of ofLayer) expect(a!.gwa).toBe(lastOf(run).layers[i]!.alignment.paper.a!.gwa.value);
    }
  });

  test("fit 80 columns with names that keep setting and digits, and nothing is lost with a column", async () => {
    const found = await comparison(...runs);
    const text = renderComparison(found, 80, (words) => words);
    for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
    for (const name of runs) expect(text).toContain(name.slice(-"fc2-123456".length));
    expect(text).toMatch(/decay|differ in decay \(0\.01, 0\.0001, 0\.001\)/);
    expect(text).toMatch(/^ +ends +/m);
  });
});

test("what else differs is a doubt, and runs of one decay have no power", async () => {
  const other = await run("others", "decay=0.1", "lr=0.05");
  const { out } = await crh("compare", ...runs, join("others", other));
  expect(out).toContain("doubt: the runs differ in lr as well");
  const again = await run("again", "decay=0.01", "--seed", "3");
  const { out: same } = await crh("compare", runs[0]!, join("again", again));
  expect(same.replaceAll("\n", " ")).toContain("needs runs at 3 decays or more");
  expect(same.replaceAll("\n", " ")).toContain("; here is one");
  expect(same).toMatch(/^run +seed +step/m);
});

/** A copy of a run with another name, its files changed. */
function planted(
  id: string,
  change: {
    info?: Record<string, unknown>;
    config?: (config: Record<string, unknown>) => Record<string, unknown>;
    snapshot?: (of: Snapshot) => Snapshot;
  },
): string {
  const folder = join(dir, "planted", id);
  cpSync(join(dir, "runs", runs[0]!), folder, { recursive: true });
  const rewrite = <T>(name: string, how: (of: T) => unknown) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(how(JSON.parse(readFileSync(path, "utf8")) as T)));
  };
  rewrite<object>("run.json", (info) => ({ ...info, id, ...change.info }));
  rewrite<Record<string, unknown>>("config.json", (config) => change.config?.(config) ?? config);
  for (const step of ["00000000", "00000040"])
    rewrite<Snapshot>(`snapshots/step-${step}.json`, (of) => change.snapshot?.(of) ?? of);
  return join("planted", id);
}

test("runs of different settings stand side by side: no null, no exponent, each over what it has", async () => {
  const other = planted("2026-11-29-llm-abcdef", {
    info: { setting: "llm" },
    config: ({ depth: _, terms: __, ...config }) => ({ ...config, setting: "llm", layers: 2, context: null }),
    snapshot: (of) => ({
      ...of,
      layers: of.layers.map((layer, i) => ({
        ...layer,
        name: `transformer.blocks.${i}.attention.query_projection`,
        ...(i === 2 && {
          kind: "head" as const,
          alignment: { ...layer.alignment, paper: { ...layer.alignment.paper, a: null } },
        }),
      })),
    }),
  });
  const found = await comparison(runs[0]!, other);
  expect(found.runs.map(({ setting, hidden }) => [setting, hidden === null])).toEqual([
    ["fc2", false],
    ["llm", true],
  ]);
  expect(found.runs[1]!.differing).toMatchObject({ depth: null, layers: 2 });
  expect(found.layers).toHaveLength(6);
  expect(found.scaling).toEqual({ layers: [], median: null });
  for (const width of [80, 100, 160]) {
    const text = renderComparison(found, width, (words) => words);
    for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(width);
    expect(text).not.toMatch(/null|NaN|undefined/);
    expect(text).toContain("llm-abcdef");
    expect(text).toContain("runs of different settings: fc2, llm; not all of them have");
    expect(text.replaceAll("\n", " ")).toContain(
      "over all layers, since the network is not a chain of maps: 2026-11-29-llm-abcdef",
    );
    expect(text).toContain("measured maps and heads on"); // "layers" is a parameter here
    expect(text.replaceAll("\n", " ")).toContain("the runs are of different settings");
    for (const i of [0, 1, 2]) expect(text).toContain(`.${i}.`); // names of layers stay apart
  }
});

test("of a failed run it is said that it failed, and why", async () => {
  const failed = planted("2026-11-29-fc2-fa11ed", { info: { status: "failed", error: "run: the loss is NaN" } });
  const found = await comparison(runs[1]!, failed);
  expect(found.runs.map(({ status, error }) => [status, error])).toEqual([
    ["finished", null],
    ["failed", "run: the loss is NaN"],
  ]);
  const { out } = await crh("compare", runs[1]!, failed);
  expect(out).toMatch(/^failed$/m);
  expect(out.replaceAll("\n", " ")).toContain("failed: 2026-11-29-fc2-fa11ed, run: the loss is NaN; these values");
  const before = planted("2026-11-29-fc2-0fa11e", { info: { status: "failed", error: "run: no memory" } });
  for (const step of [0, 40]) rmSync(snapshotPath("planted", "2026-11-29-fc2-0fa11e", step));
  expectOneLine(await crh("compare", runs[0]!, before), FAILED, /; it failed \(run: no memory\), leave it out$/m);
});

describe("what cannot be compared is one line", () => {
  test("one run, one run twice, a run that is not there", async () => {
    expectOneLine(await crh("compare", runs[0]!), USAGE, /^crh compare: expected two runs or more, got one; /);
    expectOneLine(
      await crh("compare", runs[0]!, runs[0]!),
      USAGE,
      /^crh compare: expected different runs, got .* twice; /,
    );
    expectOneLine(
      await crh("compare", runs[0]!, "nothing"),
      FAILED,
      /^crh compare: expected the name of a run in runs .*"nothing"/,
    );
    expectOneLine(await crh("compare"), USAGE, /runs/);
  });

  test("a run without a measurement", async () => {
    const empty = await run("empty", "decay=0.5");
    for (const step of [0, 40]) rmSync(snapshotPath("empty", empty, step));
    expect(readJson(dir, "empty", empty, "run.json").id).toBe(empty);
    const failed = await crh("compare", runs[0]!, join("empty", empty));
    expectOneLine(
      failed,
      FAILED,
      /^crh compare: expected runs with a measurement, got none in .*; continue it with crh resume$/m,
    );
  });
});
