import { describe, expect, it } from "vitest";
import { matmul, matrix, transpose } from "../../../src/linalg/matrix.ts";
import { neuronPoints, plasticity } from "../../../src/measure/neurons/plasticity.ts";
import { Random } from "../../../src/random/random.ts";
import { diagonal, gaussian, wishart } from "../matrices.ts";

describe("plasticity against expressivity", () => {
  const H = wishart(new Random(1), 30, 12);

  it("is 1 in every form where H and G are proportional", () => {
    const G = matrix(
      12,
      12,
      H.data.map((value) => 3 * value),
    );
    for (const { value } of Object.values(plasticity(H, G))) expect(value).toBeCloseTo(1, 12);
  });

  it("tells neurons that change together from pairs that go together", () => {
    // The same correlations with other variances: H = C, G = S C S.
    const random = new Random(2);
    const scales = Array.from({ length: 12 }, () => Math.exp(1.5 * random.normal()));
    const G = matmul(matmul(diagonal(scales), H), diagonal(scales));
    const found = plasticity(H, G);
    expect(found.correlations.value).toBeCloseTo(1, 12);
    expect(Math.abs(found.logDiagonal.value!)).toBeLessThan(0.6);
    const rows = gaussian(random, 400, 12);
    const own = matmul(matmul(diagonal(scales), matmul(transpose(rows), rows)), diagonal(scales));
    const other = gaussian(random, 400, 12);
    const same = matmul(matmul(diagonal(scales), matmul(transpose(other), other)), diagonal(scales));
    const apart = plasticity(own, same);
    expect(apart.logDiagonal.value).toBeGreaterThan(0.95);
    expect(Math.abs(apart.correlations.value!)).toBeLessThan(0.4);
  });

  it("has the points of a figure: one a neuron, one a pair", () => {
    const points = neuronPoints(H, H);
    expect(points.diagonal.h).toHaveLength(12);
    expect(points.pairs.h).toHaveLength(66);
    expect(points.correlations.h).toEqual(points.correlations.g);
    expect(points.correlations.h).toHaveLength(66);
    for (const h of points.correlations.h) expect(Math.abs(h)).toBeLessThanOrEqual(1);
  });

  it("says why there is no number", () => {
    expect(plasticity(matrix(1, 1, [2]), matrix(1, 1, [3])).diagonal).toEqual({ value: null, status: "undefined-1x1" });
    expect(plasticity(matrix(3, 3), matrix(3, 3)).diagonal.status).toBe("zero-matrix");
    expect(plasticity(matrix(3, 3), matrix(3, 3)).correlations.status).toBe("undefined-1x1");
    expect(() => plasticity(matrix(2, 2), matrix(3, 3))).toThrow(/two matrices of one shape/);
  });
});
