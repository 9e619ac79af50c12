import { describe, expect, test } from "vitest";
import { eigvalsh } from "../../src/linalg/eigvalsh.ts";
import { leadingEigenvalues, leadingTolerance } from "../../src/linalg/leadingEigenvalues.ts";
import { type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";

const n = 900;

/** X diag(scales) X^T with orthogonal-ish random X of `rank` columns. */
function planted(scale: (i: number) => number, rank = n): Matrix {
  const random = new Random(rank);
  const X = matrix(
    n,
    rank,
    Float64Array.from({ length: n * rank }, (_, e) => (random.normal() * Math.sqrt(scale(e % rank))) / Math.sqrt(n)),
  );
  return matmul(X, transpose(X));
}

describe.each<[string, Matrix, number]>([
  ["a power law", planted((i) => (1 + i) ** -1.5), 40],
  ["an exponential", planted((i) => Math.exp(-i / 30)), 90],
  ["rank 30, fewer than asked for", planted(() => 1, 30), 60],
  [
    "rank 30 in units of 1e-150",
    scaled(
      planted(() => 1, 30),
      1e-150,
    ),
    60,
  ],
  ["white noise, where no subspace stands out", planted(() => 1), 50],
  ["one direction that dwarfs the rest", planted((i) => (i === 0 ? 1e8 : (1 + i) ** -1)), 40],
  ["zero", matrix(n, n), 20],
  ["as many as there are", planted((i) => 1 / (1 + i)), n],
])("of %s", (_, A, k) => {
  test("the leading eigenvalues are those of the full decomposition, within the stated tolerance", () => {
    const [found, all] = [leadingEigenvalues(A, k), eigvalsh(A)];
    expect(found.length).toBe(k);
    const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - all[i]!)), 0);
    expect(worst).toBeLessThanOrEqual(leadingTolerance * all[0]!);
  });

  test("twice the same bytes", () => {
    expect(leadingEigenvalues(A, k)).toEqual(leadingEigenvalues(A, k));
  });
});

test("a count beyond the matrix is refused", () => {
  expect(() => leadingEigenvalues(matrix(3, 3), 4)).toThrow(/from 1 to 3, got 4/);
});

function scaled(A: Matrix, factor: number): Matrix {
  return matrix(
    A.rows,
    A.cols,
    A.data.map((value) => value * factor),
  );
}
