/**
 * What docs/theory.md states of planted layers under Eqs. 52, 86 and 87: who has the weight, and which directions are
 * live.
 */
import { describe, expect, it } from "vitest";
import { matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { liveSubspace, singularSystem } from "../../src/measure/laws/liveSubspace.ts";
import type { PhaseLabel } from "../../src/measure/phase/phaseTable.ts";
import { leadingRows, type RowWeights, rowWeights } from "../../src/measure/phase/rowWeights.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";
import { diagonal, gaussian, rotation } from "../measure/matrices.ts";
import { mergeGroups, type PlantedOptions, plantedGroups, plantedRows } from "../measure/plantedLayers.ts";

/** Rounding of a sum of fiftieths. */
const EXACT = 1e-12;

function weightsOf(options: PlantedOptions, trivial: readonly PhaseLabel[] = []): RowWeights {
  const groups = plantedGroups({ samples: 4000, ...options }, 16);
  const { W } = mergeGroups(groups);
  return rowWeights(groups, "raw", singularSystem(W!), new Set(trivial));
}

describe("weights of rows (Eq. 87)", () => {
  it.each([24, 16])("are all with the planted row up to a disturbance of 0.1, d = 24, rank %d", (rank) => {
    for (const row of plantedRows)
      for (const noise of [0, 0.1]) {
        const weights = weightsOf({ row, d: 24, rank, noise, seed: 1 });
        expect(weights[row], `${row} at ${noise}: ${leadingRows(weights)}`).toBeCloseTo(1, 10);
      }
  });

  it("go to no row where chance alone would give it", () => {
    expect(weightsOf({ row: "9", d: 24, noise: 0.1, seed: 1 }, ["9"])["no row"]).toBeCloseTo(1, 10);
  });

  it("of crh are with row 2, which crh implies, at a disturbance of 0.3 and rank 16", () => {
    expect(weightsOf({ row: "crh", d: 24, rank: 16, noise: 0.3, seed: 1 })["2"]).toBeCloseTo(1, 10);
  });

  it("add up to 1, and are never those of another row under noise that no row explains", () => {
    for (const row of ["4", "6", "8", "9", "b"] as const)
      for (const noise of [0.3, 0.5, 0.8]) {
        const weights = weightsOf({ row, d: 24, noise, seed: 2 });
        expect(Math.abs(Object.values(weights).reduce((sum, share) => sum + share, 0) - 1)).toBeLessThan(EXACT);
        expect(weights[row] + weights["no row"], `${row} at ${noise}`).toBeCloseTo(1, 10);
      }
  });

  it("are with no row for unrelated matrices", () => {
    for (const d of [12, 24, 40])
      for (let seed = 0; seed < 5; seed++)
        expect(weightsOf({ row: "none", d, seed })["no row"], `d ${d}, seed ${seed}`).toBeCloseTo(1, 10);
  });
});

describe("the live subspace (Eq. 86)", () => {
  const [d, used, n] = [20, 12, 2000];
  /**
   * 12 singular values from 1 to 10^-slope and 8 of 1e-2; h_a and g_b have `rest` of their variance in the directions
   * of the small ones.
   */
  const layerWith = (restH: number, restG: number, slope: number) => {
    const random = new Random(86);
    const [U, V] = [rotation(random, d), rotation(random, d)];
    const sizes = Array.from({ length: d }, (_, i) => (i < used ? 10 ** ((-slope * i) / (used - 1)) : 1e-2));
    const W = matmul(matmul(U, diagonal(sizes)), transpose(V));
    const rows = (rest: number, basis: typeof U) => {
      const X = gaussian(random, n, d);
      X.data.forEach((value, k) => {
        X.data[k] = value * (k % d < used ? 1 : Math.sqrt((rest * used) / (d - used) / (1 - rest)));
      });
      return matmul(X, transpose(basis));
    };
    const [ha, gb] = [rows(restH, V), rows(restG, U)];
    const hb = matmul(ha, transpose(W));
    const layer = emptyLayer("layer", "linear", d, d, matrix(d, d, W.data));
    addRows(layer, { ha: ha.data, hb: hb.data, gb: gb.data });
    return { layer, Z: singularSystem(layer.W!) };
  };

  it("leaves out directions that hold less than a hundredth of H and G, and what they span", () => {
    const { layer, Z } = layerWith(0.002, 0.002, 1);
    expect(liveSubspace(layer, Z)).toMatchObject({ rank: used, rangeRank: d, share: 0.99 });
    expect(liveSubspace(layer, Z).decades).toBeCloseTo(2, 6);
  });

  it("leaves out the tail behind a flat spectrum, whatever has a part in it", () => {
    const { layer, Z } = layerWith(0.002, 0.05, 0);
    expect(liveSubspace(layer, Z).rank).toBe(used);
    expect(liveSubspace(layer, Z).decades).toBeCloseTo(0, 6);
  });

  it("keeps directions of small weights behind a slope where G_b alone has a part in them", () => {
    const { layer, Z } = layerWith(0.002, 0.05, 1);
    const live = liveSubspace(layer, Z);
    expect(live.rank).toBeGreaterThan(used);
    expect(live.decades).toBeCloseTo(4, 6);
  });

  it("grows with the share, and is the whole range without sums", () => {
    const { layer, Z } = layerWith(0.02, 0.02, 1);
    const ranks = [0.95, 0.99, 0.999].map((share) => liveSubspace(layer, Z, share).rank);
    expect(ranks).toEqual(ranks.toSorted((x, y) => x - y));
    expect(ranks[0]).toBeLessThan(ranks[2]!);
    expect(liveSubspace(emptyLayer("bare", "linear", d, d, layer.W!), Z).rank).toBe(d);
  });
});
