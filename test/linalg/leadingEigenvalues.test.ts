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
  [
    "100 equal ones, more than a block has columns, above the rest",
    diagonal((i) => (i < 100 ? 1 : Math.exp((99 - i) / 8))),
    60,
  ],
  ["clusters of 40 to a part in 1e9", diagonal((i) => 2 ** -Math.floor(i / 40) * (1 + 1e-9 * i)), 90],
  [
    "300 equal ones in units of 1e150",
    scaled(
      diagonal((i) => (i < 300 ? 1 : 0)),
      1e150,
    ),
    60,
  ],
  [
    "units that squares and quotients overflow in",
    scaled(
      planted((i) => (1 + i) ** -1.5),
      1e-300,
    ),
    40,
  ],
  ["columns in units from 1 to 1e-8", graded(planted((i) => (1 + i) ** -1.5)), 60],
  ["rank 1", planted(() => 1, 1), 30],
  ["as many as there are", planted((i) => 1 / (1 + i)), n],
])("of %s", (_, A, k) => {
  test("the leading eigenvalues are those of the full decomposition, within the stated tolerance", async () => {
    const [found, all] = [await leadingEigenvalues(A, k), eigvalsh(A)];
    expect(found.length).toBe(k);
    const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - all[i]!)), 0);
    expect(worst).toBeLessThanOrEqual(leadingTolerance * all[0]!);
  });

  test("twice the same bytes", async () => {
    expect(await leadingEigenvalues(A, k)).toEqual(await leadingEigenvalues(A, k));
  });
});

test("eigenvalues that are planted exactly are found", async () => {
  const found = await leadingEigenvalues(
    diagonal((i) => (1 + i) ** -1.5),
    40,
  );
  found.forEach((value, i) => {
    expect(Math.abs(value - (1 + i) ** -1.5)).toBeLessThan(leadingTolerance);
  });
});

/** Errors at which the space stops growing, and some more for how they are estimated. */
const sought = 1.3e-7;

test.each([0.7, 1, 1.5, 2])(
  "the space grows until the error is as small as sought, in a power law of %f",
  async (exponent) => {
    for (const k of [20, 60, 100]) {
      const found = await leadingEigenvalues(
        diagonal((i) => (1 + i) ** -exponent),
        k,
      );
      found.forEach((value, i) => {
        expect(Math.abs(value - (1 + i) ** -exponent)).toBeLessThan(sought);
      });
    }
  },
);

test("an entry that is not finite is refused", async () => {
  const A = matrix(n, n);
  A.data[5] = Number.NaN;
  await expect(leadingEigenvalues(A, 20)).rejects.toThrow(/expected finite entries/);
});

test("a count beyond the matrix is refused", async () => {
  await expect(leadingEigenvalues(matrix(3, 3), 4)).rejects.toThrow(/from 1 to 3, got 4/);
});

/** H diag(values) H with the reflection H = I - 2 u u^T: eigenvalues as planted, to rounding. */
function diagonal(value: (i: number) => number): Matrix {
  const random = new Random(3);
  const u = Float64Array.from({ length: n }, () => random.normal());
  const square = u.reduce((sum, x) => sum + x * x, 0);
  const d = Float64Array.from({ length: n }, (_, i) => value(i));
  const inner = u.reduce((sum, x, i) => sum + x * x * d[i]!, 0) / square;
  const A = matrix(n, n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      A.data[i * n + j] = (i === j ? d[i]! : 0) - ((2 * u[i]! * u[j]!) / square) * (d[i]! + d[j]! - 2 * inner);
  return A;
}

/** D A D with D from 1 to 1e-8. */
function graded({ data }: Matrix): Matrix {
  const scale = (i: number): number => 10 ** ((-8 * i) / n);
  return matrix(
    n,
    n,
    data.map((value, k) => value * scale(Math.floor(k / n)) * scale(k % n)),
  );
}

function scaled(A: Matrix, factor: number): Matrix {
  return matrix(
    A.rows,
    A.cols,
    A.data.map((value) => value * factor),
  );
}
