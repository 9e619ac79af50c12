/** @file `crh run` from the command line to the run folder, with the built program. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { decodeMoments } from "../../src/moments/momentsFile.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { writeCifarSet } from "../settings/cifarSet.ts";
import { idxSet, writeIdxSet } from "../settings/idxSet.ts";
import { type Ended, onlyRun, readJson, resultsOf, TINY, workplace } from "./builtProgram.ts";

interface Document {
  readonly run: string;
  readonly accuracy: number | null;
  readonly stepsPerSecond: number | null;
  readonly final: Snapshot;
}

const { dir, crh } = workplace();

/**
 * Every key of a JSON value, and that every number in it is one (JSON would write NaN as null only by way of a bug).
 */
function expectNumbers(text: string): void {
  expect(text).not.toMatch(/NaN|Infinity|undefined/);
}

describe("crh run fc2 --json", () => {
  let ended: Ended;
  let document: Document;
  beforeAll(async () => {
    ended = await crh("run", "fc2", ...TINY, "--steps", "400", "--json", "--out", "json", "--seed", "3");
    document = JSON.parse(ended.out) as Document;
  });

  test("prints one line, a document of run, accuracy, stepsPerSecond and the final measurement", () => {
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/^[^\n]+\n$/);
    expectNumbers(ended.out);
    expect(Object.keys(document)).toEqual(["run", "accuracy", "stepsPerSecond", "final"]);
    expect(document.run).toBe(onlyRun(join(dir, "json")));
    expect(document.accuracy).toBeNull();
    expect(document.stepsPerSecond).toBeGreaterThan(0);
    const { final } = document;
    expect(Object.keys(final)).toEqual([
      "schema",
      "step",
      "loss",
      "samples",
      "objective",
      "layers",
      "skipped",
      "pairs",
      "unpaired",
    ]);
    expect(final).toMatchObject({
      schema: "crh-lab/snapshot@1",
      step: 400,
      samples: 60,
      objective: "mse",
      skipped: [],
    });
    expect(final.layers.map(({ name, kind, dIn, dOut, samples }) => [name, kind, dIn, dOut, samples])).toEqual([
      ["layers.0", "linear", 8, 12, 60],
      ["layers.1", "linear", 12, 12, 60],
      ["layers.2", "linear", 12, 3, 60],
    ]);
  });

  test("gives both pairs of neighbours charges, noise balance, and a drift beside the predicted one", () => {
    const { pairs = [], unpaired } = document.final;
    expect(unpaired).toEqual([]);
    expect(pairs.map(({ first, second, through, width }) => [first, second, through, width])).toEqual([
      ["layers.0", "layers.1", "ReLU", 12],
      ["layers.1", "layers.2", "ReLU", 12],
    ]);
    for (const { charge, noiseBalance, drift } of pairs) {
      expect(charge).toHaveLength(12);
      expect(noiseBalance.ratio).toBeGreaterThan(0);
      expect(drift.since!.predicted!.norm).toBeGreaterThan(0);
    }
    const report = readFileSync(join(document.run, "report.html"), "utf8");
    expect(report).toContain('<section id="symmetry"><h2>Symmetry and noise</h2>');
  });

  test("gives every layer six alignments in both conventions, with null, noise and samples", () => {
    for (const layer of document.final.layers)
      for (const convention of ["paper", "raw"] as const)
        for (const side of ["a", "b"] as const)
          for (const relation of ["rga", "rwa", "gwa"] as const) {
            const { value, cosine, null: unrelated, noise, n } = layer.alignment[convention][side]![relation];
            for (const number of [value, cosine]) expect(Math.abs(number!)).toBeLessThanOrEqual(1);
            expect(unrelated).toBeGreaterThan(0);
            expect(noise).toBeGreaterThanOrEqual(0);
            expect(n).toBeGreaterThan(1);
          }
  });

  test("says how far it is on stderr alone", () => {
    expect(ended.err).toMatch(
      /^fc2: {3}0 % {4}0\/400\nrun folder: .*\n(fc2: .*\n)*laws .*\n(fc2: .*\n)*fc2: 400 steps in [^(]*\n$/,
    );
  });

  test("leaves a whole run folder", () => {
    const run = openRun(document.run);
    const names = [
      "best",
      "checkpoints",
      "config.json",
      "metrics.jsonl",
      "moments",
      "report.html",
      "run.json",
      "snapshots",
    ];
    expect(readdirSync(run.dir).sort()).toEqual(names);
    expect(run.info()).toMatchObject({ setting: "fc2", status: "finished", seed: 3, steps: 400, step: 400 });
    expect(run.info().argv.slice(0, 3)).toEqual(["run", "fc2", "depth=2"]);
    expect(run.info().notes).toHaveLength(Object.keys(run.config()).length - 3); // all but setting, smaller and run
    expect(run.config()).toMatchObject({
      setting: "fc2",
      width: 12,
      seed: 3,
      lr: 0.1,
      smaller: ["depth", "width", "steps", "batch"],
      run: { every: "log", data: null },
    });
    const { durationMs, trainingMs, measuringMs } = run.info();
    expect(trainingMs! + measuringMs!).toBeLessThanOrEqual(durationMs!);
    const snapshots = run.snapshots();
    const [passing, last] = [snapshots[1]!, snapshots.at(-1)!];
    expect(passing.leftOut).toMatch(/^laws \(.*crh run --cost standard measures them each time$/);
    expect(passing.layers.every(({ phase, spectra }) => phase === undefined && spectra !== undefined)).toBe(true);
    expect(passing.layers[0]!.exponents?.raw.b.hz.status).toBe("not-measured");
    expect(last.leftOut).toBeUndefined();
    expect(last.layers.every(({ phase }) => phase !== undefined)).toBe(true);
    expect(snapshots.map(({ step }) => step).slice(0, 3)).toEqual([0, 1, 2]);
    expect(snapshots.at(-1)).toEqual(document.final);
    expect(run.checkpoints().map(({ step }) => step)).toEqual([400, 360, 320]);
    expect(decodeMoments(readFileSync(join(run.dir, "moments", "step-00000400.safetensors"))).step).toBe(400);
    const metrics = run.metrics();
    for (const name of ["train/loss", "eval/loss", "eval/samples", "lr"])
      expect(metrics.filter((row) => row.name === name).at(-1)?.step).toBe(400);
    const losses = metrics.filter(({ name }) => name === "eval/loss");
    expect(losses.map(({ step }) => step)).toEqual(snapshots.map(({ step }) => step));
    expect(losses.at(-1)!.value).toBeLessThan(losses[0]!.value);
  });

  test("writes a report that stands alone", () => {
    const html = readFileSync(join(document.run, "report.html"), "utf8");
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).toContain("layers.2");
    expect(html).not.toMatch(/(src|href)="https?:|url\(https?:/);
    // code, and base64 that may spell anything
    const packed = /<script[\s\S]*?<\/script>|data:image\/png;base64,[^"]*/g;
    expect(html.replace(packed, "")).not.toContain("NaN");
  });
});

test("without --json the table, the time and the report's place are on stdout; --quiet leaves stderr empty", async () => {
  const { code, out, err } = await crh(
    "run",
    "fc1",
    "depth=1",
    "width=4",
    "inputs=3",
    "batch=5",
    "samples=9",
    "--steps",
    "5",
    "--quiet",
    "--out",
    "table",
  );
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/ a\.rga .* b\.gwa\n/);
  expect(out).toMatch(/\nlayers\.1 /);
  expect(out).toMatch(/^Gradient noise is /m);
  expect(out).toMatch(/^pair .* noise balance /m);
  expect(out.split("\n").at(-2)).toBe(`report: ${join(onlyRun(join(dir, "table")), "report.html")}`);
});

test("two runs at once in the same folder: two folders, the same numbers", async () => {
  const run = () =>
    crh("run", "fc2", ...TINY, "--steps", "60", "--out", "both", "--quiet", "--moments", "all", "--every", "20");
  expect((await Promise.all([run(), run()])).map(({ code }) => code)).toEqual([0, 0]);
  const [one, two] = readdirSync(join(dir, "both")).map((name) => join(dir, "both", name));
  expect(readdirSync(join(dir, "both"))).toHaveLength(2);
  expect(resultsOf(two!)).toEqual(resultsOf(one!));
  expect(openRun(one!).momentSteps()).toEqual([0, 20, 40, 60]);
});

test("crh run mlp on plain and on packed IDX files: the same numbers, accuracy among them", async () => {
  writeIdxSet(join(dir, "plain"), idxSet());
  writeIdxSet(join(dir, "packed"), idxSet(), true);
  const run = async (data: string) => {
    const words = ["hidden=10", "batch=20", "steps=60", "samples=30"];
    const ended = await crh(
      "run",
      "mlp",
      ...words,
      "--data",
      data,
      "--json",
      "--quiet",
      "--moments",
      "none",
      "--out",
      `${data}-runs`,
    );
    expect([ended.code, ended.err]).toEqual([0, ""]);
    return JSON.parse(ended.out) as Document;
  };
  const [plain, packed] = [await run("plain"), await run("packed")];
  expect(packed.final).toEqual(plain.final);
  expect(plain.accuracy).toBe(1);
  expect(plain.final).toMatchObject({ accuracy: 1, samples: 30, objective: "cross-entropy" });
  expect(readJson(plain.run, "config.json").run).toMatchObject({ data: join(dir, "plain"), moments: "none" });
  expect(readdirSync(plain.run)).not.toContain("moments");
});

test("a preset is named in config.json, in the notes and the report; what is given on the line goes before it; resume knows it", async () => {
  writeCifarSet(join(dir, "cifar"));
  const words = ["width=0.0625", "batch=20", "steps=8", "samples=20", "measuredBatch=10", "--every", "8"];
  const ended = await crh("run", "res2", "--preset", "small", ...words, "--data", "cifar", "--out", "small");
  expect(ended.code).toBe(0);
  expect(ended.out).toMatch(/^linear probe of the features: \d+\.\d % right, \d+\.\d % at step 0$/m);
  const run = onlyRun(join(dir, "small"));
  expect(readJson(run, "config.json")).toMatchObject({ setting: "res2", preset: "small", probed: 5000, batch: 20 });
  const notes = readJson(run, "run.json").notes as string[];
  expect(notes[0]).toMatch(/^Preset: a quarter of the width/);
  expect(notes).toContainEqual(expect.stringMatching(/^probed = 5000: .* Set by the preset \(default 10000; /));
  expect(notes).toContainEqual(expect.stringMatching(/^batch = 20: .* Set for this run \(default 512; /));
  expect(readFileSync(join(run, "report.html"), "utf8")).toContain("<dt>preset</dt><dd>small</dd>");
  const resumed = await crh("resume", run, "--in", "small");
  expect(resumed.err).toContain("is finished already");
});

test("residuals of a cosine schedule use the rate of the steps that made the weights, not the last one", async () => {
  const finalOf = async (schedule: string): Promise<Snapshot> => {
    const words = [...TINY, `schedule=${schedule}`, "--steps", "400", "--every", "400", "--json", "--out", schedule];
    const { code, out } = await crh("run", "fc2", ...words);
    expect(code).toBe(0);
    return (JSON.parse(out) as Document).final;
  };
  for (const { residuals } of (await finalOf("constant")).layers) expect(residuals!.rate).toBeCloseTo(0.1, 12);
  for (const { residuals } of (await finalOf("cosine")).layers) {
    expect(residuals!.rate).toBeCloseTo(0.075, 3); // 3/4, where decay has no time to forget; the last step has 1.5e-6
    const { terms } = residuals!.sameSample.forward;
    expect(terms!.noise).toBeGreaterThan(0.01 * terms!.decay);
  }
});
