/** @file Images that a network makes, from `crh run` to the report, with the built program. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lastWeights } from "../../src/runner/records/lastWeights.ts";
import { picturesOf } from "../../src/runner/records/pictures.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { onlyRun, workplace } from "../cli/builtProgram.ts";
import { idxSet, writeIdxSet } from "../settings/idxSet.ts";

const { dir, crh } = workplace();

test("crh run vae --preset mnist leaves images in records/pictures.json and in the report, and says what is active", async () => {
  writeIdxSet(join(dir, "set"), idxSet());
  const size = ["hidden=8", "latent=2", "batch=10", "--steps", "20", "--every", "20"];
  const words = ["run", "vae", "--preset", "mnist", ...size, "--data", "set", "--out", "vae", "--quiet"];
  const { code, out } = await crh(...words);
  expect(code).toBe(0);
  expect(out).toContain("active");
  const run = openRun(onlyRun(join(dir, "vae")));
  const record = picturesOf(run)!;
  expect(record.step).toBe(20);
  expect(record.groups.map(({ width, height, count }) => [width, height, count])).toEqual([
    [4, 4, 64],
    [4, 4, 64],
  ]);
  expect(readFileSync(join(run.dir, "report.html"), "utf8")).toContain("Images made by the decoder");
  expect(lastWeights(run).get("decoder.0.weight")).toMatchObject({ rows: 8, cols: 2 });
});
