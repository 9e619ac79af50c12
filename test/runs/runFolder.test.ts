import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { emptyLayer } from "../../src/moments/moments.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { createRun, type NewRun, openRun, type RunFolder } from "../../src/runs/runFolder.ts";
import { temporaryBeside, writeWhole, writing } from "../../src/runs/writeFile.ts";

const newRun: NewRun = {
  setting: "fc2",
  seed: 7,
  config: { depth: 5, lr: 0.1 },
  steps: 1000,
  argv: ["run", "fc2"],
  versions: { crh: "0.1.0", node: "20.19.0", onnxruntime: "1.30.0" },
  now: new Date("2025-03-04T23:59:58Z"),
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "crh-runs-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function snapshot(step: number): Snapshot {
  const base = { schema: "crh-lab/snapshot@1", loss: { mean: 0.5 }, samples: 10, objective: "mse" } as const;
  return { ...base, step, layers: [], skipped: [] };
}

/** A process number that is free: that of a process which has just ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

function metricsPath(run: RunFolder): string {
  return join(run.dir, "metrics.jsonl");
}

describe("a new run", () => {
  test("is a folder named by date, setting and hash, with run.json and config.json", () => {
    const run = createRun(join(root, "deep", "runs"), newRun);
    expect(run.dir.slice(root.length)).toMatch(/^\/deep\/runs\/2025-03-04-fc2-[0-9a-f]{6}$/);
    expect(run.info()).toMatchObject({ schema: "crh-lab/run@1", status: "running", seed: 7, steps: 1000, step: 0 });
    expect(run.config()).toEqual({ setting: "fc2", depth: 5, lr: 0.1 });
    expect(openRun(run.dir).info()).toEqual(run.info());
  });

  test("of the same second and process gets a name of its own", () => {
    const runs = Array.from({ length: 5 }, () => createRun(root, newRun).dir);
    expect(new Set(runs).size).toBe(5);
  });

  test("of a setting with a strange name stays inside the folder", () => {
    expect(createRun(root, { ...newRun, setting: "../../etc/x y" }).dir).toMatch(/\/2025-03-04-etc-x-y-[0-9a-f]{6}$/);
  });
});

describe("run.json", () => {
  test("changes by update, and undefined takes a key out", () => {
    const run = createRun(root, newRun);
    run.update({ status: "failed", error: "engine: no", step: 12, durationMs: 5 });
    expect(run.info()).toMatchObject({ status: "failed", error: "engine: no", step: 12 });
    run.update({ status: "finished", error: undefined });
    expect(run.info()).not.toHaveProperty("error");
    expect(readdirSync(run.dir).sort()).toEqual(["config.json", "run.json"]);
  });

  test("keeps keys that this version does not know", () => {
    const run = createRun(root, newRun);
    const path = join(run.dir, "run.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), later: 1 }));
    run.update({ step: 3 });
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ later: 1, step: 3 });
  });

  test("says interrupted once its process is gone", () => {
    const run = createRun(root, newRun);
    expect(run.info().status).toBe("running");
    run.update({ pid: deadPid() });
    expect(run.info().status).toBe("interrupted");
  });

  test("says interrupted when its process number belongs to another process now", () => {
    const run = createRun(root, newRun);
    if (run.info().processStart === undefined) return; // not told by this system
    run.update({ processStart: "an earlier boot:1" });
    expect(run.info().status).toBe("interrupted");
  });

  test("of another machine stays running, whatever runs here", () => {
    const run = createRun(root, newRun);
    run.update({ pid: deadPid(), host: "elsewhere" });
    expect(run.info().status).toBe("running");
    expect(() => run.takeOver(["resume"])).toThrow(/^runs: expected a run that has stopped, got .* on elsewhere/);
  });

  test.each([
    ["", /an empty file/],
    ["{", /damaged JSON/],
    ["[]", /"the document" wrong/],
    ['{"schema":"crh-lab/run@2"}', /"schema" wrong/],
  ])("holding %j is an error that names file and cure", (text, found) => {
    const run = createRun(root, newRun);
    writeFileSync(join(run.dir, "run.json"), text);
    expect(() => openRun(run.dir)).toThrow(found);
    expect(() => openRun(run.dir)).toThrow(`${run.dir}/run.json`);
    expect(() => openRun(run.dir)).toThrow(/; restore that file or delete its folder/);
  });
});

test("opening a run deletes what dead processes of this machine left half written, and nothing else", () => {
  const run = createRun(root, newRun);
  mkdirSync(join(run.dir, "snapshots"));
  const name = (pid: number, machine = hostname().replace(/[^\w-]/g, "-")) => `.x.json.${pid}@${machine}.writing`;
  const [abandoned, living, elsewhere] = [name(deadPid()), name(process.pid), name(deadPid(), "elsewhere")];
  for (const folder of [run.dir, join(run.dir, "snapshots")])
    for (const file of [abandoned, living, elsewhere, ".x.writing"]) writeFileSync(join(folder, file), "{");
  openRun(run.dir);
  expect(readdirSync(join(run.dir, "snapshots")).sort()).toEqual([elsewhere, living, ".x.writing"].sort());
  expect(readdirSync(run.dir)).not.toContain(abandoned);
});

test("the first file written into a folder takes the abandoned ones there away", () => {
  const folder = mkdtempSync(join(root, "reports-"));
  const abandoned = temporaryBeside(join(folder, "report.html")).replace(`.${process.pid}@`, `.${deadPid()}@`);
  writeFileSync(abandoned, "<html>");
  writeWhole(join(folder, "other.html"), "<html>");
  expect(readdirSync(folder)).toEqual(["other.html"]);
});

test("a run that still runs cannot be taken over, one that was killed can", () => {
  const run = createRun(root, newRun);
  expect(() => openRun(run.dir).takeOver(["resume"])).toThrow(/got 2025.* which process \d+ .* runs; stop it first/);
  run.update({ pid: deadPid(), error: "x", endedAt: "2025-03-05T00:00:00Z" });
  const info = openRun(run.dir).takeOver(["resume"]);
  expect(info).toMatchObject({ status: "running", pid: process.pid, argv: ["resume"] });
  expect(info.error).toBeUndefined();
  expect(info.endedAt).toBeUndefined();
});

describe("the checkpoint of the best evaluation", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const steps = (run: RunFolder) => run.bestOnes().map(({ step }) => step);

  test("outlives any number of later checkpoints", () => {
    const run = createRun(root, newRun);
    run.writeBest(10, bytes);
    for (let step = 20; step <= 90; step += 10) run.writeCheckpoint(step, bytes, { keepLast: 1 });
    expect(run.checkpoints().map(({ step }) => step)).toEqual([90]);
    expect(run.best()?.step).toBe(10);
  });

  test("stays until a checkpoint lies behind the better one: a run that goes on from before it finds it", () => {
    const run = createRun(root, newRun);
    run.writeBest(10, bytes);
    run.writeCheckpoint(20, bytes);
    for (const step of [25, 26, 27]) run.writeBest(step, bytes);
    expect(steps(run)).toEqual([10, 27]);
    const killed = openRun(run.dir);
    killed.dropCheckpoints(20);
    expect(steps(killed)).toEqual([10]);
    run.writeBest(27, bytes);
    run.writeCheckpoint(30, bytes);
    expect(steps(run)).toEqual([27]);
  });
});

describe("metrics.jsonl", () => {
  test("holds one line a step and quantity, numbers to the last digit", () => {
    const run = createRun(root, newRun);
    run.appendMetrics([{ step: 1, name: "train/loss", value: 0.1 + 0.2 }]);
    run.appendMetrics([]);
    run.appendMetrics([{ step: 2, name: "lr", value: 1e-300 }]);
    expect(readFileSync(metricsPath(run), "utf8")).toBe(
      '{"step":1,"name":"train/loss","value":0.30000000000000004}\n{"step":2,"name":"lr","value":1e-300}\n',
    );
    expect(run.metrics()[0]).toEqual({ step: 1, name: "train/loss", value: 0.1 + 0.2 });
  });

  test.each([
    ["cut in the middle of a line", '{"step":3,"na'],
    ["cut before the newline", '{"step":3,"name":"lr","value":1}'],
    ["ending in zeros, as after a power cut", "\0".repeat(200_000)],
    ["ending in a damaged line", '{"step":3,"name":"l\n'],
  ])("%s is read without that line, and repaired before more is added", (_, torn) => {
    const run = createRun(root, newRun);
    run.appendMetrics([{ step: 1, name: "lr", value: 1 }]);
    run.appendMetrics([{ step: 2, name: "lr", value: 1 }]);
    appendFileSync(metricsPath(run), torn);
    const reopened = openRun(run.dir);
    expect(reopened.metrics().map(({ step }) => step)).toEqual([1, 2]);
    reopened.appendMetrics([{ step: 4, name: "lr", value: 1 }]);
    expect(reopened.metrics().map(({ step }) => step)).toEqual([1, 2, 4]);
    expect(readFileSync(metricsPath(run), "utf8").split("\n")).toHaveLength(4);
  });

  test("that is nothing but a torn line is empty", () => {
    const run = createRun(root, newRun);
    writeFileSync(metricsPath(run), '{"st');
    expect(run.metrics()).toEqual([]);
    run.appendMetrics([{ step: 4, name: "lr", value: 1 }]);
    expect(run.metrics()).toHaveLength(1);
  });

  test("damaged before its end names the line", () => {
    const run = createRun(root, newRun);
    writeFileSync(metricsPath(run), '{"step":1}\n{"step":1,"name":"lr","value":1}\n');
    expect(() => run.metrics()).toThrow(/on line 1 of .*metrics\.jsonl, got .*; delete that line/);
  });

  test("refuses what JSON cannot hold", () => {
    const run = createRun(root, newRun);
    expect(() => run.appendMetrics([{ step: 1, name: "train/loss", value: Number.NaN }])).toThrow(
      /train\/loss at step 1, got NaN/,
    );
    expect(run.metrics()).toEqual([]);
  });

  test("truncated keeps the bytes of the rows up to a step", () => {
    const run = createRun(root, newRun);
    for (let step = 0; step < 5; step++) run.appendMetrics([{ step, name: "train/loss", value: step / 3 }]);
    const before = readFileSync(metricsPath(run), "utf8");
    run.truncateMetrics(2);
    expect(run.metrics().map(({ step }) => step)).toEqual([0, 1, 2]);
    for (let step = 3; step < 5; step++) run.appendMetrics([{ step, name: "train/loss", value: step / 3 }]);
    expect(readFileSync(metricsPath(run), "utf8")).toBe(before);
  });
});

describe("numbered files", () => {
  test("snapshots come back by ascending step, and later ones can be dropped", () => {
    const run = createRun(root, newRun);
    for (const step of [100, 0, 123_456_789, 20]) run.writeSnapshot(snapshot(step));
    expect(existsSync(join(run.dir, "snapshots", "step-00000100.json"))).toBe(true);
    expect(run.snapshots().map(({ step }) => step)).toEqual([0, 20, 100, 123_456_789]);
    writeFileSync(join(run.dir, "snapshots", ".step-00000101.json.1.writing"), "{");
    run.dropHalfWritten();
    run.dropSnapshots(100);
    expect(readdirSync(join(run.dir, "snapshots"))).toHaveLength(3);
  });

  test("a damaged snapshot is an error that names its file", () => {
    const run = createRun(root, newRun);
    run.writeSnapshot(snapshot(3));
    writeFileSync(join(run.dir, "snapshots", "step-00000003.json"), "{");
    expect(() => run.snapshots()).toThrow(/step-00000003\.json, got something else; delete that file/);
  });

  test("of checkpoints the last three stay, newest first", () => {
    const run = createRun(root, newRun);
    for (const step of [1, 2, 3, 4]) run.writeCheckpoint(step, Uint8Array.of(step));
    expect(run.checkpoints().map(({ step }) => step)).toEqual([4, 3, 2]);
    expect([...run.readCheckpoint(3)]).toEqual([3]);
    expect(() => run.readCheckpoint(1)).toThrow(/checkpoint of step 1 .* got those of steps 2, 3, 4/);
    run.writeCheckpoint(5, Uint8Array.of(5), { keepLast: 1 });
    run.writeCheckpoint(6, Uint8Array.of(6), { keepLast: Number.POSITIVE_INFINITY });
    expect(run.checkpoints().map(({ step }) => step)).toEqual([6, 5]);
    run.dropCheckpoints(5);
    expect(run.checkpoints().map(({ step }) => step)).toEqual([5]);
  });

  test("moments come back by step, by default the last", () => {
    const run = createRun(root, newRun);
    expect(run.moments()).toBeUndefined();
    for (const step of [10, 20])
      run.writeMoments(
        step,
        encodeMoments({ step, objective: "mse", source: "x", layers: [emptyLayer("l", "linear", 2, 3)] }),
      );
    expect(run.momentSteps()).toEqual([10, 20]);
    expect(run.moments()?.step).toBe(20);
    expect(run.moments(10)?.layers[0]?.name).toBe("l");
    expect(() => run.moments(15)).toThrow(/moments of step 15/);
  });

  test("the report lies in the run folder", () => {
    const run = createRun(root, newRun);
    expect(readFileSync(run.writeReport("<p>"), "utf8")).toBe("<p>");
  });
});

describe("a folder that cannot be written", () => {
  test("because a file is in its place is one line", () => {
    writeFileSync(join(root, "file"), "");
    for (const place of [join(root, "file"), join(root, "file", "runs")])
      expect(() => createRun(place, newRun)).toThrow(
        /^runs: expected a writable folder .*, got a file where a folder should be \(E(EXIST|NOTDIR)\); choose another/,
      );
  });

  test("because the system makes no folders there is one line, not an endless wait", () => {
    if (!existsSync("/proc/self")) return;
    expect(() => createRun("/proc/none/runs", newRun)).toThrow(
      /^runs: expected a writable folder \/proc\/none\/runs, got /,
    );
  });

  test("because the disk is full is one line, and what was written before stays", () => {
    if (!existsSync("/dev/full")) return;
    const run = createRun(root, newRun);
    symlinkSync("/dev/full", metricsPath(run));
    expect(() => run.appendMetrics([{ step: 1, name: "lr", value: 1 }])).toThrow(
      /^runs: expected a writable folder .*, got a full disk \(ENOSPC\); free some space/,
    );
    expect(run.info().status).toBe("running");
  });

  test.each(["EACCES", "EROFS", "EPERM", "EDQUOT", "ENOENT"])("because of %s is one line", (code) => {
    const refuse = () => {
      throw Object.assign(new Error("system text"), { code });
    };
    expect(() => writing("runs", "/place", refuse)).toThrow(
      new RegExp(`^runs: expected a writable folder /place, got .* \\(${code}\\); `),
    );
  });

  test("because the run was deleted meanwhile is one line", () => {
    const run = createRun(root, newRun);
    rmSync(run.dir, { recursive: true });
    expect(() => run.appendMetrics([{ step: 1, name: "lr", value: 1 }])).toThrow(/got a missing folder \(ENOENT\)/);
  });
});

test("a process that is killed while it writes leaves a readable run", () => {
  const run = createRun(root, newRun);
  const write = `
    const { writeFileSync, appendFileSync } = require("node:fs");
    appendFileSync(${JSON.stringify(metricsPath(run))}, '{"step":1,"name":"lr","value":1}\\n{"step":2,"na');
    writeFileSync(${JSON.stringify(join(run.dir, ".run.json.1.writing"))}, '{"schema"');
    process.kill(process.pid, "SIGKILL");`;
  expect(() => execFileSync(process.execPath, ["-e", write], { stdio: "ignore" })).toThrow();
  expect(openRun(run.dir).info().id).toBe(run.info().id);
  expect(run.metrics()).toHaveLength(1);
});
