/**
 * @file Random matrices with a known structure for the tests of measures.
 */
import { identity, type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import type { Random } from "../../src/random/random.ts";

export function gaussian(random: Random, rows: number, cols: number): Matrix {
  return matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => random.normal()),
  );
}

/** An orthogonal matrix from the Haar measure: Gaussian rows made orthonormal (Gram-Schmidt, applied twice). */
export function rotation(random: Random, d: number): Matrix {
  const Q = gaussian(random, d, d);
  for (let i = 0; i < d; i++) {
    const row = Q.data.subarray(i * d, (i + 1) * d);
    for (let pass = 0; pass < 2; pass++)
      for (let j = 0; j < i; j++) {
        const other = Q.data.subarray(j * d, (j + 1) * d);
        const along = row.reduce((sum, value, k) => sum + value * other[k]!, 0);
        for (let k = 0; k < d; k++) row[k]! -= along * other[k]!;
      }
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let k = 0; k < d; k++) row[k]! /= norm;
  }
  return Q;
}

/** Q A Q^T. */
export function turn(A: Matrix, Q: Matrix): Matrix {
  return matmul(matmul(Q, A), transpose(Q));
}

/** Positive semi-definite X^T X with X of (k, d) normal numbers: rank min(k, d). */
export function wishart(random: Random, k: number, d: number): Matrix {
  const X = gaussian(random, k, d);
  return matmul(transpose(X), X);
}

/** Orthogonal projector on k random directions out of d. */
export function projector(random: Random, k: number, d: number): Matrix {
  const Q = rotation(random, d);
  const X = matrix(k, d, Q.data.slice(0, k * d));
  return matmul(transpose(X), X);
}

export function diagonal(values: readonly number[]): Matrix {
  const D = identity(values.length);
  values.forEach((value, i) => {
    D.data[i * values.length + i] = value;
  });
  return D;
}

/** c A + offset in every entry. */
export function affine(A: Matrix, c: number, offset: number): Matrix {
  return matrix(
    A.rows,
    A.cols,
    A.data.map((value) => c * value + offset),
  );
}
