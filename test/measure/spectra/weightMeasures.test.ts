import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { matrix } from "../../../src/linalg/matrix.ts";
import { nearestTails } from "../../../src/measure/spectra/nearestTails.ts";
import { weightMeasures } from "../../../src/measure/spectra/weightMeasures.ts";
import { Random } from "../../../src/random/random.ts";

interface Reference {
  name: string;
  eigenvalues: number[];
  weightwatcher: Record<string, number>;
  powerlaw: { alpha: number; xmin: number; D: number };
}

const references: Reference[] = JSON.parse(
  readFileSync(new URL("weightWatcher.json", import.meta.url), "utf8"), // written by weightWatcher.py
);

/** A matrix of these eigenvalues of W^T W. */
function diagonal(eigenvalues: readonly number[]) {
  const n = eigenvalues.length;
  const W = matrix(n, n);
  for (const [k, value] of eigenvalues.entries()) W.data[k * n + k] = Math.sqrt(value);
  return W;
}

describe("weights have the measures of WeightWatcher", () => {
  for (const { name, eigenvalues, weightwatcher: their, powerlaw } of references)
    test(name, () => {
      const found = weightMeasures(diagonal(eigenvalues));
      const { law, ranks } = found;
      const ours = {
        alpha: found.alpha,
        sigma: law?.error,
        xmin: law?.xMin,
        D: law?.distance,
        num_pl_spikes: law?.tail,
        log_norm: found.logNorm,
        log_spectral_norm: found.logSpectralNorm,
        spectral_norm: found.spectralNorm! ** 2,
        alpha_weighted: found.alphaWeighted,
        stable_rank: found.stableRank,
        entropy: Math.log(found.effectiveRank!) / Math.log(their.matrix_rank!),
      };
      for (const [key, value] of Object.entries(ours)) expect(value! / their[key]!, key).toBeCloseTo(1, 7);
      expect(ranks.dimension).toBe(their.matrix_rank);
      for (const [key, value] of Object.entries(powerlaw)) expect(value / their[key]!, key).toBeCloseTo(1, 9);
    });
});

test("the tail that is found is the nearest of all", () => {
  for (const ends of ["below", "both"] as const)
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed);
      const x = Float64Array.from({ length: 300 }, () => Math.exp(seed * random.normal())).sort();
      const all = Array.from(x.subarray(0, -1), (xMin, from) => {
        const tail = x.subarray(from);
        const alpha = 1 + tail.length / tail.reduce((sum, value) => sum + Math.log(value / xMin), 0);
        const distances = Array.from(tail, (value, i) => {
          const law = 1 - (value / xMin) ** (1 - alpha);
          const above = Math.abs(law - (i + 1) / tail.length);
          return Math.max(Math.abs(law - i / tail.length), ends === "both" ? above : 0);
        });
        return { alpha, xMin, from, distance: Math.max(...distances) };
      });
      const nearest = (tails: typeof all) =>
        tails.reduce((best, tail) => (tail.distance < best.distance ? tail : best));
      const { any, long } = nearestTails(x, { least: 2, ends });
      for (const [found, expected] of [
        [any!, nearest(all)],
        [long!, nearest(all.filter(({ xMin }) => x.at(-1)! >= 10 * xMin))],
      ] as const) {
        expect(found.from).toBe(expected.from);
        expect(found.alpha).toBeCloseTo(expected.alpha, 9);
        expect(found.distance).toBeCloseTo(expected.distance, 12);
      }
    }
});
