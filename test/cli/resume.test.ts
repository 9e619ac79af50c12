/**
 * @file A run that stops at any moment and goes on equals the run that never stopped: every metric, the final snapshot,
 * moments and checkpoint, byte by byte, and no file left over.
 */
import { cpSync, readdirSync, readFileSync, renameSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openRun } from "../../src/runs/runFolder.ts";
import { idxSet, writeIdxSet } from "../settings/idxSet.ts";
import { expectOneLine, onlyRun, readJson, resultsOf, TINY, workplace } from "./builtProgram.ts";

const { dir, crh, faulty, start } = workplace();
const settings = {
  fc2: ["fc2", ...TINY, "--steps", "400", "--quiet"],
  // every kind of state: two optimizer vectors, a schedule, a shuffled set
  mlp: ["mlp", "hidden=8", "batch=7", "optimizer=adamw", "--data", "images", "--steps", "90", "--quiet"],
};
const whole = { fc2: "", mlp: "" };
const calls = { fc2: 0, mlp: 0 };

beforeAll(async () => {
  writeIdxSet(join(dir, "images"), idxSet());
  for (const name of ["fc2", "mlp"] as const) {
    const { code, err } = await faulty("count", "run", ...settings[name], "--out", `whole-${name}`);
    expect([code, err]).toEqual([0, ""]);
    whole[name] = onlyRun(join(dir, `whole-${name}`));
    calls[name] = Number(readFileSync(join(dir, "count"), "utf8"));
  }
  await faulty(`SIGKILL ${Math.floor(calls.fc2 * 0.7)}`, "run", ...settings.fc2, "--out", "killed");
});

/** A run that was killed after 70 % of its writing calls, in a folder of its own. */
function copyOfKilled(root: string): string {
  cpSync(join(dir, "killed"), join(dir, root), { recursive: true });
  return onlyRun(join(dir, root));
}

function expectSameResults(run: string, unbroken: string): void {
  const [results, expected] = [resultsOf(run), resultsOf(unbroken)];
  expect([...results.keys()]).toEqual([...expected.keys()]);
  for (const [path, content] of results)
    if (path !== "config.json") expect(content === expected.get(path), `${path} equals the unbroken run's`).toBe(true);
  expect(readJson(run, "run.json")).toMatchObject({ status: "finished", step: readJson(unbroken, "run.json").steps });
}

describe("kill -9 in the middle of a write, then crh resume, equals the unbroken run", () => {
  // the first five writing calls make the run folder; the last four are run.json's and the report's
  test.each([
    ["fc2", 6],
    ["fc2", 0.62],
    ["fc2", -1],
    ["mlp", 0.6],
  ] as const)("%s, killed in writing call %d (below 1: share of all, below 0: from the last)", async (name, which) => {
    const at = which < 0 ? calls[name] + which : which < 1 ? Math.floor(which * calls[name]) : which;
    const root = `killed-${name}-${which}`;
    const killed = await faulty(`SIGKILL ${at}`, "run", ...settings[name], "--out", root);
    expect(killed.signal).toBe("SIGKILL");
    const run = onlyRun(join(dir, root));
    expect(openRun(run).info().status).toBe(which === -1 ? "finished" : "interrupted");
    expect((await crh("resume", run, "--quiet")).code).toBe(0);
    expectSameResults(run, whole[name]);
  });

  test("killed twice, the second time while it goes on", async () => {
    const run = copyOfKilled("twice");
    expect((await faulty(`SIGKILL ${Math.floor(calls.fc2 * 0.15)}`, "resume", run, "--quiet")).signal).toBe("SIGKILL");
    expect((await crh("resume", "latest", "--in", "twice", "--quiet")).code).toBe(0);
    expectSameResults(run, whole.fc2);
  });
});

test("kill -9 from outside; while it still runs it cannot be resumed", async () => {
  const { child, ended } = start(["run", "fc2", ...TINY, "--steps", "100000000", "--yes", "--out", "outside"]);
  await new Promise((done) => child.stderr!.once("data", done)); // says where the run folder is
  const run = onlyRun(join(dir, "outside"));
  expectOneLine(
    await crh("resume", "latest", "--in", "outside", "--quiet"),
    1,
    /^crh resume: expected a run that has stopped, got .*; stop it first/,
  );
  child.kill("SIGKILL");
  await ended;
  expect(openRun(run).info().status).toBe("interrupted");
});

test("SIGINT ends with 130 and one line whose advice finds the run, which then equals the unbroken one", async () => {
  const stopped = await faulty(`SIGINT ${Math.floor(calls.fc2 / 2)}`, "run", ...settings.fc2, "--out", "stopped");
  expectOneLine(stopped, 130, /^crh run: stopped at step \d+ of 400, nothing is lost; continue with crh resume \S+\n$/);
  const run = onlyRun(join(dir, "stopped"));
  expect(readJson(run, "run.json").status).toBe("interrupted");
  expect(readdirSync(run)).toContain("report.html");
  const advice = / continue with crh resume (\S+)\n$/.exec(stopped.err)![1]!;
  const { code, out } = await crh("resume", advice, "--json", "--quiet");
  expect(code).toBe(0);
  expect(JSON.parse(out).final).toEqual(readJson(whole.fc2, "snapshots", "step-00000400.json"));
  expectSameResults(run, whole.fc2);
});

test("a finished run is shown again, and nothing of it changes", async () => {
  const before = resultsOf(whole.fc2);
  const { code, out, err } = await crh("resume", whole.fc2, "--json");
  expect([code, err]).toEqual([0, expect.stringMatching(/^crh resume: \S+ is finished already\n$/)]);
  expect(JSON.parse(out).final).toEqual(readJson(whole.fc2, "snapshots", "step-00000400.json"));
  expect(resultsOf(whole.fc2)).toEqual(before);
});

describe("a torn newest checkpoint", () => {
  test.each([300, -1])("(%d bytes) is one line that names --from, with which the run goes on", async (length) => {
    const run = copyOfKilled(`torn${length}`);
    const [newest, earlier] = openRun(run).checkpoints();
    truncateSync(newest!.path, length < 0 ? readFileSync(newest!.path).length + length : length);
    const before = resultsOf(run);
    const refused = await crh("resume", run, "--quiet");
    expectOneLine(
      refused,
      1,
      /^crh resume: expected a whole checkpoint, got a damaged .*; continue from an earlier one with crh /,
    );
    expect(resultsOf(run)).toEqual(before);
    const advice = / with crh (resume \S+ --from \d+)\n$/.exec(refused.err)![1]!.split(" ");
    expect(Number(advice.at(-1))).toBe(earlier!.step);
    expect((await crh(...advice, "--quiet")).code).toBe(0);
    expectSameResults(run, whole.fc2);
  });

  test("is not a step that has none", async () => {
    const line = /^crh resume: expected a checkpoint of step 77, got those of steps \d+, \d+, \d+/;
    expectOneLine(await crh("resume", copyOfKilled("none"), "--from", "77", "--quiet"), 1, line);
  });
});

test("data that was moved is found with --data, and missed in one line without", async () => {
  await faulty(`SIGKILL ${Math.floor(calls.mlp * 0.5)}`, "run", ...settings.mlp, "--out", "moved");
  renameSync(join(dir, "images"), join(dir, "elsewhere"));
  const run = onlyRun(join(dir, "moved"));
  expectOneLine(
    await crh("resume", run, "--quiet"),
    1,
    /^crh resume: expected a folder of data, got ".*images", which is not there; check --data\n$/,
  );
  expect((await crh("resume", run, "--data", "elsewhere", "--quiet")).code).toBe(0);
  renameSync(join(dir, "elsewhere"), join(dir, "images"));
  expectSameResults(run, whole.mlp);
});
