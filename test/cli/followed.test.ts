/** @file Followed points through the built program: what is written, what a broken run loses (nothing), what is refused. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openRun } from "../../src/runs/runFolder.ts";
import { idxSet, writeIdxSet } from "../settings/idxSet.ts";
import { onlyRun, workplace } from "./builtProgram.ts";

const { dir, crh, start } = workplace();
const SMALL = ["depth=2", "width=12", "layer=1", "gain=0.6", "lr=0.05"];
const RUN = ["run", "twopoint", ...SMALL, "--steps", "60000", "--checkpoint-every", "4000", "followEvery=40"];
const trajectories = (run: string) => readFileSync(join(run, "trajectories.csv"), "utf8");

beforeAll(() => writeIdxSet(join(dir, "images"), idxSet()));

test("a killed run goes on to the very trajectories of the unbroken one", { timeout: 60_000 }, async () => {
  const whole = await crh(...RUN, "--out", "whole", "--quiet");
  expect(whole.err).toBe("");
  const expected = trajectories(onlyRun(join(dir, "whole")));
  const lines = expected.trim().split("\n");
  expect(lines[0]).toBe("step,pair,layer,dh2,dy2,w,loss");
  expect(lines).toHaveLength(1 + 2 * 1501);
  expect(lines.at(-1)).toMatch(/^60000,0-1,1,/);
  const { child, ended } = start([...RUN, "--out", "broken"]);
  const until = performance.now() + 30_000;
  for (let written = 0; written < 400 && performance.now() < until; ) {
    await new Promise((done) => setTimeout(done, 5));
    try {
      written = trajectories(onlyRun(join(dir, "broken"))).split("\n").length;
    } catch {
      // nothing is there yet
    }
  }
  child.kill("SIGKILL");
  expect((await ended).signal).toBe("SIGKILL");
  const run = onlyRun(join(dir, "broken"));
  expect(openRun(run).info().status).toBe("interrupted");
  expect((await crh("resume", "latest", "--in", "broken", "--quiet")).code).toBe(0);
  expect(trajectories(run)).toBe(expected);
});

test("held-out samples of any setting with hidden representations are followed", { timeout: 30_000 }, async () => {
  const asked = ["hidden=10,6", "batch=20", "--steps", "30", "--every", "30", "--data", "images"];
  const { code, err } = await crh("run", "mlp", ...asked, "--follow", "0,1,5", "--follow-every", "10", "--out", "mlp");
  expect(code, err).toBe(0);
  const run = openRun(onlyRun(join(dir, "mlp")));
  const rows = run.trajectories();
  expect(rows).toHaveLength(4 * 3 * 2);
  expect([...new Set(rows.map(({ pair }) => pair))]).toEqual(["0-1", "0-2", "1-2"]);
  const record = run.record<{ schema: "crh-lab/followed@1"; points: string[]; pairs: { dx2: number; dy2: number }[] }>(
    "followed",
    "crh-lab/followed@1",
  );
  expect(record!.points).toEqual(["0", "1", "5"]);
  expect(record!.pairs.map(({ dy2 }) => dy2)).toEqual([2, 2, 2]); // three classes
  expect(record!.pairs.every(({ dx2 }) => dx2 > 0)).toBe(true);
});

test.each([
  [["twopoint", "--follow", "0,1"], /^run: expected a setting that follows nothing by itself/],
  [["mlp", "--data", "images", "--follow", "0,45"], /^follow: expected samples from 0 to 44, got 45/],
  [["mlp", "--data", "images", "--follow", "3"], /two different places of samples/],
  [["twopoint", "gain=0"], /^twopoint: expected gain to be greater than 0, got "0"/],
  [["twopoint", "dx2=0"], /^twopoint: expected dx2 to be greater than 0, got "0"/],
  [["twopoint", "layer=20"], /^twopoint: expected layer to be one of 0 to 19, got 20/],
  [["twopoint", "decoder=minimal-norm"], /^twopoint: expected architecture=linear depth=1/],
  [["twopoint", "architecture=cnn", "width=50", "depth=4", "layer=0"], /expected a width above 50 for 5 convolutions/],
  [["twopoint-mnist", "--data", "images", "second=0"], /expected first and second to be two classes/],
  [["twopoint-mnist"], /^twopoint-mnist: expected a folder with IDX files, got none/],
] as const)("one line refuses %j", async (words, message) => {
  const { code, err } = await crh("run", ...words, "--out", "refused");
  expect(code).not.toBe(0);
  expect(err).toMatch(message);
  expect(err.trim().split("\n")).toHaveLength(1);
});
