/**
 * @file The scripts of python/examples as runs of studies: captured in PyTorch at a few small steps, ingested, and
 * judged by the studies of their figures, whose runs have the same parameters.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { terminalObserver } from "../../src/cli/progress.ts";
import { reproduceStudy } from "../../src/runner/reproduce/reproduceStudy.ts";
import type { ScoreRecord } from "../../src/studies/scoreRecord.ts";
import { studies } from "../../src/studies/studies.ts";
import type { Study, StudyRun } from "../../src/studies/study.ts";
import { testIo } from "../cli/testIo.ts";
import { hasPython, packageFolder, runPython } from "./interpreter.ts";

const root = mkdtempSync(join(tmpdir(), "crh-captured-studies-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const data = join(root, "data");
const runs = join(root, "runs");

type Values = Readonly<Record<string, number>>;
const images: Values = { width: 0.0625, batch: 4, steps: 4, samples: 6 };
const text: Values = { layers: 3, heads: 2, width: 48, context: 16, batch: 4, steps: 4, samples: 12 };

/** CIFAR-10's files with few images of noise, and a text. */
function writeData(): void {
  mkdirSync(data);
  const files = { "data_batch_1.bin": 8, "test_batch.bin": 6 };
  for (const [file, n] of Object.entries(files)) {
    const bytes = Uint8Array.from({ length: n * 3073 }, (_, i) =>
      i % 3073 === 0 ? (i / 3073) % 10 : (i * i * 31) % 251,
    );
    writeFileSync(join(data, file), bytes);
  }
  writeFileSync(
    join(data, "text.txt"),
    Array.from({ length: 2500 }, (_, i) => "abcdefgh \n.,-"[(i * i * i) % 13]).join(""),
  );
}

/** Trains a script's setting with the given values, and ingests its captures. */
async function capture(setting: string, values: Values, name: string): Promise<void> {
  const out = join(root, name);
  const words = Object.entries({ ...values, every: 1 }).flatMap(([key, value]) => [`--${key}`, String(value)]);
  const place = setting === "llm" ? join(data, "text.txt") : data;
  const script = join(packageFolder, "examples", `${setting}.py`);
  const { status, out: said } = runPython("-W", "ignore", script, "--data", place, "--out", out, ...words);
  expect(status, said).toBe(0);
  const io = testIo();
  expect(await main(["ingest", out, "--runs", runs, "--quiet"], io), io.err()).toBe(0);
}

/** A study of the paper with runs of the given size, measured at each step. */
function small(name: string, values: Values): Study {
  const study = studies.find((one) => one.name === name)!;
  const sized = (run: StudyRun): StudyRun => ({
    ...{ label: run.label, setting: run.setting, seed: run.seed },
    ...(run.keepsMoments && { keepsMoments: true }),
    ...(run.parameters?.steps === 1 ? {} : { measured: 1 }),
    parameters: { ...values, ...(run.parameters?.steps === 1 && { steps: 1 }) },
  });
  return {
    ...study,
    runs: (size) =>
      study
        .runs(size)
        .filter(({ seed }) => seed === 0)
        .map(sized),
  };
}

async function judge(study: Study): Promise<{ record: ScoreRecord; page: string }> {
  const io = testIo();
  const watcher = { observer: terminalObserver(io), signal: io.interruption() };
  const options = { size: "paper", runs, sweeps: join(root, "sweeps"), to: join(root, "reproduce") } as const;
  const { record, folder, undone } = await reproduceStudy(study, { ...options, jobs: 1, program: [] }, watcher);
  expect(undone).toBe(0);
  return { record, page: readFileSync(join(folder, "index.html"), "utf8") };
}

describe.skipIf(!hasPython)("captures of PyTorch", () => {
  beforeAll(async () => {
    writeData();
    await capture("res1", images, "res1");
    await capture("res1", { ...images, steps: 1 }, "res1-untrained");
    await capture("res2", images, "res2");
    await capture("llm", text, "llm");
  }, 300_000);

  const cases = [
    ["res1", images, ["crh/1", "crh/11", "crh/12", "crh/19", "crh/21"]],
    ["res2", images, ["crh/6", "crh/13"]],
    ["llm", text, ["crh/3", "crh/5", "crh/9", "crh/10", "crh/14", "crh/15"]],
  ] as const;
  test.each(cases.flatMap(([setting, values, names]) => names.map((name) => [name, setting, values] as const)))(
    "are what %s judges, without a run of its own",
    async (name, setting, values) => {
      const { record, page } = await judge(small(name, values));
      expect(readdirSync(root)).not.toContain("sweeps");
      for (const run of record.runs) expect(run.captured).toMatch(new RegExp(`^PyTorch [\\d.].*, ${setting}\\.py$`));
      const note = record.notes.find((words) => words.startsWith("Captured, not trained here"))!;
      expect(note).toContain("It has no accuracy");
      expect(note.includes("Views are shifted")).toBe(setting === "res2");
      expect(page).toContain("captured in PyTorch");
      expect(page).toContain("Captured, not trained here");
      expect(record.claims.length).toBeGreaterThan(0);
      for (const claim of record.claims)
        if (claim.value === null)
          expect(claim).toMatchObject({ verdict: "undecided", because: expect.stringContaining("cannot be told") });
        else expect(claim.count).toBe(1);
      expect(record.claims.filter(({ value }) => value !== null).length).toBeGreaterThan(0);
      expect(record.figures.length).toBeGreaterThan(0);
    },
    60_000,
  );
});
