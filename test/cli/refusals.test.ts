/**
 * @file Whatever is wrong with a run is said in one line with the cure, with the documented exit code, and loses
 * nothing.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openRun } from "../../src/runs/runFolder.ts";
import { decodeCheckpoint, stepOfCheckpoint } from "../../src/train/checkpoint.ts";
import { records } from "../settings/cifarSet.ts";
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
  writeIdxSet(join(dir, "whole"), idxSet());
  writeFileSync(join(dir, "empty.txt"), "");
  writeFileSync(join(dir, "short.txt"), "abc");
  writeFileSync(join(dir, "latin1.txt"), Buffer.from("caf\u00e9 ".repeat(1000), "latin1"));
  for (const [name, bytes] of [
    ["cifar-cut", records(20, 1).slice(0, -1)],
    ["cifar-labels", records(20, 1).fill(10, 3073, 3074)],
  ] as const) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, "data_batch_1.bin"), bytes);
    writeFileSync(join(dir, name, "test_batch.bin"), records(10, 2));
  }
  writeIdxSet(join(dir, "cut"), files.set("train-images-idx3-ubyte", whole.slice(0, whole.length / 2)));
});

describe("before a run begins, so that no folder is made", () => {
  test.each<[string, number, RegExp]>([
    ["fc2 width=0", USAGE, /^crh run: fc2: expected width to be 1 or more, got "0"; crh run fc2 --help/],
    ["fc2 widht=50", USAGE, /^crh run: fc2: expected a parameter, got "widht"; did you mean width\?$/m],
    ["fc2 toString=1", USAGE, /^crh run: fc2: expected a parameter, got "toString"; known: /],
    ["fc2 lr=abc", USAGE, /^crh run: fc2: expected lr to be a number, got "abc"; /],
    ["fc2 lr=", USAGE, /^crh run: fc2: expected lr to be a number, got ""; /],
    ["fc2 =3", USAGE, /^crh run: expected key=value, got "=3"; for instance lr=0\.05$/m],
    ["fc2 seed=1 --seed 2", USAGE, /^crh run: expected seed once, got it twice; give it once$/m],
    ["fc2 --preset tiny", USAGE, /^crh run: fc2: expected a preset of paper, small, nonlinear, got "tiny"$/m],
    ["res1 --preset tiny", USAGE, /^crh run: res1: expected a preset of paper, small, got "tiny"$/m],
    [
      "res2 --preset small",
      USAGE,
      /^crh run: res2: expected a folder with CIFAR's binary files, got none; pass --data DIR /,
    ],
    ["fc3", USAGE, /^crh run: expected a setting, got "fc3"; did you mean fc1\?$/m],
    [
      "fc2 --widht 50",
      USAGE,
      /^crh run: expected an option, got --widht; parameters of a setting are given as widht=50, /m,
    ],
    [
      "fc2 --data nowhere",
      FAILED,
      /^crh run: expected a folder of data, got "nowhere", which is not there; check --data$/m,
    ],
    ["mlp --data file", FAILED, /^crh run: expected a folder of data, got "file", which is a file; check --data$/m],
    [
      "mlp --data empty",
      FAILED,
      /^crh run: idx folder: expected a file train-images-idx3-ubyte or .*; name the folder that /,
    ],
    [
      "mlp --data cut",
      FAILED,
      /^crh run: train-images-idx3-ubyte: expected 1936 bytes for shape .*; download the file again$/m,
    ],
    ["mlp", USAGE, /^crh run: mlp: expected a folder with IDX files, got none; pass --data DIR/],
    [
      "llm",
      USAGE,
      /^crh run: llm: expected a text, got none; pass --data FILE or --data DIR \(crh data get tinyshakespeare fetches one\)$/m,
    ],
    ["llm --data empty", FAILED, /^crh run: [^\n]*expected [^\n]*text[^\n]*; /],
    ["llm --data empty.txt", FAILED, /^crh run: [^\n]*expected [^\n]*, got [^\n]*; /],
    [
      "llm --data short.txt",
      FAILED,
      /^crh run: corpus: expected at least 257 training tokens [^\n]*, got 2; pass a longer text/,
    ],
    ["llm --data latin1.txt", FAILED, /^crh run: latin1.txt: expected text in UTF-8, got [^\n]+; /],
    [
      "llm --data short.txt context=1 accumulate=3",
      USAGE,
      /^crh run: llm: expected accumulate to divide the batch of 8, got 3/,
    ],
    ["res1", USAGE, /^crh run: res1: expected a folder with CIFAR's binary files, got none; pass --data DIR/],
    [
      "res1 --data empty",
      FAILED,
      /^crh run: cifar folder: expected data_batch_1.bin .*, got none of them; name the folder/,
    ],
    ["res1 --data cifar-cut", FAILED, /^crh run: data_batch_1.bin: expected [^\n]*3073[^\n]*, got 61459[^\n]*; /],
    ["res1 --data cifar-labels", FAILED, /^crh run: data_batch_1.bin: expected labels 0 to 9, got 10 in record 1/],
    ["res2 --data cifar-cut", FAILED, /^crh run: data_batch_1.bin: expected [^\n]*3073/],
    [
      "fc2 samples=9e9",
      FAILED,
      /^crh run: expected arrays that fit into memory, got larger ones; use smaller layers, /,
    ],
    [
      "fc2 --out file",
      FAILED,
      /^crh run: expected a writable folder .*file, got a file where a folder should be .*; choose/,
    ],
    [
      "fc2 --out file/runs",
      FAILED,
      /^crh run: expected a writable folder .*, got a file where a folder should be .*; choose/,
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
    /^crh (?:run|resume): expected a finite loss, got (NaN|Infinity) at step \d+; the checkpoint of step \d+ is good; lower lr, /;
  const ended = await crh(...words);
  expectOneLine(ended, FAILED, line);
  const run = openRun(onlyRun(join(dir, "lr")));
  const info = run.info();
  expect(info).toMatchObject({ status: "failed", error: ended.err.trimEnd().replace(/^crh run/, "train") });
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
    /^crh run: expected at most 1000000 measurements and checkpoints, got one every 1 of 1000000000 /,
  );
});

describe("a disk that fills up", () => {
  const words = ["fc2", ...TINY, "--steps", "120", "--quiet"];
  const fullDisk =
    /^crh run: expected a writable folder .*, got a full disk \(ENOSPC\); free some space; everything written /;

  test("in the middle of a run is one line; with space again the run goes on to the same numbers", async () => {
    expect((await crh("run", ...words, "--out", "roomy")).code).toBe(0);
    expectOneLine(await faulty("ENOSPC 90", "run", ...words, "--out", "full"), FAILED, fullDisk);
    const run = onlyRun(join(dir, "full"));
    expect(openRun(run).info().status).toBe("interrupted"); // that it failed found no place either
    expect((await crh("resume", run, "--quiet")).code).toBe(0);
    const [results, expected] = [resultsOf(run), resultsOf(onlyRun(join(dir, "roomy")))];
    expect(results).toEqual(expected);
  });

  test("in the middle of a checkpoint leaves the earlier ones whole, and the run goes on from the last of them", async () => {
    const big = [
      "mlp",
      "hidden=256,256",
      "batch=20",
      "samples=30",
      "--data",
      "whole",
      "--steps",
      "40",
      "--every",
      "40",
    ];
    const often = ["--checkpoint-every", "10", "--quiet"];
    expect((await crh("run", ...big, ...often, "--out", "big-roomy")).code).toBe(0);
    expectOneLine(
      await faulty("FULL checkpoints/.step-00000030", "run", ...big, ...often, "--out", "big-full"),
      FAILED,
      fullDisk,
    );
    const run = openRun(onlyRun(join(dir, "big-full")));
    const [roomy, steps] = [openRun(onlyRun(join(dir, "big-roomy"))), run.checkpoints().map(({ step }) => step)];
    expect(steps).toEqual([20, 10, 0]);
    for (const step of steps) {
      expect(run.readCheckpoint(step).length).toBeGreaterThan(500_000);
      expect(stepOfCheckpoint(run.readCheckpoint(step))).toBe(step); // whole
    }
    expect((await crh("resume", run.dir, "--quiet")).code).toBe(0);
    expect(run.checkpoints().map(({ step }) => step)).toEqual([40, 30, 20]);
    for (const { step } of run.checkpoints())
      expect(Buffer.compare(run.readCheckpoint(step), roomy.readCheckpoint(step)), `step ${step}`).toBe(0);
  });

  test.skipIf(process.platform === "win32")("a file that may not become so large is one line", async () => {
    const main = join(import.meta.dirname, "..", "..", "dist", "cli", "main.js");
    const words = ["run", "mlp", "hidden=256,256", "steps=10", "samples=30", "batch=20", "--data", "whole", "--quiet"];
    const limited = spawnSync("sh", ["-c", 'ulimit -f 200; exec "$@"', "sh", process.execPath, main, ...words], {
      cwd: dir,
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    const { status: code, signal, stdout: out, stderr: err } = limited;
    expectOneLine(
      { code, signal, out, err },
      FAILED,
      /^crh run: expected .*, got a limit on the size of files \(EFBIG\); raise it/,
    );
  });

  test("before a run has begun is one line, too", async () => {
    expectOneLine(await faulty("ENOSPC 1", "run", ...words, "--out", "full from the start"), FAILED, fullDisk);
    expect((await crh("runs", "--in", "full from the start", "--json")).out).toBe("[]\n");
  });
});
