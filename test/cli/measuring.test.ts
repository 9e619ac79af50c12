/** @file Layers measured in the built program's threads, where the engine multiplies, against the same in this one. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Snapshot, snapshot } from "../../src/measure/snapshot.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type Moments } from "../../src/moments/moments.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { Random } from "../../src/random/random.ts";
import { workplace } from "./builtProgram.ts";

/** Digits of eigenvalues in a snapshot. */
const DIGITS = 1e-5;

const [wide, narrow, n] = [1030, 12, 320];
const { dir, crh } = workplace();

test("the leading eigenvalues of wide layers are those of this project's own products", async () => {
  const random = new Random(8);
  const layers = ["x", "y"].map((name) => {
    const layer = emptyLayer(name, "linear", narrow, wide);
    const rows = (d: number) => Float64Array.from({ length: n * d }, (_, i) => random.normal() / (1 + (i % d)) ** 1.2);
    addRows(layer, { ha: rows(narrow), hb: rows(wide), gb: rows(wide), ga: rows(narrow) });
    return layer;
  });
  const moments: Moments = { step: 0, objective: "mse", source: "s", layers };
  writeFileSync(join(dir, "wide.safetensors"), encodeMoments(moments));
  const { out, err } = await crh("ingest", "wide.safetensors", "--json");
  expect(err).not.toContain("crh:");
  const found = JSON.parse(out) as Snapshot;
  snapshot(moments).layers.forEach(({ spectra }, i) => {
    const other = found.layers[i]!.spectra!;
    for (const convention of ["paper", "raw"] as const)
      for (const which of ["H", "G"] as const) {
        const [x, y] = [spectra![convention].b[which].values, other[convention].b[which].values];
        expect(y).toHaveLength(256);
        x.forEach((value, k) => {
          expect(Math.abs(y[k]! - value)).toBeLessThanOrEqual(DIGITS * value + 1e-9 * x[0]!);
        });
      }
  });
});
