import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identity, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";
import { collapseUnderNoise, localCollapse } from "../../src/symmetry/collapse.ts";
import { permutationMinimum, rescalingMinimum, signMinimum } from "../../src/symmetry/thresholds.ts";
import { combined, normals } from "./cases.ts";

describe("localCollapse", () => {
  it("has the critical penalties of the losses whose minima are known", () => {
    const moments = { xx: 1.7, xy: 0.6 };
    const sign = localCollapse(matrix(1, 1, [-4 * moments.xy]), identity(1), 0);
    expect(sign.critical).toBeCloseTo(signMinimum(moments, 0).critical, 14);
    // at u = w = 0 the Hessian of E[(u w x - y)^2] is -2 E[xy] beside the diagonal
    const product = matrix(2, 2, [0, -2 * moments.xy, -2 * moments.xy, 0]);
    expect(localCollapse(product, identity(2), 0).critical).toBeCloseTo(rescalingMinimum(moments, 0).critical, 14);
    // at u = w that of ((u - w)^2 - a)^2 is -4 a (1 -1; -1 1), and O = (1, -1) / sqrt 2
    const a = 0.8;
    const exchange = matrix(2, 2, [-4 * a, 4 * a, 4 * a, -4 * a]);
    const O = matrix(2, 1, [Math.SQRT1_2, -Math.SQRT1_2]);
    expect(localCollapse(exchange, O, 0).critical).toBeCloseTo(permutationMinimum(a, 0).critical, 14);
  });

  it("collapses above the critical penalty and not below, along the direction that it names", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 2, max: 6 }), (seed, d) => {
        const random = new Random(seed);
        const half = normals(random, d, d);
        const H = combined(0.5, half, 0.5, transpose(half));
        H.data[0] = -1 - Math.abs(H.data[0]!);
        const O = matrix(d, d - 1);
        for (let k = 0; k < d - 1; k++) O.data[k * (d - 1) + k] = 1; // the first d - 1 parameters
        const { critical, direction } = localCollapse(H, O, 0);
        const n = matrix(d, 1, direction);
        const along = matmul(transpose(n), matmul(H, n)).data[0]!;
        expect(along).toBeCloseTo(-2 * critical, 10);
        expect(Math.hypot(...direction)).toBeCloseTo(1, 12);
        expect(direction[d - 1]).toBe(0);
        expect(localCollapse(H, O, critical * 1.001).collapses).toBe(true);
        expect(localCollapse(H, O, critical * 0.999).collapses).toBe(false);
        for (let trial = 0; trial < 20; trial++) {
          const m = matmul(O, normals(random, d - 1, 1));
          const square = m.data.reduce((sum, x) => sum + x * x, 0);
          expect(matmul(transpose(m), matmul(H, m)).data[0]! / square).toBeGreaterThan(along - 1e-10);
        }
      }),
    );
  });

  it("refuses columns that are not orthonormal", () => {
    const message = "localCollapse: expected O with orthonormal columns, got others; orthonormalise them";
    expect(() => localCollapse(identity(2), matrix(2, 1, [1, 1]), 0)).toThrow(message);
    expect(() => localCollapse(identity(2), matrix(2, 0), 0)).toThrow(message);
    expect(() => localCollapse(identity(2), identity(3), 0)).toThrow("expected O of 2 x 3, got 3 x 3");
    expect(() => localCollapse(identity(2), identity(2), -1)).toThrow("expected penalty of at least 0, got -1");
  });
});

describe("collapseUnderNoise", () => {
  const random = new Random(7);

  it("is the rate at which explicit steps approach the symmetric point", () => {
    const curvatures = Array.from({ length: 4000 }, () => -0.05 + 2 * random.normal());
    const options = { eta: 0.2, penalty: 0.01 };
    const found = collapseUnderNoise(curvatures, options);
    let log = 0;
    for (const h of curvatures) {
      const s = 1e-3;
      log += Math.log(Math.abs((s - options.eta * (h * s + 2 * options.penalty * s)) / s));
    }
    expect(found.exponent).toBeCloseTo(log / 4000, 12);
    expect(found.collapses).toBe(true);
  });

  it("collapses by noise alone where the mean curvature drives away, and not without the noise", () => {
    const spread = Array.from({ length: 1000 }, (_, i) => -0.05 + (i % 2 ? 1 : -1));
    expect(collapseUnderNoise(spread, { eta: 0.3 }).collapses).toBe(true);
    expect(collapseUnderNoise(spread, { eta: 0.01 }).collapses).toBe(false);
    const still = new Float64Array(1000).fill(-0.05);
    expect(collapseUnderNoise(still, { eta: 0.3 }).collapses).toBe(false);
    expect(collapseUnderNoise(still, { eta: 0.3, penalty: 0.03 }).collapses).toBe(true);
  });

  it("agrees with its second order up to the third power of the rate", () => {
    const curvatures = Array.from({ length: 500 }, () => 0.2 + random.normal());
    const gap = (eta: number) => {
      const { exponent, secondOrder } = collapseUnderNoise(curvatures, { eta, penalty: 0.1 });
      return Math.abs(exponent - secondOrder);
    };
    const ratio = gap(0.02) / gap(0.01);
    expect(ratio).toBeGreaterThan(6);
    expect(ratio).toBeLessThan(10);
  });

  it("is minus infinity where a step lands on the symmetric point, and refuses no curvatures", () => {
    expect(collapseUnderNoise([2], { eta: 0.5 }).exponent).toBe(Number.NEGATIVE_INFINITY);
    expect(() => collapseUnderNoise([], { eta: 0.5 })).toThrow("expected curvatures of batches, got none");
    expect(() => collapseUnderNoise([1], { eta: 0 })).toThrow("expected eta above 0, got 0; it is the learning rate");
  });
});
