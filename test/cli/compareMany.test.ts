/** @file `crh compare --x --y` on planted runs: medians that are known, what is left out, figures, refusals. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { COVARIANCE, plantRun } from "../tables/planted.ts";
import { testIo } from "./testIo.ts";

const root = mkdtempSync(join(tmpdir(), "crh-compare-many-"));
const runs = join(root, "runs");
afterAll(() => rmSync(root, { recursive: true, force: true }));

const decays = [1e-4, 1e-3, 1e-2];
/** Forward RGA of layer i at a decay and a seed. */
const planted = (decay: number, seed: number, i: number) => 0.1 * (i + 1) - Math.log10(decay) / 100 + seed / 1000;

beforeAll(() => {
  for (const decay of decays)
    for (const seed of [0, 1, 2])
      plantRun(runs, {
        ...{ seed, config: { decay, lr: seed === 2 ? 0.2 : 0.1 }, loss: decay * (seed + 1) },
        rga: [0, 1, 2].map((i) => (i === 0 && seed === 1 ? null : planted(decay, seed, i))),
      });
});

async function compare(...words: string[]) {
  const io = testIo();
  const code = await main(["compare", ...words], io);
  return { code, out: io.out(), err: io.err() };
}
const json = async (...words: string[]) => JSON.parse((await compare(runs, ...words, "--json")).out);

describe("a measure over a parameter", () => {
  test("has median and quartiles of the runs of each value, over hidden representations", async () => {
    const found = await json("--x", "decay", "--y", "b.rga");
    expect(found).toMatchObject({
      x: "decay",
      y: "paper.b.rga",
      by: null,
      at: "last",
      runs: 9,
      over: "hidden representations",
    });
    // side b of layers 0 and 1 is hidden; layer 0 of seed 1 has no value
    for (const [k, decay] of decays.entries()) {
      const values = [0, 1, 2].map((seed) =>
        seed === 1 ? planted(decay, 1, 1) : (planted(decay, seed, 0) + planted(decay, seed, 1)) / 2,
      );
      const sorted = values.toSorted((x, y) => x - y);
      const cell = found.cells[k];
      expect(cell).toMatchObject({ x: decay, n: 3, seeds: 3 });
      expect(cell.median).toBeCloseTo(sorted[1]!, 12);
      expect(cell.low).toBeCloseTo((sorted[0]! + sorted[1]!) / 2, 12);
      expect(cell.high).toBeCloseTo((sorted[1]! + sorted[2]!) / 2, 12);
    }
  });

  test("by layer has a row for each, and says what is missing", async () => {
    const { code, out } = await compare(runs, "--x", "decay", "--y", "covariance.b.rga", "--by", "layer");
    expect(code).toBe(0);
    const middle = COVARIANCE * planted(1e-3, 1, 2);
    expect(out).toMatch(new RegExp(`^layers\\.2 +0\\.001 +3 +${Number(middle.toPrecision(4))} `, "m"));
    expect(out).toMatch(/^layers\.0 +0\.001 +2 /m);
    const words = out.replaceAll("\n", " ");
    expect(words).toContain("covariance.b.rga: forward RGA, covariances; at the last step, 100");
    expect(words).toContain("3 values of layers are missing in these runs and in no row");
    expect(words).toContain("doubt: the runs differ in lr (0.1, 0.2) as well; medians may mix them");
  });

  test("groups by two parameters, reads ranks, losses and steps", async () => {
    const heat = await json("--x", "decay", "--y", "loss", "--heat", "lr");
    expect(heat.cells.map(({ heat: lr, x, n, median }: never) => [lr, x, n, median])).toEqual([
      ...decays.map((decay) => [0.1, decay, 2, 1.5 * decay]),
      ...decays.map((decay) => [0.2, decay, 1, 3 * decay]),
    ]);
    expect(heat.differing).toEqual([]);
    expect((await json("--x", "lr", "--y", "rank.G.b")).cells.map(({ median }: never) => median)).toEqual([3, 3]);
    const start = await json("--x", "lr", "--y", "eval/loss", "--at", "0");
    expect(start.cells[1].median).toBeCloseTo(2 * 3 * 1e-3, 12);
    const none = await compare(runs, "--x", "lr", "--y", "b.rga", "--at", "7");
    expect(none.code).toBe(1);
    expect(none.out.replaceAll("\n", " ")).toMatch(
      /left out, 9 runs without this measurement: .*not measured at step 7, but at 0/,
    );
  });

  test("is written as CSV and drawn, with its axes and its convention", async () => {
    const [file, svg, map] = ["a.csv", "a.svg", "b.svg"].map((name) => join(root, name)) as [string, string, string];
    const words = [runs, "--x", "decay", "--y", "b.rga", "--by", "layer"];
    const { err } = await compare(...words, "--csv", file, "--figure", svg);
    expect(err).toBe(`wrote ${file}\nwrote ${svg}\n`);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines[0]).toBe("layer,decay,n,median,q1,q3,min,max");
    expect(lines).toHaveLength(1 + 9);
    expect(lines[6]!.split(",").slice(0, 3)).toEqual(["layers.1", "0.01", "3"]);
    const drawn = readFileSync(svg, "utf8");
    expect(drawn).toContain("forward RGA, paper convention over decay, layers.0, layers.1, layers.2");
    for (const label of ["1e−4", "1e−3", "1e−2", "layers.1", "median and quartiles of runs"])
      expect(drawn).toContain(label);
    expect(drawn).not.toMatch(/NaN|undefined/);
    expect((await compare(...words, "--csv", file)).err).toBe(`replaced ${file}\n`);
    await compare(runs, "--x", "decay", "--y", "b.rga", "--heat", "lr", "--figure", map);
    const cells = readFileSync(map, "utf8");
    expect(cells.match(/>n \d</g)).toEqual([">n 2<", ">n 2<", ">n 2<", ">n 1<", ">n 1<", ">n 1<"]);
    expect(cells).not.toMatch(/NaN|undefined/);
  });
});

describe("runs that have no number", () => {
  test("are counted and said: failed, unfinished, without the parameter, of a sweep the last takes", async () => {
    const sweep = join(root, "sweep");
    const inside = join(sweep, "runs");
    plantRun(inside, { config: { decay: 1e-3 } });
    plantRun(inside, { config: { decay: 1e-3 }, seed: 2, status: "failed", error: "run: the loss is NaN" });
    plantRun(inside, { config: { decay: 1e-3 }, seed: 3, status: "running" });
    plantRun(inside, { config: { width: 3 }, seed: 4, setting: "other" });
    const twice = plantRun(inside, { config: { decay: 1e-3 }, seed: 5 });
    renameSync(twice.dir, join(inside, "job.1"));
    const ghost = plantRun(inside, { config: { decay: 1e-3 }, seed: 5 });
    renameSync(ghost.dir, join(inside, "job"));
    mkdirSync(join(sweep, "done"));
    const plan = { schema: "crh-lab/sweep@1", name: "sweep", createdAt: "2026-11-30T10:00:00.000Z", argv: [], jobs: 6 };
    writeFileSync(
      join(sweep, "plan.json"),
      JSON.stringify({ ...plan, failFast: false, again: false, options: {}, versions: { crh: "0.1.0" } }),
    );
    const { out, err, code } = await compare(sweep, "--x", "decay", "--y", "b.rga");
    expect(code).toBe(0);
    expect(err).toBe("sweep: 0 of 6 jobs are done, 0 failed\n");
    expect(out).toMatch(/^0\.001 +2 /m);
    const words = out.replaceAll("\n", " ");
    expect(words).toMatch(/left out, 1 run failed: \S+ \(run: the loss is NaN\)/);
    expect(words).toMatch(/left out, 1 run not finished \(--at STEP .*\(running at step 0 of 100\)/);
    expect(words).toMatch(/left out, 1 run without a requested parameter: \S+ \(no decay, setting other\)/);
    const at = await compare(sweep, "--x", "decay", "--y", "b.rga", "--at", "100");
    expect(at.out.replaceAll("\n", " ")).toContain(
      "2 runs of them failed or stopped at a later step, or are still running",
    );
    expect(at.out).toMatch(/^0\.001 +4 /m);
  });
});

describe("what cannot be compared is one line", () => {
  test.each([
    [
      ["--x", "decya", "--y", "loss"],
      /expected a parameter of these runs as --x, got "decya"; did you mean decay\? known: setting, seed, /,
    ],
    [
      ["--x", "decay", "--y", "b.rgq"],
      /expected a measure as --y, got "b\.rgq"; did you mean b\.rga\? known: a\.rga, .*eval\/loss/,
    ],
    [["--x", "decay", "--y", "loss", "--by", "layer"], /expected a measure of layers with --by layer, got loss/],
    [["--x", "decay", "--y", "loss", "--by", "decay"], /got decay on two; name it once/],
    [["--x", "decay"], /expected --x PARAM and --y MEASURE together, got --x alone/],
    [["--by", "layer"], /expected --x PARAM --y MEASURE beside --by/],
    [[], /expected --x PARAM --y MEASURE with a folder of runs, got .*runs alone/],
    [["--x", "decay", "--y", "loss", "--figure", "x.png"], /ends in \.svg as --figure/],
    [
      ["--x", "decay", "--y", "loss", "--at", "soon"],
      /expected a whole number of at least 0 or "last" as --at, got soon/,
    ],
  ] as [string[], RegExp][])("%j", async (words, line) => {
    const { code, out, err } = await compare(runs, ...words);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(line);
    expect(err.trimEnd()).not.toContain("\n");
    expect(existsSync("x.png")).toBe(false);
  });
});
