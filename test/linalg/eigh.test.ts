import fc from "fast-check";
import { EigenvalueDecomposition, Matrix as Oracle } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { eigh } from "../../src/linalg/eigh.ts";
import { eigvalsh } from "../../src/linalg/eigvalsh.ts";
import { frobenius, gram, identity, type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";
import { diagonal, gaussian, rotation, turn } from "../measure/matrices.ts";

/** |A Q - Q L| / |A|: measured 1e-16 to 3e-15 for n up to 2048; the bound leaves a factor of three. */
const residualBound = 1e-14;
/** |Q^T Q - I|, Frobenius, for n vectors: measured about 1.5e-16 n. */
const orthogonalityBound = (n: number): number => 1e-15 * (n + 4);

function randomSymmetric(seed: number, n: number): Matrix {
  const random = new Random(seed);
  const A = matrix(n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) A.data[i * n + j] = A.data[j * n + i] = random.normal();
  return A;
}

/** ||A Q - Q L|| / ||A|| and ||Q^T Q - I||, Frobenius. */
function errors(A: Matrix, k = A.rows): { residual: number; orthogonality: number } {
  const { values, vectors: Q } = eigh(A, k);
  expect([values.length, Q.rows, Q.cols]).toEqual([k, A.rows, k]);
  for (let j = 1; j < k; j++) expect(values[j]!).toBeLessThanOrEqual(values[j - 1]!);
  const difference = matmul(A, Q);
  for (let i = 0; i < difference.data.length; i++) difference.data[i]! -= Q.data[i]! * values[i % k]!;
  const QQ = matmul(transpose(Q), Q);
  for (let j = 0; j < k; j++) QQ.data[j * k + j]! -= 1;
  return { residual: frobenius(difference) / (frobenius(A) || 1), orthogonality: frobenius(QQ) };
}

function expectGood(A: Matrix, k = A.rows): void {
  const { residual, orthogonality } = errors(A, k);
  expect(residual).toBeLessThan(residualBound);
  expect(orthogonality).toBeLessThan(orthogonalityBound(k));
}

describe("eigh", () => {
  it("has residual ||AQ - QL|| / ||A|| < 1e-14 and ||Q^T Q - I|| < 1e-15 (n + 4) on random matrices of any size", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 90 }), (seed, n) => expectGood(randomSymmetric(seed, n))),
      { numRuns: 40 },
    );
    for (const n of [128, 300, 513]) expectGood(randomSymmetric(n, n));
  });

  it("agrees with ml-matrix in values and, up to sign, in vectors", () => {
    for (const n of [5, 40, 70, 150]) {
      const A = randomSymmetric(n, n);
      const oracle = new EigenvalueDecomposition(Oracle.from1DArray(n, n, A.data), { assumeSymmetric: true });
      const { values, vectors } = eigh(A);
      const columns = oracle.eigenvectorMatrix.transpose().to2DArray();
      const order = oracle.realEigenvalues.map((_, i) => i);
      order.sort((i, j) => oracle.realEigenvalues[j]! - oracle.realEigenvalues[i]!);
      for (let j = 0; j < n; j++) {
        expect(Math.abs(values[j]! - oracle.realEigenvalues[order[j]!]!)).toBeLessThan(1e-13 * n);
        const along = columns[order[j]!]!.reduce((sum, value, i) => sum + value * vectors.data[i * n + j]!, 0);
        expect(Math.abs(along)).toBeGreaterThan(1 - 1e-8);
      }
    }
  });

  it("agrees with eigvalsh", () => {
    const A = randomSymmetric(9, 200);
    const alone = eigvalsh(A);
    eigh(A).values.forEach((value, i) => {
      expect(Math.abs(value - alone[i]!)).toBeLessThan(1e-12);
    });
  });

  it("keeps both bounds on clustered, rank-deficient, badly scaled and negative spectra", () => {
    const random = new Random(4);
    const n = 150;
    const Q = rotation(random, n);
    const planted = (value: (i: number) => number): Matrix =>
      symmetric(turn(diagonal(Array.from({ length: n }, (_, i) => value(i))), Q));
    const spectra: Record<string, Matrix> = {
      "three clusters": planted((i) => 1 + (i % 3)),
      "clusters of width 1e-14": planted((i) => 1 + (i % 5) + 1e-14 * i),
      "one cluster of 149": planted((i) => (i === 0 ? 2 : 1)),
      "rank 20": gram(gaussian(random, 20, n), "a"),
      "rank 1": matrix(n, n, new Float64Array(n * n).fill(1)),
      "geometric over 300 decades": planted((i) => 10 ** (-2 * i)),
      "negative definite": planted((i) => -1 - i),
      "both signs": planted((i) => (i % 2 ? -1 : 1) * 10 ** (-i / 10)),
      identity: identity(n),
      zero: matrix(n, n),
      "diagonal, unsorted": diagonal(Array.from({ length: n }, (_, i) => (i * 37) % n)),
    };
    for (const [name, A] of Object.entries(spectra)) {
      const { residual, orthogonality } = errors(A);
      expect(`${name}: ${residual < residualBound} ${orthogonality < orthogonalityBound(n)}`).toBe(
        `${name}: true true`,
      );
    }
  });

  it("keeps them on graded rows, Wilkinson's matrices glued together, and the second difference", () => {
    const n = 120;
    for (const step of [0.1, 0.5, 2]) {
      const A = randomSymmetric(2, n);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) A.data[i * n + j]! *= 10 ** (-step * (i + j));
      expectGood(A);
      expectGood(matrix(n, n, A.data.slice().reverse()));
    }
    const glued = matrix(105, 105);
    for (let i = 0; i < 105; i++) {
      glued.data[i * 106] = Math.abs((i % 21) - 10);
      if (i > 0) glued.data[i * 105 + i - 1] = glued.data[(i - 1) * 105 + i] = i % 21 === 0 ? 1e-9 : 1;
    }
    expectGood(glued);
    const second = matrix(n, n);
    for (let i = 0; i < n; i++) {
      second.data[i * (n + 1)] = 2;
      if (i > 0) second.data[i * n + i - 1] = second.data[(i - 1) * n + i] = -1;
    }
    expectGood(second);
  });

  it("scales with the matrix, however large or small", () => {
    const A = randomSymmetric(5, 70);
    const { values, vectors } = eigh(A);
    for (const scale of [2 ** 900, 2 ** -900]) {
      const scaled = eigh(
        matrix(
          70,
          70,
          A.data.map((value) => value * scale),
        ),
      );
      expect(scaled.values.map((value) => value / scale)).toEqual(values);
      expect(scaled.vectors).toEqual(vectors);
    }
  });

  it("returns the leading k alone, the same as the first k of all", () => {
    for (const A of [randomSymmetric(6, 130), gram(gaussian(new Random(7), 12, 130), "a")]) {
      const all = eigh(A);
      for (const k of [0, 1, 10, 129]) {
        expectGood(A, k);
        const leading = eigh(A, k);
        leading.values.forEach((value, j) => {
          expect(Math.abs(value - all.values[j]!)).toBeLessThan(1e-11);
        });
      }
      const first = eigh(A, 5).vectors;
      for (let i = 0; i < 130; i++)
        for (let j = 0; j < 5; j++)
          expect(Math.abs(first.data[i * 5 + j]! - all.vectors.data[i * 130 + j]!)).toBeLessThan(1e-11);
    }
  });

  it("is deterministic: the entry of largest size of each vector is positive, and equal input gives equal bytes", () => {
    const A = randomSymmetric(8, 60);
    const { vectors } = eigh(A);
    for (let j = 0; j < 60; j++) {
      const column = Array.from({ length: 60 }, (_, i) => vectors.data[i * 60 + j]!);
      const size = Math.max(...column.map(Math.abs));
      expect(Math.max(...column)).toBe(size);
    }
    expect(eigh(A)).toEqual(eigh(A));
  });

  it("leaves its argument alone, reads the lower triangle only, and refuses what has no real spectrum", () => {
    const A = randomSymmetric(10, 40);
    const before = A.data.slice();
    const { values } = eigh(A);
    expect(A.data).toEqual(before);
    for (let i = 0; i < 40; i++) for (let j = i + 1; j < 40; j++) A.data[i * 40 + j] = 0;
    expect(eigh(A).values).toEqual(values);
    expect(() => eigh(matrix(2, 3))).toThrow("eigh: expected a square matrix, got 2 x 3");
    expect(() => eigh(matrix(1, 1, [Number.NaN]))).toThrow("finite");
    expect(() => eigh(identity(3), 4)).toThrow("eigh: expected a whole number of eigenvectors from 0 to 3, got 4");
  });
});

function symmetric(A: Matrix): Matrix {
  const T = transpose(A);
  return matrix(
    A.rows,
    A.cols,
    A.data.map((value, k) => (value + T.data[k]!) / 2),
  );
}
