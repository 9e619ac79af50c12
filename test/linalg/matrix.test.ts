import fc from "fast-check";
import { Matrix as Oracle } from "ml-matrix";
import { describe, expect, it } from "vitest";
import {
  frobenius,
  gram,
  identity,
  type Matrix,
  matmul,
  matrix,
  maxAbs,
  trace,
  transpose,
} from "../../src/linalg/matrix.ts";
import { addGram, addProducts } from "../../src/linalg/products.ts";
import { Random } from "../../src/random/random.ts";

/** Sums of fewer than 100 products of normals: rounding stays below 100 eps times their size. */
const rounding = 1e-12;

function randomMatrix(seed: number, rows: number, cols: number): Matrix {
  const random = new Random(seed);
  return matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => random.normal()),
  );
}

const extent = fc.integer({ min: 1, max: 70 });

describe("products", () => {
  it("matmul agrees with ml-matrix for every shape", () => {
    fc.assert(
      fc.property(fc.nat(), extent, extent, extent, (seed, m, k, n) => {
        const A = randomMatrix(seed, m, k);
        const B = randomMatrix(seed + 1, k, n);
        const C = matmul(A, B);
        const expected = Oracle.from1DArray(m, k, A.data).mmul(Oracle.from1DArray(k, n, B.data));
        expect([C.rows, C.cols]).toEqual([m, n]);
        expected.to1DArray().forEach((value, i) => {
          expect(Math.abs(C.data[i]! - value)).toBeLessThan(rounding);
        });
      }),
    );
  });

  it("Z_a = W^T W and Z_b = W W^T, exactly symmetric", () => {
    fc.assert(
      fc.property(fc.nat(), extent, extent, (seed, dOut, dIn) => {
        const W = randomMatrix(seed, dOut, dIn);
        for (const side of ["a", "b"] as const) {
          const Z = gram(W, side);
          const expected = side === "a" ? matmul(transpose(W), W) : matmul(W, transpose(W));
          expect(Z.rows).toBe(side === "a" ? dIn : dOut);
          expect(transpose(Z)).toEqual(Z);
          Z.data.forEach((value, i) => {
            expect(Math.abs(value - expected.data[i]!)).toBeLessThan(rounding);
          });
        }
      }),
    );
  });

  it("sums are added to what is there, over the first n rows alone", () => {
    const X = Float64Array.of(1, 2, 3, 4, 100, 100);
    const out = Float64Array.of(1, 0, 0, 1);
    addGram(out, X, 2, 2);
    expect([...out]).toEqual([11, 14, 14, 21]);
    const cross = new Float64Array(2);
    addProducts(cross, X, Float64Array.of(1, 10, 1000), 2, 2, 1);
    expect([...cross]).toEqual([31, 42]);
  });

  it("matmul names the sizes that do not fit", () => {
    expect(() => matmul(matrix(2, 3), matrix(2, 3))).toThrow(
      "matmul: expected 3 rows on the right of a 2 x 3 matrix, got 2",
    );
  });
});

describe("matrices", () => {
  it("trace, Frobenius norm, identity and transpose are what they say", () => {
    const A = matrix(2, 2, [1, 2, 3, 4]);
    expect(trace(A)).toBe(5);
    expect(frobenius(A)).toBeCloseTo(Math.sqrt(30), 14);
    expect([...transpose(matrix(1, 3, [1, 2, 3])).data]).toEqual([1, 2, 3]);
    expect(matmul(A, identity(2))).toEqual(A);
    expect(frobenius(matrix(3, 3))).toBe(0);
  });

  it("the Frobenius norm neither overflows nor underflows", () => {
    expect(frobenius(matrix(1, 2, [3e200, 4e200])) / 5e200).toBeCloseTo(1, 14);
    expect(frobenius(matrix(1, 2, [3e-200, 4e-200])) / 5e-200).toBeCloseTo(1, 14);
    expect(frobenius(matrix(1, 2, [1, Number.NaN]))).toBeNaN();
    expect(maxAbs([1, Number.NaN, Number.POSITIVE_INFINITY])).toBeNaN();
  });

  it("refuses data that does not fill the shape", () => {
    expect(() => matrix(2, 2, [1, 2, 3])).toThrow("matrix: expected 4 values for 2 x 2, got 3");
    expect(() => matrix(-1, -1)).toThrow(RangeError);
    expect(() => matrix(1.5, 2)).toThrow(RangeError);
    expect(() => trace(matrix(1, 2))).toThrow("trace: expected a square matrix, got 1 x 2");
  });
});

it("the largest absolute value is found at every place, and NaN is passed on from each", () => {
  for (let length = 0; length < 10; length++)
    for (let at = 0; at < length; at++) {
      const values = Float64Array.from({ length }, (_, i) => (i === at ? -3 : 1));
      expect(maxAbs(values)).toBe(3);
      values[at] = Number.NaN;
      expect(maxAbs(values)).toBeNaN();
    }
  expect(maxAbs([])).toBe(0);
});
