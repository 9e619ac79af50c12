/** @file Layers measured in the built program's threads, where the engine multiplies, against the same in this one. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leadingTolerance } from "../../src/linalg/leadingEigenvalues.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { type Snapshot, snapshot } from "../../src/measure/snapshot.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type Moments } from "../../src/moments/moments.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { Random } from "../../src/random/random.ts";
import { freshHome } from "../leftBehind.ts";
import { workplace } from "./builtProgram.ts";

/** Digits of eigenvalues in a snapshot. */
const DIGITS = 1e-5;

/** Wide enough that leading eigenvalues are looked for in a space of fewer dimensions, with products of the engine. */
const [wide, narrow, n] = [1300, 12, 320];
const { dir, start } = workplace();

test("the leading eigenvalues and relations of wide layers are those of this project's own products", async () => {
  const random = new Random(8);
  const rows = (d: number) => Float64Array.from({ length: n * d }, (_, i) => random.normal() / (1 + (i % d)) ** 1.2);
  const W = matrix(
    wide,
    narrow,
    Float64Array.from({ length: wide * narrow }, () => random.normal()),
  );
  const layers = [emptyLayer("narrow", "linear", narrow, narrow), emptyLayer("wide", "linear", narrow, wide, W)];
  for (const layer of layers)
    addRows(layer, { ha: rows(narrow), hb: rows(layer.dOut), gb: rows(layer.dOut), ga: rows(narrow) });
  const moments: Moments = { step: 0, objective: "mse", source: "s", layers };
  writeFileSync(join(dir, "wide.safetensors"), encodeMoments(moments));
  const { env, files } = freshHome();
  const { out, err } = await start(["ingest", "wide.safetensors", "--json"], env).ended;
  expect(err).not.toContain("crh:");
  expect(files()).toEqual([]); // the engine of a thread keeps its telemetry off (test/engine/telemetry.test.ts)
  const found = JSON.parse(out) as Snapshot;
  const [expected, layer] = [await snapshot(moments), found].map(
    ({ layers }) => layers.find(({ name }) => name === "wide")!,
  );
  for (const convention of ["paper", "covariance", "raw"] as const) {
    for (const which of ["H", "G"] as const) {
      const [x, y] = [expected!, layer!].map(({ spectra }) => spectra![convention].b[which].values);
      expect(y).toHaveLength(convention === "raw" ? 16 : 256);
      x!.forEach((value, k) => {
        expect(Math.abs(y![k]! - value)).toBeLessThanOrEqual(DIGITS * value + leadingTolerance * x![0]!);
      });
    }
    for (const relation of ["rwa", "gwa"] as const)
      expect(layer!.alignment[convention].b[relation].value).toBeCloseTo(
        expected!.alignment[convention].b[relation].value!,
        9,
      );
  }
});
