/** @file Whatever is wrong with a run is said in one line with the cure, with the documented exit code, and loses nothing. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openRun } from "../../src/runs/runFolder.ts";
import { decodeCheckpoint } from "../../src/train/checkpoint.ts";
import { idxSet, writeIdxSet } from "../settings/idxSet.ts";
import { expectOneLine, onlyRun, resultsOf, TINY, workplace } from "./builtProgram.ts";

const FAILED = 1;
const USAGE = 2;

const { dir, crh, faulty } = workplace();

beforeAll(() => {
  writeFileSync(join(dir, "file"), "");
  mkdirSync(join(dir, "empty"));
  const files = idxSet();
  const whole = files.get("train-images-idx3-ubyte")!;
  writeIdxSet(join(dir, "cut"), files.set("train-images-idx3-ubyte", whole.slice(0, whole.length / 2)));
});

describe("before a run begins, so that no folder is made", () => {
  test.each<[string, number, RegExp]>([
    ["fc2 width=0", USAGE, /^fc2: expected width to be 1 or more, got "0"; crh run fc2 --help/],
    ["fc2 widht=50", USAGE, /^fc2: expected a parameter, got "widht"; did you mean width\?$/m],
    ["fc2 toString=1", USAGE, /^fc2: expected a parameter, got "toString"; known: /],
    ["fc2 lr=abc", USAGE, /^fc2: expected lr to be a number, got "abc"; /],
    ["fc2 lr=", USAGE, /^fc2: expected lr to be a number, got ""; /],
    ["fc2 =3", USAGE, /^run: expected key=value, got "=3"; for instance lr=0\.05$/m],
    ["fc2 seed=1 --seed 2", USAGE, /^run: expected seed once, got it twice; give it once$/m],
    ["fc2 --preset small", USAGE, /^fc2: expected a preset of paper, got "small"$/m],
    ["res1 --preset tiny", USAGE, /^res1: expected a preset of paper, small, got "tiny"$/m],
    ["res2 --preset small", USAGE, /^res2: expected a folder with CIFAR's binary files, got none; pass --data DIR /],
    ["fc3", USAGE, /^run: expected a setting, got "fc3"; did you mean fc1\?$/m],
    ["fc2 --widht 50", USAGE, /^crh: unknown option '--widht'; crh run --help shows what there is$/m],
    [
      "fc2 --data nowhere",
      FAILED,
      /^run: expected a folder of data, got "nowhere", which is not there; check --data$/m,
    ],
    ["mlp --data file", FAILED, /^run: expected a folder of data, got "file", which is a file; check --data$/m],
    ["mlp --data empty", FAILED, /^idx folder: expected a file train-images-idx3-ubyte or .*; name the folder that /],
    ["mlp --data cut", FAILED, /^train-images-idx3-ubyte: expected 1936 bytes for shape .*; download the file again$/m],
    ["mlp", USAGE, /^mlp: expected a folder with IDX files, got none; pass --data DIR/],
    ["fc2 samples=9e9", FAILED, /^crh: expected arrays that fit into memory, got larger ones; use smaller layers, /],
    [
      "fc2 --out file",
      FAILED,
      /^runs: expected a writable folder .*file, got a file where a folder should be .*; choose/,
    ],
    [
      "fc2 --out file/runs",
      FAILED,
      /^runs: expected a writable folder .*, got a file where a folder should be .*; choose/,
    ],
  ])("crh run %s", async (words, exitCode, line) => {
    expectOneLine(await crh("run", ...words.split(" "), "--quiet"), exitCode, line);
    expect(existsSync(join(dir, "runs"))).toBe(false);
  });
});

test("crh run fc2 lr=1000 fails with the step and the last good checkpoint, and keeps what was before", async () => {
  const words = [
    "run",
    "fc2",
    ...TINY,
    "lr=1000",
    "--steps",
    "400",
    "--checkpoint-every",
    "2",
    "--quiet",
    "--json",
    "--out",
    "lr",
  ];
  const line =
    /^train: expected a finite loss, got (NaN|Infinity) at step \d+; the checkpoint of step \d+ is good; lower lr, /;
  const ended = await crh(...words);
  expectOneLine(ended, FAILED, line);
  const run = openRun(onlyRun(join(dir, "lr")));
  const info = run.info();
  expect(info).toMatchObject({ status: "failed", error: ended.err.trimEnd() });
  expect(info.step).toBe(Number(/at step (\d+)/.exec(ended.err)![1]));
  expect(run.metrics().length).toBeGreaterThan(0);
  expect(run.snapshots().length).toBeGreaterThan(0);
  expect(readdirSync(run.dir)).toContain("report.html");
  const good = Number(/checkpoint of step (\d+)/.exec(ended.err)![1]);
  expect(run.checkpoints()[0]!.step).toBe(good);
  const { parameters } = decodeCheckpoint(run.readCheckpoint(good), {
    parameters: new Map([["layers.0.weight", [12, 8]]]),
    states: [],
  });
  expect((parameters.get("layers.0.weight")!.data as Float32Array).every(Number.isFinite)).toBe(true);
  expectOneLine(await crh("resume", run.dir, "--quiet"), FAILED, line); // it cannot but fail again, in the same way
});

test("too many measurements to list fail before anything is trained", async () => {
  const ended = await crh("run", "fc2", ...TINY, "--steps", "1e9", "--every", "1", "--quiet", "--out", "many");
  expectOneLine(
    ended,
    FAILED,
    /^train: expected at most 1000000 measurements and checkpoints, got one every 1 of 1000000000 /,
  );
});

describe("a disk that fills up", () => {
  const words = ["fc2", ...TINY, "--steps", "120", "--quiet"];
  const fullDisk =
    /^runs: expected a writable folder .*, got a full disk \(ENOSPC\); free some space; everything written /;

  test("in the middle of a run is one line; with space again the run goes on to the same numbers", async () => {
    expect((await crh("run", ...words, "--out", "roomy")).code).toBe(0);
    expectOneLine(await faulty("ENOSPC 90", "run", ...words, "--out", "full"), FAILED, fullDisk);
    const run = onlyRun(join(dir, "full"));
    expect(openRun(run).info().status).toBe("interrupted"); // that it failed found no place either
    expect((await crh("resume", run, "--quiet")).code).toBe(0);
    const [results, expected] = [resultsOf(run), resultsOf(onlyRun(join(dir, "roomy")))];
    expect(results).toEqual(expected);
  });

  test("before a run has begun is one line, too", async () => {
    expectOneLine(await faulty("ENOSPC 1", "run", ...words, "--out", "full from the start"), FAILED, fullDisk);
    expect((await crh("runs", "--in", "full from the start", "--json")).out).toBe("[]\n");
  });
});
