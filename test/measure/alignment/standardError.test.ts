/**
 * The standard error and the corrected value of relations against disjoint sets of samples, on planted rows; of trained
 * networks docs/log.md has the numbers. CRH_SEEDS=<n> takes so many layers in place of 2.
 */
import { expect, it } from "vitest";
import { type LayerAlignment, measureLayer } from "../../../src/measure/measureLayer.ts";
import type { LayerMoments } from "../../../src/moments/moments.ts";
import { mergeGroups, plantedLayer } from "../plantedLayers.ts";
import { equalGroups, rowGroups } from "../plantedRows.ts";

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

const measured = async (parts: readonly LayerMoments[]) =>
  cells(await measureLayer(mergeGroups(parts), parts, "economy"));

it("+- is the spread over disjoint sets of samples, and the corrected value has lost most of the bias of few", async () => {
  const ratios: number[] = [];
  const bias = { plain: [] as number[], corrected: [] as number[] };
  for (let seed = 0; seed < layers; seed++) {
    const row = seed % 2 === 0 ? "none" : "6";
    const options = { row, d: 24, rank: 16, seed, noise: 0.3, mean: 0.6, bias: true } as const;
    const all = rowGroups({ ...options, samples: 120 * sets, groups: new Array(sets * groups).fill(1) });
    const found: Awaited<ReturnType<typeof measured>>[] = [];
    for (let s = 0; s < sets; s++) found.push(await measured(all.slice(s * groups, (s + 1) * groups)));
    const truth = await measured(all);
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

it.each(["elliptical", "elementwise"] as const)(
  "the corrected value of heavy-tailed rows (%s) has lost most of the bias, and is nearer to the truth than the plain one",
  async (tails) => {
    const bias = { plain: [] as number[], corrected: [] as number[] };
    const squares = { plain: [] as number[], corrected: [] as number[] };
    const draws = 60;
    for (let seed = 0; seed < layers; seed++) {
      const row = seed % 2 === 0 ? "8" : "none";
      const options = { row, d: 24, rank: 16, seed, noise: 0.3, tails } as const;
      const all = rowGroups({ ...options, samples: 120 * draws, groups: equalGroups(draws * groups) });
      const truth = covariances(await measureLayer(plantedLayer(options), [], "economy"));
      const found: ReturnType<typeof covariances>[] = [];
      for (let s = 0; s < draws; s++) {
        const parts = all.slice(s * groups, (s + 1) * groups);
        found.push(covariances(await measureLayer(mergeGroups(parts), parts, "economy")));
      }
      truth.forEach(({ value }, i) => {
        const off = (key: "value" | "corrected") => found.map((of) => of[i]![key]! - value!);
        bias.plain.push(Math.abs(mean(off("value"))));
        bias.corrected.push(Math.abs(mean(off("corrected"))));
        squares.plain.push(mean(off("value").map((x) => x * x)));
        squares.corrected.push(mean(off("corrected").map((x) => x * x)));
      });
    }
    expect(mean(bias.plain)).toBeGreaterThan(0.03);
    expect(mean(bias.corrected)).toBeLessThan(mean(bias.plain) / 3);
    expect(mean(squares.corrected)).toBeLessThan(mean(squares.plain) / 1.5);
  },
);

/** The six relations by covariances. */
function covariances({ alignment: { covariance } }: LayerAlignment) {
  return (["a", "b"] as const).flatMap((side) => Object.values(covariance[side]!));
}
