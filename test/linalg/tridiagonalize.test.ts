import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frobenius, type Matrix, matrix } from "../../src/linalg/matrix.ts";
import { rowStart, scaleTriangle, tridiagonalize } from "../../src/linalg/tridiagonalize.ts";
import { tridiagonalKernel } from "../../src/linalg/wasm/tridiagonalKernel.ts";
import { Random } from "../../src/random/random.ts";

function randomSymmetric(seed: number, n: number): Matrix {
  const random = new Random(seed);
  const A = matrix(n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) A.data[i * n + j] = A.data[j * n + i] = random.normal();
  return A;
}

function reduced(A: Matrix, vectorized: boolean) {
  const [d, e] = [new Float64Array(A.rows), new Float64Array(A.rows)];
  const a = scaleTriangle(A, 1);
  tridiagonalize(a, d, e, vectorized);
  return { a, d, e };
}

function worst(x: Float64Array, y: Float64Array): number {
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i]!)), 0);
}

/**
 * Two orders of summation, through n steps that a small row makes worse: measured 1e-11 at most, beside differences of
 * about 1.
 */
const tolerance = 1e-9;

describe("tridiagonalization", () => {
  it("is the same with and without vector instructions, at every remainder of its blocks", () => {
    expect(tridiagonalKernel(8, 2)).not.toBeNull();
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 60 }), (seed, n) => {
        const A = randomSymmetric(seed, n);
        const [found, twin] = [reduced(A, true), reduced(A, false)];
        expect(worst(found.d, twin.d)).toBeLessThan(tolerance);
        expect(worst(found.e, twin.e)).toBeLessThan(tolerance);
        for (let k = 0; k < n; k++) {
          const row = ({ a }: typeof found): Float64Array => a.subarray(rowStart(k), rowStart(k) + k);
          expect(worst(row(found), row(twin))).toBeLessThan(tolerance);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("keeps trace and norm", () => {
    for (const vectorized of [true, false])
      for (const n of [1, 2, 3, 4, 5, 97, 300]) {
        const A = randomSymmetric(n, n);
        const { d, e } = reduced(A, vectorized);
        let [trace, square] = [0, 0];
        for (let i = 0; i < n; i++) {
          trace += d[i]! - A.data[i * (n + 1)]!;
          square += d[i]! ** 2 + 2 * e[i]! ** 2;
        }
        expect(Math.abs(trace)).toBeLessThan(1e-11);
        expect(Math.abs(Math.sqrt(square) / frobenius(A) - 1)).toBeLessThan(1e-13);
      }
  });

  it("takes a small matrix after a large one, and a large one after a small one", () => {
    const [small, large] = [randomSymmetric(1, 10), randomSymmetric(2, 130)];
    const alone = [reduced(small, true), reduced(large, true)];
    expect([reduced(small, true), reduced(large, true)]).toEqual(alone);
    expect(reduced(small, true)).toEqual(alone[0]);
  });

  it("is left to the scalar loop where memory would not be kept", () => {
    expect(tridiagonalKernel(2 ** 26, 2 ** 13)).toBeNull();
  });
});
