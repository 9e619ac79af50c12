import { describe, expect, it } from "vitest";
import { matmul, matrix, transpose } from "../../../src/linalg/matrix.ts";
import { symmetricEntriesOf } from "../../../src/measure/alignment/entrySums.ts";
import type { SideMatrix } from "../../../src/measure/alignment/relations.ts";
import { measureLayer } from "../../../src/measure/measureLayer.ts";
import { type DiagonalShare, neuronBasis } from "../../../src/measure/neurons/neuronBasis.ts";
import { addRows } from "../../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments, mergeAllLayers } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";
import { layerCase, layerOf } from "../../moments/cases.ts";
import { diagonal, rotation, wishart } from "../matrices.ts";

const n = 100;
const of = (A: SideMatrix["entries"]): SideMatrix => ({ ...(A && { entries: A }), n });
const shareOf = (A: ReturnType<typeof matrix>): DiagonalShare =>
  neuronBasis({ H: of(symmetricEntriesOf(A)), G: of(undefined) }).H;

describe("the share of a second moment on the diagonal", () => {
  const spectrum = Array.from({ length: 12 }, (_, i) => (1 + i) ** -1.2);

  it("is 1 where neurons vary by themselves, 1/d where all are one, and blind to scale", () => {
    expect(shareOf(diagonal(spectrum)).value).toBeCloseTo(1, 14);
    expect(shareOf(matrix(5, 5, new Float64Array(25).fill(3))).value).toBeCloseTo(1 / 5, 14);
    const A = wishart(new Random(1), 30, 12);
    const larger = matrix(
      12,
      12,
      A.data.map((value) => 1e180 * value),
    );
    expect(shareOf(larger).value).toBeCloseTo(shareOf(A).value!, 12);
    expect(shareOf(larger).null).toBeCloseTo(shareOf(A).null!, 12);
  });

  it("has as its null the mean over random rotations", () => {
    const random = new Random(2);
    const D = diagonal(spectrum);
    let sum = 0;
    const draws = 2000;
    for (let draw = 0; draw < draws; draw++) {
      const Q = rotation(random, 12);
      sum += shareOf(matmul(matmul(Q, D), transpose(Q))).value!;
    }
    // The share of one draw scatters by 0.07, the mean of 2,000 by 0.002.
    expect(sum / draws).toBeCloseTo(shareOf(D).null!, 2);
  });

  it("says why there is none", () => {
    const status = (A: ReturnType<typeof matrix>) => shareOf(A).status;
    expect(status(matrix(3, 3))).toBe("zero-matrix");
    expect(status(matrix(3, 3, new Float64Array(9).fill(Number.NaN)))).toBe("not-finite");
    expect(status(matrix(1, 1, [2]))).toBe("undefined-1x1");
    const { H } = neuronBasis({ H: { n: 0, status: "dead" }, G: of(undefined) });
    expect(H).toEqual({ value: null, null: null, noise: null, n: 0, status: "dead" });
  });
});

describe("of a layer", () => {
  const layer = layerCase(1, 400, 6, 5);

  it("is measured in every convention on both sides, with an error where there are groups", async () => {
    const halves = [layerOf(layer, 0, 200), layerOf(layer, 200, 400)];
    const { neuronBasis: found } = await measureLayer(layerOf(layer), halves);
    const parts = await Promise.all(halves.map(async (half) => (await measureLayer(half)).neuronBasis!));
    for (const convention of ["paper", "covariance", "raw"] as const)
      for (const side of ["a", "b"] as const)
        for (const which of ["H", "G"] as const) {
          const { value, noise } = found![convention][side]![which];
          const [x, y] = parts.map((part) => part[convention][side]![which].value!) as [number, number];
          expect(value).toBeGreaterThan(0);
          expect(noise).toBeCloseTo(Math.abs(x - y) / 2, 13);
        }
    expect(parts[0]!.raw.b.H.noise).toBeNull();
    expect(await measureLayer(layerOf(layer), [], "economy")).not.toHaveProperty("neuronBasis");
  });

  it("has an error that is its spread over samples", async () => {
    const random = new Random(5);
    const [d, sets, groups] = [8, 12, 8];
    const draw = (): LayerMoments => {
      const one = emptyLayer("x", "head", 1, d);
      const normals = (length: number) => Float64Array.from({ length }, () => random.normal());
      addRows(one, { hb: normals(50 * d), gb: normals(50 * d) });
      return one;
    };
    const shares: DiagonalShare[] = [];
    for (let set = 0; set < sets; set++) {
      const parts = Array.from({ length: groups }, draw);
      shares.push((await measureLayer(mergeAllLayers(parts), parts)).neuronBasis!.covariance.b.H);
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const centre = mean(shares.map(({ value }) => value!));
    const spread = Math.sqrt(mean(shares.map(({ value }) => (value! - centre) ** 2)));
    expect(mean(shares.map(({ noise }) => noise!)) / spread).toBeGreaterThan(0.5);
    expect(mean(shares.map(({ noise }) => noise!)) / spread).toBeLessThan(2);
    // Independent neurons: what is off the diagonal is the noise of 400 samples, d / (n + d) of all.
    expect(centre).toBeCloseTo(1 - d / (groups * 50 + d), 2);
  });
});
