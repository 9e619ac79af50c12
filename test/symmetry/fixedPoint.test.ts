import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frobenius, gram, identity, type Matrix, matmul, matrix, trace, transpose } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";
import { charge } from "../../src/symmetry/charge.ts";
import { noiseCurrent, noiseFixedPoint } from "../../src/symmetry/fixedPoint.ts";
import { combined, normals } from "./cases.ts";

/** e^(c A) by its series, halved first and squared back. */
function exponential(A: Matrix, c: number): Matrix {
  const scaled = combined(c / 1024, A, 0, A);
  let [sum, term] = [identity(A.rows), identity(A.rows)];
  for (let k = 1; k < 20; k++) {
    term = combined(1 / k, matmul(term, scaled), 0, scaled);
    sum = combined(1, sum, 1, term);
  }
  for (let k = 0; k < 10; k++) sum = matmul(sum, sum);
  return sum;
}

const anyCase = fc.record({ seed: fc.integer({ min: 0, max: 1e6 }), d: fc.integer({ min: 2, max: 6 }) });

/** A generator with eigenvalues of both signs, and a full covariance. */
function generatorAndNoise({ seed, d }: { seed: number; d: number }) {
  const random = new Random(seed);
  const half = normals(random, d, d);
  const A = combined(0.5, half, 0.5, transpose(half));
  A.data[0] = Math.abs(A.data[0]!) + 0.1; // a diagonal entry of either sign: eigenvalues of either sign
  A.data[d * d - 1] = -Math.abs(A.data[d * d - 1]!) - 0.1;
  return { A, noise: gram(normals(random, d + 2, d), "a"), random };
}

describe("noiseCurrent", () => {
  it("is Tr[Sigma(lambda) A] with the noise turned by the exponential itself", () => {
    fc.assert(
      fc.property(anyCase, fc.double({ min: -1, max: 1, noNaN: true }), (drawn, lambda) => {
        const { A, noise } = generatorAndNoise(drawn);
        const E = exponential(A, -lambda);
        const moved = matmul(matmul(E, noise), E);
        const plain = trace(matmul(moved, A));
        expect(Math.abs(noiseCurrent(A, noise, lambda) - plain)).toBeLessThan(1e-10 * frobenius(moved) * frobenius(A));
      }),
    );
  });

  it("falls in lambda while the charge rises", () => {
    fc.assert(
      fc.property(anyCase, fc.double({ min: -1, max: 1, noNaN: true }), (drawn, lambda) => {
        const { A, noise, random } = generatorAndNoise(drawn);
        expect(noiseCurrent(A, noise, lambda + 0.01)).toBeLessThan(noiseCurrent(A, noise, lambda));
        const theta = normals(random, drawn.d, 1);
        const at = (c: number) => charge(matmul(exponential(A, c), theta).data, A);
        expect(at(lambda + 0.01)).toBeGreaterThan(at(lambda));
      }),
    );
  });
});

describe("noiseFixedPoint", () => {
  const lambdaOf = (A: Matrix, noise: Matrix): number => noiseFixedPoint(A, noise).lambda ?? Number.NaN;

  it("is the only root, and attracts from both sides", () => {
    fc.assert(
      fc.property(anyCase, fc.double({ min: 1e-3, max: 3, noNaN: true }), (drawn, away) => {
        const { A, noise } = generatorAndNoise(drawn);
        const lambda = lambdaOf(A, noise);
        expect(noiseCurrent(A, noise, lambda - away)).toBeGreaterThan(0);
        expect(noiseCurrent(A, noise, lambda + away)).toBeLessThan(0);
        expect(noiseCurrent(A, noise, lambda - 1e-9)).toBeGreaterThan(noiseCurrent(A, noise, lambda + 1e-9));
        expect(noiseCurrent(A, noise, lambda - 1e-9) * noiseCurrent(A, noise, lambda + 1e-9)).toBeLessThan(0);
      }),
    );
  });

  it("moves back by as much as the parameters are moved along the symmetry", () => {
    fc.assert(
      fc.property(anyCase, fc.double({ min: -0.5, max: 0.5, noNaN: true }), (drawn, mu) => {
        const { A, noise } = generatorAndNoise(drawn);
        const E = exponential(A, -mu);
        const moved = matmul(matmul(E, noise), E);
        const exact = combined(0.5, moved, 0.5, transpose(moved));
        expect(Math.abs(lambdaOf(A, exact) - (lambdaOf(A, noise) - mu))).toBeLessThan(1e-8);
      }),
    );
  });

  it("is log(s_u / s_w) / 4 for rescaling of two weights, however far that is", () => {
    const A = matrix(2, 2, [1, 0, 0, -1]);
    for (const ratio of [1, 9, 1e-6, 1e10]) {
      const noise = matrix(2, 2, [ratio, 0.3 * Math.sqrt(ratio), 0.3 * Math.sqrt(ratio), 1]);
      expect(Math.abs(lambdaOf(A, noise) - Math.log(ratio) / 4)).toBeLessThan(1e-12);
    }
  });

  it("is |u| = |w| for a product of two weights, where explicit steps of SGD lead", () => {
    const random = new Random(9);
    let [u, w] = [2, 0.3];
    // gradients of (u w x - y)^2 are g (w, u), so the noise of u is to that of w as w^2 to u^2
    const noise = matrix(2, 2, [w * w, u * w, u * w, u * u]);
    const lambda = lambdaOf(matrix(2, 2, [1, 0, 0, -1]), noise);
    expect(Math.abs(u * Math.exp(lambda) - w * Math.exp(-lambda))).toBeLessThan(1e-12);
    const before = Math.abs(u * u - w * w);
    for (let step = 0; step < 4000; step++) {
      const x = random.normal();
      const g = 2 * (u * w * x - (x + random.normal())) * x;
      [u, w] = [u - 0.03 * g * w, w - 0.03 * g * u];
    }
    expect(Math.abs(u * u - w * w) / before).toBeLessThan(1e-3);
  });

  it("flows to infinity where noise is on one side of A alone, as for scale invariance, A = I", () => {
    const noise = gram(normals(new Random(4), 5, 3), "a");
    expect(noiseFixedPoint(identity(3), noise)).toEqual({ status: "flows to infinity", direction: 1, lambda: null });
    const minus = combined(-1, identity(3), 0, identity(3));
    expect(noiseFixedPoint(minus, noise)).toEqual({ status: "flows to infinity", direction: -1, lambda: null });
    // noise on the first of two weights alone, in a basis where rounding hides the zero
    const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
    const R = matrix(2, 2, [c, -s, s, c]);
    const turn = (D: Matrix) => matmul(matmul(R, D), transpose(R));
    const found = noiseFixedPoint(turn(matrix(2, 2, [1, 0, 0, -1])), turn(matrix(2, 2, [2, 0, 0, 0])));
    expect(found).toEqual({ status: "flows to infinity", direction: 1, lambda: null });
    expect(noiseFixedPoint(identity(3), matrix(3, 3))).toEqual({ status: "at rest everywhere", lambda: null });
  });

  it("refuses what is no generator or no covariance", () => {
    expect(() => noiseFixedPoint(matrix(2, 2, [1, 2, 0, 1]), identity(2))).toThrow("expected a symmetric A, got 0 at");
    expect(() => noiseFixedPoint(identity(2), identity(3))).toThrow("expected noise of 2 x 2, got 3 x 3");
    expect(() => noiseFixedPoint(identity(2), matrix(2, 2, [2, 0, 0, -1]))).toThrow(
      "expected noise without negative eigenvalues, got -1 along one",
    );
    expect(() => noiseCurrent(identity(2), identity(2), Number.NaN)).toThrow("expected a finite lambda, got NaN");
  });
});
