/**
 * @file `crh ingest FOLDER`: captures as a run over steps, shards of a step, a folder that is still written, and what
 * is refused. In this process, on two small maps.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from "../../src/formats/safetensors.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type Moments, mergeMoments } from "../../src/moments/moments.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import type { NoiseSums } from "../../src/moments/noiseSums.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { type LayerCase, layerCase, part } from "../moments/cases.ts";
import { type TestIo, testIo } from "./testIo.ts";

const home = process.cwd();
const dir = mkdtempSync(join(tmpdir(), "crh-captures-"));
beforeAll(() => process.chdir(dir));
afterAll(() => {
  process.chdir(home);
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  for (const name of ["captures", "runs"]) rmSync(name, { recursive: true, force: true });
  mkdirSync("captures");
});

const n = 60;
const sizes = { up: [6, 5], down: [5, 3] } as const;

/** Sums over the samples `from`..`to` - 1 of a network whose weights depend on `step`. */
function capture(step: number, from = 0, to = n): Moments {
  const layers = Object.entries(sizes).map(([name, [dIn, dOut]], i) => {
    const rows: LayerCase = layerCase(10 * step + i, n, dIn, dOut);
    const layer = emptyLayer(name, "linear", dIn, dOut, rows.W);
    addRows(layer, part(rows, from, to));
    return layer;
  });
  return { step, objective: "mse", source: "test", layers };
}

const fileOf = (step: number, shard = "") => `step-${String(step).padStart(8, "0")}${shard}.safetensors`;

function write(moments: Moments, name = fileOf(moments.step)): string {
  writeFileSync(join("captures", name), encodeMoments(moments));
  return join("captures", name);
}

async function crh(words: readonly string[], io: TestIo = testIo()) {
  const code = await main(words, io);
  return { code, out: io.out(), err: io.err() };
}

const ingest = (...words: string[]) => crh(["ingest", "captures", "--cost", "economy", ...words]);

interface Series {
  readonly run: string | null;
  readonly captures: { readonly step: number; readonly files: readonly string[] }[];
  readonly notes: string[];
  readonly snapshots: Snapshot[];
  readonly final: Snapshot;
}

async function series(...words: string[]): Promise<Series> {
  const { code, out, err } = await ingest("--json", ...words);
  expect([code, err]).toEqual([0, ""]);
  return JSON.parse(out);
}

const onlyRun = () => openRun(join("runs", readdirSync("runs")[0]!));
const alignments = ({ layers }: Snapshot) => layers.map(({ alignment }) => alignment);

describe("a folder of captures", () => {
  test("is a run over steps, each measured as its file by itself, the last under final", async () => {
    for (const step of [100, 0, 50]) write(capture(step));
    const found = await series();
    expect(found.captures).toEqual([0, 50, 100].map((step) => ({ step, files: [fileOf(step)] })));
    expect(found.snapshots.map(({ step }) => step)).toEqual([0, 50, 100]);
    expect(found.final).toEqual(found.snapshots[2]);
    for (const [i, step] of [0, 50, 100].entries()) {
      const { out } = await crh(["ingest", join("captures", fileOf(step)), "--cost", "economy", "--json", "--no-save"]);
      expect(alignments(found.snapshots[i]!)).toEqual(alignments(JSON.parse(out)));
    }
    const [first, second, last] = found.snapshots.map(({ layers }) => layers[0]!);
    expect([first!.change, second!.change!.since, last!.change!.since]).toEqual([undefined, 0, 50]);
    expect([second!.changeSinceHalf, last!.changeSinceHalf]).toEqual([undefined, last!.change]);
    const run = onlyRun();
    expect(found.run).toBe(run.dir);
    expect(run.info()).toMatchObject({ setting: "ingest", status: "finished", step: 100, steps: 100 });
    expect(run.analysis()).toMatchObject({
      title: "captures",
      models: [],
      captures: [0, 50, 100].map((s) => fileOf(s)),
    });
    expect(run.snapshots()).toEqual(found.snapshots);
    const page = readFileSync(join(run.dir, "report.html"), "utf8");
    expect(page).toContain("report of 3 checkpoints");
    expect((await crh(["report", "latest", "-o", "again.html"])).code).toBe(0);
    expect(readFileSync("again.html", "utf8")).toBe(page);
  });

  test("that is stopped at Ctrl-C keeps the steps that were measured, or says that there are none", async () => {
    for (const step of [0, 50]) write(capture(step));
    const io = testIo();
    const write0 = io.stderr.write.bind(io.stderr);
    const stderr = {
      write(text: string) {
        if (text.startsWith("measure")) io.interrupt();
        return write0(text);
      },
    };
    const { code, err, out } = await crh(["ingest", "captures", "--cost", "economy", "--no-save"], { ...io, stderr });
    expect([code, out]).toEqual([130, expect.stringContaining("step 0")]);
    expect(err).toMatch(/crh ingest: stopped after 1 capture, which is printed\n$/);
    const stopped = testIo();
    stopped.interrupt();
    const none = await crh(["ingest", "captures"], stopped);
    expect([none.code, none.out, none.err]).toEqual([130, "", "crh ingest: stopped before anything was measured\n"]);
  });

  test("may be the moments of a run, one capture alone, and is left without a run where none is wanted", async () => {
    write(capture(500));
    const { run, snapshots, final } = await series("--no-save");
    expect([run, snapshots.length, final.step, existsSync("runs")]).toEqual([null, 1, 500, false]);
    const { out, err } = await ingest();
    expect(out).toContain("step 500");
    expect(out).toContain(`kept in: ${onlyRun().dir}`);
    expect(err).not.toContain("expected");
  });

  test("says once what else lies in it, and nothing of files on their way", async () => {
    write(capture(0));
    const others = ["a.txt", "b.png", "c.json", "step-0000500.safetensors", "step-00000500.npz"];
    for (const name of [...others, ".step-00000500.safetensors.1@host.writing", "x.tmp", "finished"])
      writeFileSync(join("captures", name), "");
    const { code, err, out } = await ingest("--json", "--no-save");
    expect([code, err]).toEqual([0, "Left out, being no captures: a.txt, b.png, c.json and 2 more.\n"]);
    expect((JSON.parse(out) as Series).notes).toContain(err.trim());
  });
});

describe("shards of a step", () => {
  test("merge into what all samples give, with standard errors, under either name", async () => {
    write(capture(0));
    for (const [i, shard] of [".rank-0", ".rank-1", ".rank-2"].entries())
      write(capture(100, 20 * i, 20 * (i + 1)), fileOf(100, shard));
    for (const [i, shard] of ["-0-of-2", "-1-of-2"].entries())
      write(capture(200, 30 * i, 30 * (i + 1)), fileOf(200, shard));
    const found = await series("--no-save");
    expect(found.captures.map(({ files }) => files.length)).toEqual([1, 3, 2]);
    for (const name of readdirSync("captures")) rmSync(join("captures", name));
    for (const step of [0, 100, 200]) write(capture(step));
    const whole = await series("--no-save");
    const value = ({ layers }: Snapshot) => layers.map(({ alignment }) => alignment.paper.b.rga.value!);
    for (const [i, snapshot] of found.snapshots.entries())
      for (const [k, one] of value(snapshot).entries()) expect(one).toBeCloseTo(value(whole.snapshots[i]!)[k]!, 12);
    expect(found.snapshots.map(({ layers }) => layers[0]!.groups)).toEqual([0, 3, 2]);
    expect(found.snapshots[1]!.layers[0]!.alignment.paper.b.rga.noise).toBeGreaterThan(0);
  });

  test("that are fewer than before are said", async () => {
    for (const i of [0, 1]) write(capture(0, 30 * i, 30 * (i + 1)), fileOf(0, `.rank-${i}`));
    write(capture(100, 0, 30), fileOf(100, ".rank-0"));
    const { code, err } = await ingest("--json", "--no-save");
    expect([code, err]).toEqual([0, "Of step 100 there is no shard .rank-1, as there is of the step before.\n"]);
  });

  const half = (of: Moments, change: (moments: Moments) => void): Moments => {
    change(of);
    return of;
  };
  test.each<[string, (moments: Moments) => void, RegExp]>([
    [
      "weights",
      ({ layers }) => layers[1]!.W!.data.fill(1),
      /expected the weights W of layer down in .*rank-1\S+ as in .*rank-0/,
    ],
    [
      "sums",
      ({ layers }) => delete layers[0]!.b.hnhn,
      /expected sums of side b of layer up in .*rank-1\S+ to be .*, as in .*rank-0/,
    ],
    ["a bias", ({ layers }) => layers[0]!.bias!.fill(2), /expected the bias of layer up in .*rank-1\S+ as in .*rank-0/],
  ])("of other %s are refused", async (_, change, line) => {
    const withBias = (one: Moments) =>
      half(one, ({ layers }) => Object.assign(layers[0]!, { bias: new Float64Array(5) }));
    write(withBias(capture(0, 0, 30)), fileOf(0, ".rank-0"));
    write(half(withBias(capture(0, 30, 60)), change), fileOf(0, ".rank-1"));
    const { code, out, err } = await ingest();
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^crh ingest: [^\n]+\n$/);
    expect(err).toMatch(line);
  });

  test("beside a file of the whole step, or twice the same samples, are refused", async () => {
    const [whole, shard] = [write(capture(0)), write(capture(0, 0, 30), fileOf(0, ".rank-0"))];
    const both = await ingest();
    expect([both.code, both.out]).toEqual([1, ""]);
    expect(both.err).toBe(
      `crh ingest: expected one file of step 0, or its shards, got ${whole} beside ${shard}; leave one of them out\n`,
    );
    renameSync(whole, join("captures", fileOf(0, ".rank-1")));
    write(capture(0), fileOf(0, ".rank-2"));
    expect((await ingest()).err).toMatch(/expected every shard once, got the same samples in .*rank-1\S+ and .*rank-2/);
  });
});

describe("captures that do not fit together are refused in a line that names both, before any is measured", () => {
  const sampled = (moments: Moments, coordinates: number[]): Moments => {
    const { b } = moments.layers[0]!;
    for (const key of ["hSum", "gSum", "hnSum", "gnSum"] as const) b[key] = b[key]!.slice(0, 2);
    for (const key of ["hh", "gg", "hnhn", "gngn", "gh"] as const) b[key] = b[key]!.slice(0, 4);
    b.sample = { of: 5, coordinates: Uint32Array.from(coordinates) };
    b.d = 2;
    delete moments.layers[0]!.gbHa;
    delete moments.layers[0]!.W;
    return moments;
  };
  const renamed = (moments: Moments, name: string): Moments => {
    moments.layers[1]!.name = name;
    return moments;
  };
  const resized = (moments: Moments): Moments => {
    moments.layers[1] = { ...emptyLayer("down", "linear", 5, 4), n };
    return moments;
  };
  test.each<[string, Moments, Moments, string]>([
    ["objective", capture(0), { ...capture(10), objective: "nll" }, "the objective"],
    ["layers", capture(0), renamed(capture(10), "out"), "layer down"],
    ["fewer layers", capture(0), { ...capture(10), layers: capture(10).layers.slice(0, 1) }, "layer down"],
    ["sizes", capture(0), resized(capture(10)), "layer down"],
    ["coordinates", sampled(capture(0), [0, 1]), sampled(capture(10), [0, 2]), "coordinates of side b of layer up"],
  ])("%s", async (_, first, second, what) => {
    const [x, y] = [write(first), write(second)];
    const { code, out, err } = await ingest();
    expect([code, out, existsSync("runs")]).toEqual([1, "", false]);
    expect(err).toMatch(/^[^\n]+\n$/);
    expect(err).toContain(`crh ingest: expected ${what} in ${y} to be `);
    expect(err).toContain(`, as in ${x}, got `);
  });

  test("files of several steps point to their folder", async () => {
    const [x, y] = [write(capture(0)), write(capture(10))];
    expect((await crh(["ingest", x, y])).err).toBe(
      `crh ingest: expected files of one step, got step 0 in ${x} and step 10 in ${y}; name their folder to have them as a series over steps\n`,
    );
  });
});

describe("a damaged folder", () => {
  test.each<[string, string[], string]>([
    ["empty", [], "got an empty folder; "],
    ["without captures", ["a.txt", "step-5.safetensors"], "got other files alone (a.txt, step-5.safetensors); "],
  ])("%s is refused", async (_, names, found) => {
    for (const name of names) writeFileSync(join("captures", name), "");
    const { code, out, err } = await ingest();
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^crh ingest: expected captures, step-00000000\.safetensors and on, in [^\n]+\n$/);
    expect(err).toContain(found);
  });

  /** The file of a capture after a change to its document or tensors. */
  const changed = (step: number, change: (crh: string, tensors: Map<string, SafetensorsTensor>) => string): void => {
    const { tensors, metadata } = decodeSafetensors(encodeMoments(capture(step)));
    const crh = change(metadata.crh!, tensors);
    writeFileSync(join("captures", fileOf(step)), encodeSafetensors(tensors, { crh }));
  };
  const torn = (to: number) => (step: number) => {
    write(capture(step));
    truncateSync(join("captures", fileOf(step)), to);
  };
  test.each<[string, (step: number) => void, RegExp]>([
    ["torn in its tensors", torn(6000), /expected \d+ bytes of tensor data, got \d+; the file is cut short/],
    [
      "torn in its header",
      torn(100),
      /expected a header of at most 92 bytes, .*; the file is cut short or not safetensors/,
    ],
    ["empty", torn(0), /expected at least 8 bytes, got 0; the file is empty or cut short/],
    [
      "not finite",
      (step) =>
        changed(step, (crh, tensors) => {
          (tensors.get("up.b.gg")!.data as Float64Array)[3] = Number.NaN;
          return crh;
        }),
      /expected finite values in "up\.b\.gg", got NaN; /,
    ],
    [
      "of NaN in its document",
      (step) => changed(step, (crh) => crh.replace(/"h4":[\d.]+/, '"h4":NaN')),
      /expected finite numbers under the key "crh", got NaN; /,
    ],
    [
      "of a newer version",
      (step) => changed(step, (crh) => crh.replace('"version":1', '"version":2')),
      /expected format crh-moments version 1, got "crh-moments" version 2; a newer crh-lab reads it/,
    ],
    [
      "of another step than its name",
      (step) => write(capture(step + 1), fileOf(step)),
      /expected step 100 in .*, as its name says, got 101/,
    ],
    [
      "no moments",
      (step) => writeFileSync(join("captures", fileOf(step)), encodeSafetensors(new Map())),
      /expected a key "crh"/,
    ],
  ])("whose second capture is %s is said behind the first, and fails", async (_, damage, line) => {
    write(capture(0));
    damage(100);
    write(capture(200));
    const { code, out, err } = await ingest("--json", "--no-save");
    expect(code).toBe(1);
    expect(err).toMatch(
      /^crh ingest: [^\n]*captures\/step-00000100\.safetensors[^\n]+; 1 capture before it is printed\n$/,
    );
    expect(err).toMatch(line);
    expect((JSON.parse(out) as Series).snapshots.map(({ step }) => step)).toEqual([0]);
  });

  test("is a failed run that has what was read before", async () => {
    write(capture(0));
    torn(6000)(100);
    expect((await ingest()).err).toContain("; 1 capture before it is kept\n");
    const info = onlyRun().info();
    expect(info).toMatchObject({ status: "failed", step: 0 });
    expect(info.error).toMatch(/step-00000100\.safetensors: expected \d+ bytes of tensor data/);
    expect(existsSync(join(onlyRun().dir, "report.html"))).toBe(true);
  });

  test("is one folder alone, without an objective", async () => {
    write(capture(0));
    const two = await crh(["ingest", "captures", "captures"]);
    expect([two.code, two.err]).toEqual([
      2,
      expect.stringMatching(/^crh ingest: expected one folder of captures or files, got 2 /),
    ]);
    const named = await ingest("--objective", "mse");
    expect([named.code, named.err]).toEqual([
      2,
      expect.stringMatching(/^crh ingest: expected no --objective with a folder/),
    ]);
    const live = await crh(["ingest", join("captures", fileOf(0)), "--live"]);
    expect([live.code, live.err]).toEqual([
      2,
      expect.stringMatching(/^crh ingest: expected a folder of captures for --live/),
    ]);
  });
});

describe("--live", () => {
  /** Waits until a condition holds, 100 s at most: machines may be busy. */
  async function until(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 4000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
    expect(condition()).toBe(true);
  }
  const isMeasured = (io: TestIo, step: number) => () => io.err().includes(`Step ${step} is measured.`);

  test("waits for captures in a folder until it is finished, adding each to the run", async () => {
    const io = testIo();
    const done = crh(["ingest", "captures", "--live", "--cost", "economy", "--json"], io);
    await until(() => io.err().includes("Waiting for captures in captures; Ctrl-C ends"));
    write(capture(0));
    await until(isMeasured(io, 0));
    expect(onlyRun().info()).toMatchObject({ status: "running", step: 0, steps: 0 });
    // shards are complete when all are there that the step before had, or a later step is
    write(capture(10, 0, 30), fileOf(10, ".rank-0"));
    write(capture(10, 30, 60), fileOf(10, ".rank-1"));
    for (const i of [0, 1]) write(capture(20, 30 * i, 30 * i + 30), fileOf(20, `.rank-${i}`));
    await until(isMeasured(io, 20));
    expect(onlyRun().info()).toMatchObject({ status: "running", step: 20, steps: 20 });
    expect(onlyRun().analysis()!.captures).toHaveLength(5);
    expect((await crh(["report", "latest", "-o", "running.html"])).code).toBe(0);
    writeFileSync(join("captures", "finished"), "");
    const { code, out } = await done;
    expect(code).toBe(0);
    const found = JSON.parse(out) as Series;
    expect(found.snapshots.map(({ step, samples }) => [step, samples])).toEqual([0, 10, 20].map((step) => [step, n]));
    expect(found.final.layers[0]!.changeSinceHalf!.since).toBe(10);
    expect(onlyRun().info().status).toBe("finished");
    expect(onlyRun().snapshots()).toEqual(found.snapshots);
  });

  test("ends at Ctrl-C, and what was measured stays; a file that is not whole yet is waited for", async () => {
    const io = testIo();
    write(capture(0));
    const bytes = encodeMoments(capture(10));
    writeFileSync(join("captures", fileOf(10)), bytes.subarray(0, 5000));
    const done = crh(["ingest", "captures", "--live", "--cost", "economy"], io);
    await until(() => io.err().includes("Waiting"));
    expect(io.err()).not.toContain("Step 10");
    writeFileSync(join("captures", fileOf(10)), bytes);
    await until(isMeasured(io, 10));
    io.interrupt();
    const { code, out, err } = await done;
    expect(code).toBe(130);
    expect(err).toMatch(/crh ingest: stopped after 2 captures, which are kept\n$/);
    expect(out).toContain("kept in: ");
    expect(onlyRun().info().status).toBe("interrupted");
    expect(onlyRun().snapshotSteps()).toEqual([0, 10]);
  });

  test("fails where a capture comes too late, and keeps what is measured", async () => {
    const io = testIo();
    write(capture(10));
    const done = crh(["ingest", "captures", "--live", "--cost", "economy", "--no-save"], io);
    await until(isMeasured(io, 10));
    const late = write(capture(5));
    const { code, err } = await done;
    expect(code).toBe(1);
    expect(err).toContain(
      `got ${late} after step 10 was measured; ingest the folder once it is complete; 1 capture before it is printed`,
    );
  });
});

test("noise and edges in captures give the pairs of maps, their balance and their drift", async () => {
  const paired = (step: number, from: number, to: number): Moments => {
    const moments = capture(step, from, to);
    const [up, down] = moments.layers;
    const width = 5;
    const gram = Float64Array.from({ length: 25 }, (_, k) => ((k % 6 === 0 ? 2 : 0.1) * (to - from)) / 10);
    const noise: NoiseSums = { examples: to - from, losses: 1 };
    up!.noise = { ...noise, b: { width, outer: 1, inner: 1, sum: gram } };
    down!.noise = { ...noise, a: { width, outer: 1, inner: 1, sum: gram } };
    const end = { from: 0, outer: 1, inner: 1 };
    const pair = { first: "up", second: "down", through: "ReLU", symmetry: "rescaling", width } as const;
    const ends = { firstEnd: { side: "b", ...end }, secondEnd: { side: "a", ...end } } as const;
    return { ...moments, edges: { pairs: [{ ...pair, ...ends }], broken: [] } };
  };
  write(paired(0, 0, n));
  for (const i of [0, 1]) write(paired(10, 30 * i, 30 * i + 30), fileOf(10, `.rank-${i}`));
  const { snapshots } = await series("--cost", "standard", "--no-save");
  const [before, after] = snapshots.map(({ pairs }) => pairs![0]!);
  expect(before!).toMatchObject({ first: "up", second: "down", symmetry: "rescaling" });
  expect(after!.noiseBalance!.n).toBe(n);
  // the two noises are the same matrices: balanced
  expect(after!.noiseBalance!.cosine).toBeCloseTo(1, 12);
  const merged = mergeMoments(paired(10, 0, 30), paired(10, 30, 60));
  expect(merged.layers[0]!.noise!.examples).toBe(n);
});
