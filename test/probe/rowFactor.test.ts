import { describe, expect, test } from "vitest";
import { type Matrix, matmul, matrix, maxAbs, transpose } from "../../src/linalg/matrix.ts";
import { factorRows } from "../../src/probe/nodes/factorRows.ts";
import { Random } from "../../src/random/random.ts";

const [dOut, dIn] = [7, 12];
/** Rounding of float64 in products of a dozen terms. */
const FLOAT64 = 1e-13;
/** What the larger diagonal leaves of rows that depend on others: the root of its share of 1e-12. */
const SHIFT = 1e-6;

function normals(rows: number, cols: number): Matrix {
  const random = new Random(rows);
  return matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => random.normal()),
  );
}

function withRows(W: Matrix, scale: (row: number) => number): Matrix {
  return matrix(
    W.rows,
    W.cols,
    W.data.map((value, k) => value * scale(Math.floor(k / W.cols))),
  );
}

const apart = (A: Matrix, B: Matrix): number => maxAbs(A.data.map((value, k) => value - B.data[k]!));
const random = normals(dOut, dIn);
const repeated = matrix(dOut, dIn, random.data.slice().fill(0, 2 * dIn, 3 * dIn));
repeated.data.copyWithin(4 * dIn, 0, dIn);

describe.each<[string, Matrix, number[]]>([
  ["random rows", random, []],
  ["rows from 1 to 1e-30", withRows(random, (row) => 10 ** (-5 * row)), []],
  ["a row of zeros and one that repeats", repeated, [2, 4]],
])("of %s", (_, X, dependent) => {
  const { L, Q } = factorRows(X);

  test("L Q is X, each row to its own digits", () => {
    const product = matmul(L, Q);
    for (let i = 0; i < dOut; i++) {
      const row = (A: Matrix) => matrix(1, dIn, A.data.slice(i * dIn, (i + 1) * dIn));
      expect(apart(row(product), row(X))).toBeLessThanOrEqual(FLOAT64 * maxAbs(row(X).data));
    }
  });

  test("rows of Q are orthonormal, or zero where a row depends on others", () => {
    const I = matmul(Q, transpose(Q));
    for (let i = 0; i < dOut; i++)
      for (let j = 0; j < dOut; j++) {
        const expected = i === j && !dependent.includes(i) ? 1 : 0;
        expect(Math.abs(I.data[i * dOut + j]! - expected)).toBeLessThan(SHIFT);
      }
  });

  test("rows z L are as long as z X", () => {
    const z = normals(9, dOut);
    const [y, x] = [matmul(z, L), matmul(z, X)];
    const norm = ({ data, cols }: Matrix, row: number) => Math.hypot(...data.subarray(row * cols, (row + 1) * cols));
    for (let row = 0; row < 9; row++) expect(norm(y, row) / norm(x, row)).toBeCloseTo(1, 9);
  });
});
