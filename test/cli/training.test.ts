/**
 * @file How `crh run` trains, with the built program: evaluations between measurements, the best checkpoint, long runs.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { evaluatedIn } from "../../src/runner/training/evaluations.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { idxSet, writeIdxSet } from "../settings/idxSet.ts";
import { expectOneLine, onlyRun, readJson, resultsOf, TINY, workplace } from "./builtProgram.ts";

const { dir, crh, start } = workplace();
const files = idxSet();
/** Number of test labels: bytes 4 to 7 of their file. */
const TESTED = Buffer.from(files.get("t10k-labels-idx1-ubyte")!).readUInt32BE(4);

beforeAll(() => writeIdxSet(join(dir, "set"), files));

const mlp = ["run", "mlp", "hidden=10", "batch=20", "samples=30", "--data", "set"];

test("--evaluate-every 10 evaluates the whole test set between the measurements, in metrics, progress and report", async () => {
  const words = ["--steps", "60", "--every", "60", "--evaluate-every", "10", "--out", "evaluated"];
  const { code } = await crh(...mlp, ...words);
  expect(code).toBe(0);
  const run = openRun(onlyRun(join(dir, "evaluated")));
  const metrics = run.metrics();
  for (const name of ["eval/loss", "eval/accuracy", "eval/samples"])
    expect(metrics.filter((row) => row.name === name).map(({ step }) => step)).toEqual([0, 10, 20, 30, 40, 50, 60]);
  expect(metrics.find(({ name }) => name === "eval/samples")?.value).toBe(TESTED);
  expect(run.snapshots().map(({ step }) => step)).toEqual([0, 60]);
  expect(readJson(run.dir, "config.json").run).toMatchObject({ evaluateEvery: 10 });
  expect(readFileSync(join(run.dir, "report.html"), "utf8")).toContain(`evaluation on ${TESTED} samples`);
});

test("an evaluation is one phrase with its number of samples", () => {
  const rows = (values: Record<string, number>) =>
    Object.entries(values).map(([name, value]) => ({ step: 1, name: `eval/${name}`, value }));
  expect(evaluatedIn(rows({ loss: 0.31214, accuracy: 0.912, samples: 10_000 }))).toBe(
    "evaluated 0.3121, 91.20 % right on 10,000",
  );
  expect(evaluatedIn(rows({ loss: 1.5, accuracy: 0.5, perplexity: 4.4817, samples: 512 }))).toBe(
    "evaluated 1.500, perplexity 4.482 on 512",
  );
  expect(evaluatedIn([{ step: 1, name: "train/loss", value: 1 }])).toBeUndefined();
});

test("the best evaluation's checkpoint stays beside --keep 1, and the run can go on from it to the same end", async () => {
  const words = [
    "--steps",
    "60",
    "--every",
    "60",
    "--evaluate-every",
    "5",
    "--moments",
    "all",
    "--quiet",
    "--out",
    "best",
  ];
  const checkpoints = ["--checkpoint-every", "30", "--keep", "1", "--keep-best", "accuracy"];
  const { code, out } = await crh(...mlp, "lr=0.1", ...words, ...checkpoints);
  expect(code).toBe(0);
  const run = openRun(onlyRun(join(dir, "best")));
  const accuracies = run.metrics().filter(({ name }) => name === "eval/accuracy");
  const best = accuracies.reduce((most, row) => (row.value > most.value ? row : most));
  expect(best.step).toBeGreaterThan(0);
  expect(best.step).toBeLessThan(60); // the first of those without an error
  expect(run.bestOnes().map(({ step }) => step)).toEqual([best.step]);
  expect(run.checkpoints().map(({ step }) => step)).toEqual([60]);
  expect(out).toContain(`best evaluation: accuracy 100.00 % at step ${best.step}, whose checkpoint is kept\n`);
  const before = resultsOf(run.dir);
  run.update({ status: "interrupted" });
  expect((await crh("resume", run.dir, "--from", String(best.step), "--quiet")).code).toBe(0);
  const after = resultsOf(run.dir);
  expect([...after.keys()]).toEqual([...before.keys()]);
  for (const [path, content] of after) expect(content === before.get(path), `${path} is the same`).toBe(true);
});

test("--keep-best none keeps none; accuracy is refused where there is none", async () => {
  const words = [...mlp, "--steps", "5", "--quiet", "--keep-best"];
  expect((await crh(...words, "none", "--out", "none")).code).toBe(0);
  expect(readdirSync(onlyRun(join(dir, "none")))).not.toContain("best");
  expectOneLine(
    await crh(...words, "accuracy", "objective=mse"),
    2,
    /^crh run: expected --keep-best loss or none, got accuracy, which the objective mse does not have$/m,
  );
});

test("a run that would take more than an hour stops at once without --yes, and goes on with it", async () => {
  const long = ["fc2", ...TINY, "--steps", "1e9", "--checkpoint-every", "1e8", "--out", "long"];
  expectOneLine(
    await crh("run", ...long, "--quiet"),
    2,
    /^crh run: expected --yes for an estimated time of .* \(1,000,000,000 steps and \d+ measurements\), .* continue with crh resume \S+ --yes$/m,
  );
  const run = onlyRun(join(dir, "long"));
  const { status, step } = openRun(run).info();
  expect(status).toBe("interrupted");
  expect(openRun(run).checkpoints()[0]?.step).toBe(step);
  const { child, ended } = start(["resume", run, "--yes"]);
  let said = "";
  child.stderr!.on("data", (text: string) => {
    said += text;
    if (said.includes("estimated time: ")) child.kill("SIGINT"); // it is said while training goes on
  });
  const { code, err } = await ended;
  expect(code).toBe(130);
  expect(err).toMatch(/\nestimated time: \d+ [hd] .* for 1,000,000,000 steps and \d+ measurements\n/);
  expect(openRun(run).info().step).toBeGreaterThan(step);
});
