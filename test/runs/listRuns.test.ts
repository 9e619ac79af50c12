import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findRun, listRuns } from "../../src/runs/listRuns.ts";
import { createRun, type RunFolder } from "../../src/runs/runFolder.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "crh-list-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function make(setting: string, time: string): RunFolder {
  const versions = { crh: "0", node: "0", onnxruntime: "0" };
  return createRun(root, { setting, seed: 0, config: {}, steps: 1, argv: [], versions, now: new Date(time) });
}

test("runs are listed newest first, with their last metrics", () => {
  const first = make("fc1", "2025-01-01T10:00:00Z");
  const second = make("fc2", "2025-01-02T10:00:00Z");
  for (let step = 0; step < 1000; step++) first.appendMetrics([{ step, name: "train/loss", value: 1 / (step + 1) }]);
  const runs = listRuns(root);
  expect(runs.map(({ dir }) => dir)).toEqual([second.dir, first.dir]);
  expect(runs[1]?.last).toEqual({ "train/loss": 0.001 });
  expect(runs[0]?.last).toEqual({});
});

test("a missing folder, or holds other things, has no runs", () => {
  expect(listRuns(join(root, "none"))).toEqual([]);
  mkdirSync(join(root, "notes"));
  writeFileSync(join(root, "file"), "");
  expect(listRuns(root)).toEqual([]);
});

test("a file in place of the folder is one line", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => listRuns(join(root, "file"))).toThrow(/^runs: expected .* got a file where a folder should be/);
});

test("a damaged run does not keep the others from being listed", () => {
  const good = make("fc1", "2025-01-01T10:00:00Z");
  const bad = make("fc2", "2025-01-02T10:00:00Z");
  writeFileSync(join(bad.dir, "run.json"), "{");
  const runs = listRuns(root);
  expect(runs.map(({ dir }) => dir)).toEqual([good.dir, bad.dir]);
  expect(runs[1]?.problem).toContain(`${bad.dir}/run.json, got damaged JSON`);
  expect(findRun(root, "latest").dir).toBe(good.dir);
});

test("a run is found by name, start of name, start of hash, path and latest", () => {
  const first = make("fc1", "2025-01-01T10:00:00Z");
  const second = make("fc2", "2025-01-02T10:00:00Z");
  const name = basename(first.dir);
  for (const which of [name, "2025-01-01", name.slice(0, -3), name.slice(-6), first.dir])
    expect(findRun(root, which).dir).toBe(first.dir);
  expect(findRun(root, "latest").dir).toBe(second.dir);
});

test("a name that none or several runs have is one line", () => {
  expect(() => findRun(root, "latest")).toThrow(/^runs: expected at least one run in .*, got none; crh run makes one/);
  make("fc1", "2025-01-01T10:00:00Z");
  make("fc2", "2025-01-02T10:00:00Z");
  expect(() => findRun(root, "2025")).toThrow(/got "2025", with which 2 begin \(.*\); write more of it/);
  expect(() => findRun(root, "nope")).toThrow(/got "nope"; crh runs lists them/);
  expect(() => findRun(root, "")).toThrow(/got ""; crh runs lists them/);
  expect(() => findRun(root, "/nowhere/run")).toThrow(
    /^runs: expected a run folder with a run.json, got \/nowhere\/run/,
  );
});
