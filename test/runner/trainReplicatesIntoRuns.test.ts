/** @file Runs trained together into their folders, and which are worth it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createTraining, type StartedRun } from "../../src/runner/training/createTraining.ts";
import { replicable } from "../../src/runner/training/replicable.ts";
import { resumeTraining } from "../../src/runner/training/resumeTraining.ts";
import type { RunOptions } from "../../src/runner/training/runOptions.ts";
import { trainIntoRun } from "../../src/runner/training/trainIntoRun.ts";
import { trainReplicatesIntoRuns } from "../../src/runner/training/trainReplicatesIntoRuns.ts";
import { LayerPool } from "../../src/workers/layerPool.ts";

/** Rounding of float32 in another order of sums over 60 steps. */
const GROWN = 1e-4;

const runs = mkdtempSync(join(tmpdir(), "crh-replicates-"));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

const notes: string[] = [];
const watcher = () => ({
  observer: {
    note: (text: string) => notes.push(text),
    progress: () => ({
      ...{ pace: undefined, update() {}, activity() {}, evaluated() {}, say() {}, end() {} },
    }),
  },
  signal: new AbortController().signal,
});

const started = (name: string, given: readonly string[], options: Partial<RunOptions> = {}): Promise<StartedRun> =>
  createTraining(name, given, {
    ...{ runs, steps: 60, every: 30, checkpointEvery: 20, device: "cpu", moments: "none", keepBest: "none" },
    ...options,
  });

describe("runs that train together", () => {
  const small = ["inputs=4", "width=5", "samples=40"];
  const given = [["seed=1"], ["seed=2", "lr=1000"], ["seed=3", "noise=2"]];

  test("write the folders of runs alone; one that diverges is marked failed; each is resumed alone", async () => {
    const make = () => Promise.all(given.map((own) => started("factorization", [...small, ...own])));
    const all = await make();
    const settled = await trainReplicatesIntoRuns(all, watcher, new LayerPool());
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const others = await make();
    for (const [i, { job, experiment }] of others.entries()) {
      await trainIntoRun(job, experiment, watcher()).catch(() => {});
      const [mine, theirs] = [all[i]!.job.folder, job.folder];
      expect(mine.info().status).toBe(theirs.info().status);
      expect(mine.info().error).toBe(theirs.info().error);
      expect(mine.info().step).toBe(theirs.info().step);
      expect(mine.info().notes!.at(-1)).toMatch(/^Trained in one graph with 2 other runs/);
      expect(mine.checkpoints().map(({ step }) => step)).toEqual(theirs.checkpoints().map(({ step }) => step));
      const [found, expected] = [mine.metrics(), theirs.metrics()];
      expect(found.map(({ step, name }) => [step, name])).toEqual(expected.map(({ step, name }) => [step, name]));
      for (const [k, { name, value }] of expected.entries())
        if (name === "train/loss" || name === "eval/loss")
          expect(Math.abs(found[k]!.value - value)).toBeLessThanOrEqual(GROWN * Math.abs(value));
      const cosines = (folder: typeof mine) =>
        folder.snapshots().flatMap(({ layers }) => layers.map(({ alignment }) => alignment.raw.b?.rga.cosine ?? 0));
      const measured = cosines(theirs);
      expect(measured.length).toBeGreaterThan(1);
      for (const [k, cosine] of cosines(mine).entries())
        expect(Math.abs(cosine - measured[k]!)).toBeLessThanOrEqual(GROWN);
    }
    const last = all[2]!.job.folder;
    const before = last.metrics();
    last.update({ status: "interrupted" });
    last.dropCheckpoints(40);
    const { job, experiment } = await resumeTraining(last, { runs });
    expect(job.resume!.step).toBe(40);
    await trainIntoRun(job, experiment, watcher());
    expect(last.info().status).toBe("finished");
    const loss = (rows: typeof before) =>
      rows.filter(({ step, name }) => step === 60 && name === "eval/loss")[0]!.value;
    expect(Math.abs(loss(last.metrics()) - loss(before))).toBeLessThanOrEqual(GROWN * loss(before));
  });

  test("train one by one where their steps are of other forms, and it is noted", async () => {
    const all = [await started("scalar", ["momentum=0.5"]), await started("scalar", [])];
    notes.length = 0;
    const settled = await trainReplicatesIntoRuns(all, watcher, new LayerPool());
    expect(notes[0]).toMatch(/^trained one by one: replicate: expected/);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    for (const { job } of all) expect(job.folder.info().status).toBe("finished");
  });
});

describe("which runs are worth training together", () => {
  const scalars = (count: number, own: readonly string[] = []) =>
    Promise.all(Array.from({ length: count }, (_, seed) => started("scalar", own, { seed })));

  test("those that differ in seed, rate, decay or data, in groups of 4 to 16, one for each worker", async () => {
    const [alike, decayed, others] = await Promise.all([
      scalars(9),
      scalars(4, ["decay=0.1", "lr=0.01"]),
      scalars(3, ["batch=2"]),
    ]);
    const groups = replicable([...alike, ...decayed, ...others]);
    expect(groups.map((group) => group.runs.length)).toEqual([9, 4, 1, 1, 1]);
    expect(groups[0]!.runs).toEqual(alike);
    expect(groups[2]!.reason).toMatch(/at least 4/);
    expect(replicable(alike, { workers: 2 }).map((group) => group.runs.length)).toEqual([5, 4]);
    expect(replicable(alike, { workers: 8 }).map((group) => group.runs.length)).toEqual([5, 4]);
    const many = [...alike, ...alike, ...alike];
    expect(replicable(many).map((group) => group.runs.length)).toEqual([14, 13]);
  });

  test("none of a setting whose steps are large, and none on several threads", async () => {
    const wide = await Promise.all([0, 1, 2, 3].map((seed) => started("fc2", [], { preset: "small", seed })));
    expect(replicable(wide).map(({ runs: { length } }) => length)).toEqual([1, 1, 1, 1]);
    expect(replicable(wide)[0]!.reason).toMatch(/fc2 was not measured to be faster/);
    const deep = await Promise.all([0, 1, 2, 3].map((seed) => started("twopoint", [], { seed })));
    expect(replicable(deep)[0]!.reason).toMatch(/products is not faster together/);
    const threaded = await Promise.all([0, 1, 2, 3].map((seed) => started("scalar", [], { seed, threads: 2 })));
    expect(replicable(threaded)[0]!.reason).toMatch(/one thread/);
  });
});
