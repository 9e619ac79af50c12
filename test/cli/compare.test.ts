/** @file `crh compare` on the built program: runs side by side, a planted power of the decay, and what cannot be compared. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Comparison } from "../../src/cli/commands/compare.ts";
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
    expect(out).toMatch(/^3 layers on \d+ samples; split-half noise of one alignment up to 0\.\d{3}$/m);
    expect(out).not.toContain("differ in");
    expect(out.replaceAll("\n", " ")).toContain(
      "doubt: in 3 of 3 runs the decay had no time to act, so their weights are not stationary",
    );
  });

  test("have no interval where there are two of them", async () => {
    const { scaling } = await comparison(runs[0]!, runs[1]!);
    for (const { value, interval } of scaling.layers) {
      expect(value).toBeCloseTo(1.5, 9);
      expect(interval).toBeNull();
    }
  });
});

test("what else differs is a doubt, and runs of one decay have no power", async () => {
  const other = await run("others", "decay=0.1", "lr=0.05");
  const { out } = await crh("compare", ...runs, join("others", other));
  expect(out).toContain("doubt: the runs differ in lr as well");
  const again = await run("again", "decay=0.01", "--seed", "3");
  const { out: same } = await crh("compare", runs[0]!, join("again", again));
  expect(same).toContain("needs runs at two decays or more");
  expect(same).toMatch(/^run +seed +step/m);
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
      /^runs: expected the name of a run in runs .*"nothing"/,
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
      /^compare: expected runs with a measurement, got none in .*; let it run on with crh resume$/m,
    );
  });
});
