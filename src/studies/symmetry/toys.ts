/** @file Four losses with a symmetry, as functions to minimise, with their closed forms (theory.md Eqs. 100-103). */
import { frobenius, type Matrix, matmul, matrix, transpose } from "../../linalg/matrix.ts";
import { singularValues } from "../../linalg/singularValues.ts";
import { factorisationMinimum, permutationMinimum, rescalingMinimum, signMinimum } from "../../symmetry/thresholds.ts";
import type { DescentOptions, SmallLoss } from "./minimise.ts";

export interface Toy {
  readonly name: string;
  /** What is left of the parameters, as a formula. */
  readonly observed: string;
  readonly critical: number;
  loss(penalty: number): SmallLoss;
  /** The observed value at given parameters; several numbers for a rotation, largest first. */
  observe(theta: Float64Array): readonly number[];
  /** The same from the closed form. */
  closed(penalty: number): readonly number[];
  readonly descent: DescentOptions;
}

/** chosen: x and y differ from 1, so that a missing factor shows. */
const [X, Y, A] = [1.3, 0.9, 0.7];
const scalarMoments = { xx: X * X, xy: X * Y };

const sign: Toy = {
  ...{ name: "sign, (w² x − y)² + γ w²", observed: "w²" },
  critical: signMinimum(scalarMoments, 0).critical,
  loss: (penalty) => ({
    parameters: 1,
    value: ([w = 0]) => (w * w * X - Y) ** 2 + penalty * w * w,
    gradient([w = 0], out) {
      out[0] = 4 * (w * w * X - Y) * w * X + 2 * penalty * w;
    },
  }),
  observe: ([w = 0]) => [w * w],
  closed: (penalty) => [signMinimum(scalarMoments, penalty).value],
  descent: { rate: 0.02, steps: 20_000, starts: 2 },
};

const rescaling: Toy = {
  ...{ name: "rescaling, (u w x − y)² + γ (u² + w²)", observed: "|u w|" },
  critical: rescalingMinimum(scalarMoments, 0).critical,
  loss: (penalty) => ({
    parameters: 2,
    value: ([u = 0, w = 0]) => (u * w * X - Y) ** 2 + penalty * (u * u + w * w),
    gradient([u = 0, w = 0], out) {
      const e = 2 * (u * w * X - Y) * X;
      out[0] = e * w + 2 * penalty * u;
      out[1] = e * u + 2 * penalty * w;
    },
  }),
  observe: ([u = 0, w = 0]) => [Math.abs(u * w)],
  closed: (penalty) => [rescalingMinimum(scalarMoments, penalty).value],
  descent: { rate: 0.02, steps: 20_000, starts: 2 },
};

const permutation: Toy = {
  ...{ name: "permutation, ((u − w)² − a)² + γ (u² + w²)", observed: "(u − w)²" },
  critical: permutationMinimum(A, 0).critical,
  loss: (penalty) => ({
    parameters: 2,
    value: ([u = 0, w = 0]) => ((u - w) ** 2 - A) ** 2 + penalty * (u * u + w * w),
    gradient([u = 0, w = 0], out) {
      const e = 4 * ((u - w) ** 2 - A) * (u - w);
      out[0] = e + 2 * penalty * u;
      out[1] = -e + 2 * penalty * w;
    },
  }),
  observe: ([u = 0, w = 0]) => [(u - w) ** 2],
  closed: (penalty) => [permutationMinimum(A, penalty).value],
  descent: { rate: 0.01, steps: 20_000, starts: 2 },
};

/** chosen: E[y x^T] with singular values 2, 1.1 and 0.5, rotated on both sides; no penalty equals one of them. */
const CROSS = matmul(matmul(turn(0.7, 0.3), matrix(3, 3, [2, 0, 0, 0, 1.1, 0, 0, 0, 0.5])), turn(-0.4, 1.1));
const [DIMENSION, WIDTH] = [3, 4];

const rotation: Toy = {
  ...{ name: "rotation, E|U W x − y|² + γ (|U|² + |W|²)", observed: "singular values of U W" },
  critical: factorisationMinimum(CROSS, 0).critical,
  loss: (penalty) => ({
    parameters: 2 * DIMENSION * WIDTH,
    value(theta) {
      const { U, W, error } = parts(theta);
      return frobenius(error) ** 2 + penalty * (frobenius(U) ** 2 + frobenius(W) ** 2);
    },
    gradient(theta, out) {
      const { U, W, error } = parts(theta);
      const [ofU, ofW] = [matmul(error, transpose(W)), matmul(transpose(U), error)];
      const n = DIMENSION * WIDTH;
      for (let i = 0; i < n; i++) {
        out[i] = 2 * ofU.data[i]! + 2 * penalty * theta[i]!;
        out[n + i] = 2 * ofW.data[i]! + 2 * penalty * theta[n + i]!;
      }
    },
  }),
  observe(theta) {
    const { U, W } = parts(theta);
    return Array.from(singularValues(matmul(U, W)));
  },
  closed(penalty) {
    const kept = Array.from(factorisationMinimum(CROSS, penalty).singularValues);
    return Array.from({ length: DIMENSION }, (_, i) => kept[i] ?? 0);
  },
  descent: { rate: 0.05, steps: 4000, starts: 1 },
};

/** U (3, 4) and W (4, 3) from a vector of parameters, and U W minus E[y x^T]. */
function parts(theta: Float64Array): { U: Matrix; W: Matrix; error: Matrix } {
  const n = DIMENSION * WIDTH;
  const U = matrix(DIMENSION, WIDTH, theta.subarray(0, n));
  const W = matrix(WIDTH, DIMENSION, theta.subarray(n));
  const product = matmul(U, W);
  return { U, W, error: { ...product, data: product.data.map((value, i) => value - CROSS.data[i]!) } };
}

/** A rotation about two axes, one after the other. */
function turn(first: number, second: number): Matrix {
  const [c, s, d, t] = [Math.cos(first), Math.sin(first), Math.cos(second), Math.sin(second)];
  return matmul(matrix(3, 3, [c, -s, 0, s, c, 0, 0, 0, 1]), matrix(3, 3, [1, 0, 0, 0, d, -t, 0, t, d]));
}

export const toys = { sign, rescaling, permutation, rotation } as const;
