/** @file Every setting, small, by `crh run` as a user would: training, measurements, checkpoint, moments and report. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { settings } from "../../src/settings/settings.ts";
import { writeCifarSet } from "../settings/cifarSet.ts";
import { idxSet, writeIdxSet } from "../settings/idxSet.ts";
import { testIo } from "./testIo.ts";

const root = mkdtempSync(join(tmpdir(), "crh-every-setting-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (name: string): string => {
  mkdirSync(join(root, name), { recursive: true });
  return join(root, name);
};
const images = at("images");
writeCifarSet(images);
const digits = at("digits");
writeIdxSet(digits, idxSet());
const text = at("text");
writeFileSync(join(text, "text.txt"), "to be or not to be, that is the question\n".repeat(200));

/** What makes a setting small, and the data it reads. */
const small: Readonly<Record<string, readonly string[]>> = {
  fc1: ["width=12", "depth=2", "inputs=8", "batch=10", "samples=60"],
  fc2: ["width=12", "depth=2", "inputs=8", "outputs=3", "batch=10", "samples=60"],
  mlp: ["hidden=12,12", "batch=10", "--data", digits],
  llm: ["layers=2", "heads=2", "width=16", "context=16", "batch=4", "samples=20", "validation=8", "--data", text],
  res1: ["width=0.0625", "batch=20", "samples=20", "--data", images],
  res2: ["width=0.0625", "batch=20", "samples=20", "--data", images],
  twopoint: ["width=12", "depth=3", "layer=1"],
  "twopoint-mnist": ["width=12", "--data", digits],
  "twopoint-xor": ["width=12"],
  "twopoint-blobs": ["width=12"],
  scalar: [],
  factorization: [],
  "deep-linear": ["width=12"],
  "deep-linear-mnist": ["width=12", "--data", digits],
  "rank-one": [],
  tanh2: [],
  "low-rank": [],
  "simclr-linear": [],
  vae: [],
};

test("every setting is among them", () => {
  expect(Object.keys(small)).toEqual(settings.map(({ name }) => name));
});

test.each(settings.map(({ name }) => name))("%s runs to its report", { timeout: 120_000 }, async (name) => {
  const io = testIo();
  const runs = join(root, "runs", name);
  const words = ["run", name, ...small[name]!, "--steps", "6", "--every", "3", "--checkpoint-every", "2"];
  const code = await main([...words, "--runs", runs, "--threads", "1", "--yes", "--quiet"], io);
  expect([code, io.err()]).toEqual([0, expect.not.stringContaining("this is a bug")]);
  const [id] = readdirSync(runs).filter((entry) => !entry.startsWith("."));
  const run = openRun(join(runs, id!));
  expect(run.info()).toMatchObject({ status: "finished", step: 6 });
  expect(readdirSync(run.dir)).toContain("report.html");
  if (name === "twopoint" || name === "twopoint-xor") return; // are followed, not measured
  expect(run.snapshotSteps()).toEqual([0, 3, 6]);
  expect(run.momentSteps()).toEqual([6]);
  expect(run.moments(6)!.layers.length).toBeGreaterThan(0);
});
