/**
 * The standard error and the corrected value of relations against disjoint sets of samples, on planted rows; of trained networks
 * docs/log.md has the numbers. CRH_SEEDS=<n> takes so many layers in place of 2.
 */
import { expect, it } from "vitest";
import { type LayerAlignment, measureLayer } from "../../src/measure/measureLayer.ts";
import type { LayerMoments } from "../../src/moments/moments.ts";
import { mergeGroups } from "./plantedLayers.ts";
import { rowGroups } from "./plantedRows.ts";

const layers = Number(process.env.CRH_SEEDS ?? 2);
const [sets, groups] = [24, 16];
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Every relation of a layer: value, standard error, corrected value. */
function cells({ alignment }: LayerAlignment): { value: number; noise: number; corrected: number }[] {
  return (["paper", "covariance", "raw"] as const).flatMap((convention) =>
    (["a", "b"] as const).flatMap((side) =>
      (["rga", "rwa", "gwa"] as const).map((relation) => {
        const { value, noise, corrected } = alignment[convention][side]![relation];
        return { value: value!, noise: noise!, corrected: corrected! };
      }),
    ),
  );
}

const measured = (parts: readonly LayerMoments[]) => cells(measureLayer(mergeGroups(parts), parts, "economy"));

it("+- is the spread over disjoint sets of samples, and the corrected value has lost most of the bias of few", () => {
  const ratios: number[] = [];
  const bias = { plain: [] as number[], corrected: [] as number[] };
  for (let seed = 0; seed < layers; seed++) {
    const row = seed % 2 === 0 ? "none" : "6";
    const options = { row, d: 24, rank: 16, seed, noise: 0.3, mean: 0.6, bias: true } as const;
    const all = rowGroups({ ...options, samples: 120 * sets, groups: new Array(sets * groups).fill(1) });
    const found = Array.from({ length: sets }, (_, s) => measured(all.slice(s * groups, (s + 1) * groups)));
    const truth = measured(all);
    truth.forEach((cell, i) => {
      const values = found.map((of) => of[i]!.value);
      const centre = mean(values);
      const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (sets - 1));
      ratios.push(mean(found.map((of) => of[i]!.noise)) / spread);
      bias.plain.push(Math.abs(centre - cell.corrected));
      bias.corrected.push(Math.abs(mean(found.map((of) => of[i]!.corrected)) - cell.corrected));
    });
  }
  const middle = ratios.toSorted((x, y) => x - y)[ratios.length >> 1]!;
  expect(middle).toBeGreaterThan(0.7);
  expect(middle).toBeLessThan(1.5);
  expect(Math.min(...ratios)).toBeGreaterThan(0.4);
  expect(Math.max(...ratios)).toBeLessThan(2.5);
  expect(mean(bias.plain)).toBeGreaterThan(0.01);
  expect(mean(bias.corrected)).toBeLessThan(mean(bias.plain) / 3);
});
