/**
 * @file Followed points through the built program: what is written, what a broken run loses (nothing), what is refused.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { TwopointRecord } from "../../src/findings/twopoint/twopointRecord.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { idxSet, writeIdxSet } from "../settings/idxSet.ts";
import { onlyRun, readJson, workplace } from "./builtProgram.ts";

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
  [["twopoint", "--follow", "0,1"], /^crh run: expected a setting without followed points of its own/],
  [["mlp", "--data", "images", "--follow", "0,45"], /^crh run: follow: expected samples from 0 to 44, got 45/],
  [["mlp", "--data", "images", "--follow", "3"], /different indices of samples/],
  [["twopoint", "gain=0"], /^crh run: twopoint: expected gain to be greater than 0, got "0"/],
  [["twopoint", "dx2=0"], /^crh run: twopoint: expected dx2 to be greater than 0, got "0"/],
  [["twopoint", "layer=20"], /^crh run: twopoint: expected layer to be one of 0 to 19, got 20/],
  [["twopoint", "decoder=minimal-norm"], /^crh run: twopoint: expected architecture=linear depth=1/],
  [["twopoint", "architecture=cnn", "width=50", "depth=4", "layer=0"], /expected a width above 50 for 5 convolutions/],
  [["twopoint-mnist", "--data", "images", "second=0"], /expected first and second to be two classes/],
  [["twopoint-mnist"], /^crh run: twopoint-mnist: expected a folder with IDX files, got none/],
] as const)("one line refuses %j", async (words, message) => {
  const { code, err } = await crh("run", ...words, "--out", "refused");
  expect(code).not.toBe(0);
  expect(err).toMatch(message);
  expect(err.trim().split("\n")).toHaveLength(1);
});

describe("a run that follows two points and measures nothing else", () => {
  const asked = ["run", "twopoint", ...SMALL, "--steps", "1500", "--out", "alone"];
  const fits = () => readJson(onlyRun(join(dir, "alone")), "records", "twopoint.json") as unknown as TwopointRecord;
  let out: string;
  beforeAll(async () => {
    out = (await crh(...asked)).out;
  });

  test("ends with what the theory says of it, its name and its report", () => {
    expect(out).toMatch(/^Hidden layer 1 (follows|does not follow) the two-point theory/);
    expect(out).toMatch(/^0 +\d.*\n1 +\d/m);
    expect(out).toMatch(/\n\n[\w-]+twopoint[\w-]+: 1500 steps in .*\nreport: .*report\.html\n$/);
    const html = readFileSync(join(onlyRun(join(dir, "alone")), "report.html"), "utf8");
    expect(html).toContain('<section id="twopoint">');
    expect(html).not.toContain('<section id="alignments">');
  });

  test("keeps the fits, and prints them as JSON", async () => {
    expect(fits()).toMatchObject({ schema: "crh-lab/twopoint@1", step: 1500, layer: "1", pair: "0-1", pairsAlike: 0 });
    const { out } = await crh(...asked.slice(0, -2), "--out", "json", "--json");
    const { final } = JSON.parse(out) as { final: { step: number; layers: unknown[]; twopoint: TwopointRecord } };
    const { schema: _, ...record } = fits();
    expect(final).toEqual({ step: 1500, layers: [], twopoint: record });
  });

  test("is explained, as a whole and by layer; what is no layer gets the names of those there are", async () => {
    const whole = await crh("explain", "latest", "--in", "alone");
    expect(whole.out).toContain("two-point theory at step 1,500");
    expect(whole.out).toMatch(/^Hidden layer 0 /m);
    const one = await crh("explain", "latest", "0", "--in", "alone");
    expect(one.out).not.toMatch(/^Hidden layer 1 /m);
    expect(one.out).toContain("by the theory it is conserved");
    const wrong = await crh("explain", "latest", "9", "--in", "alone");
    expect(wrong.err).toMatch(/^crh explain: expected a layer of the measurement, got "9".*0, 1/);
  });

  test("is listed, reported anew with its figures, and refused by compare in one line", async () => {
    expect((await crh("runs", "--in", "alone")).out).toContain("twopoint");
    expect((await crh("report", "latest", "--figures", "--in", "alone")).code).toBe(0);
    const figures = readdirSync(join(onlyRun(join(dir, "alone")), "figures"));
    expect(figures).toEqual(expect.arrayContaining(["01-two-points.svg", "01-two-points.csv"]));
    const [id, other] = [onlyRun(join(dir, "alone")), onlyRun(join(dir, "json"))];
    const { code, err } = await crh("compare", id, other);
    expect(code).not.toBe(0);
    expect(err).toMatch(/^crh compare: expected runs with alignments, got [\w-]+, which follows points .*\n$/);
  });
});

test("a run with both says both, the theory first", { timeout: 30_000 }, async () => {
  const { out } = await crh("explain", "latest", "--in", "mlp");
  expect(out.indexOf("two-point theory at step 30")).toBeLessThan(out.indexOf("relations by the paper's convention"));
  const html = readFileSync(join(onlyRun(join(dir, "mlp")), "report.html"), "utf8");
  expect(html.indexOf('<section id="twopoint">')).toBeLessThan(html.indexOf('<section id="finding">'));
});
