/**
 * @file Four losses with a symmetry and an L2 penalty whose minima are known exactly: above a critical penalty the
 * minimum is the symmetric point (docs/theory.md Eqs. 100-103).
 *
 * The penalty is gamma |theta|^2, whose gradient is 2 gamma theta. An optimizer that adds lambda theta to the gradient
 * has gamma = lambda / 2. The results are global minima of the losses; dynamics are not considered.
 */
import { eigh } from "../linalg/eigh.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { jordanWielandt } from "../linalg/singularValues.ts";
import { checkFinite, checkNotNegative, checkPositive } from "./checks.ts";

/** Moments of scalar data: E[x^2] and E[x y]. */
export interface ScalarMoments {
  readonly xx: number;
  readonly xy: number;
}

export interface SymmetricMinimum {
  /** The invariant of the parameters at the minimum; 0 at the symmetric point. */
  readonly value: number;
  /** Smallest penalty at which the symmetric point is the minimum. */
  readonly critical: number;
}

export interface FactorisationMinimum {
  /** (dOut, dIn) the product U W at the minimum. */
  readonly product: Matrix;
  /** Its singular values above 0, descending. */
  readonly singularValues: Float64Array;
  readonly rank: number;
  /** Smallest penalty at which U W = 0 is the minimum: the largest singular value of E[y x^T]. */
  readonly critical: number;
}

const PENALTY_CURE = "it is the factor of the penalty gamma |theta|^2";

function checkMoments(where: string, { xx, xy }: ScalarMoments, penalty: number): void {
  checkPositive(where, "xx", xx, "it is the mean square of the inputs");
  checkFinite(where, "xy", xy);
  checkNotNegative(where, "penalty", penalty, PENALTY_CURE);
}

/**
 * Minimum of E[(w^2 x - y)^2] + gamma w^2, which is the same for w and -w   (theory.md Eq. 100).
 *
 * @param moments E[x^2], E[x y]
 * @param penalty gamma
 * @returns value w^2 = max(0, (E[xy] - gamma / 2) / E[x^2]), critical max(0, 2 E[xy])
 * @throws RangeError unless xx > 0, xy is finite and penalty >= 0
 */
export function signMinimum(moments: ScalarMoments, penalty: number): SymmetricMinimum {
  checkMoments("signMinimum", moments, penalty);
  const { xx, xy } = moments;
  return { value: Math.max(0, (xy - penalty / 2) / xx), critical: Math.max(0, 2 * xy) };
}

/**
 * Minimum of E[(u w x - y)^2] + gamma (u^2 + w^2); the loss is invariant under rescaling (c u, w / c), the penalty is
 * not (theory.md Eq. 101).
 *
 * @param moments E[x^2], E[x y]
 * @param penalty gamma
 * @returns value u w = sign(E[xy]) max(0, |E[xy]| - gamma) / E[x^2], with |u| = |w|; critical |E[xy]|
 * @throws RangeError unless xx > 0, xy is finite and penalty >= 0
 */
export function rescalingMinimum(moments: ScalarMoments, penalty: number): SymmetricMinimum {
  checkMoments("rescalingMinimum", moments, penalty);
  const { xx, xy } = moments;
  const left = Math.max(0, Math.abs(xy) - penalty) / xx;
  return { value: xy < 0 && left > 0 ? -left : left, critical: Math.abs(xy) };
}

/**
 * Minimum of E|U W x - y|^2 + gamma (|U|^2 + |W|^2), which is invariant under rotations (U Q^T, Q W), for whitened
 * inputs, E[x x^T] = I: singular values of E[y x^T] with a soft threshold   (theory.md Eq. 102).
 *
 * @param crossMoment (dOut, dIn) E[y x^T]
 * @param penalty gamma
 * @param width rows of W; no limit by default. A narrower product keeps the largest singular values
 * @returns the critical penalty holds for inputs of any second moment, the rest for whitened ones
 * @throws RangeError unless penalty >= 0 and width is an integer of at least 0
 *
 * O((dOut + dIn)^3): eigenvectors of the symmetric matrix with E[y x^T] in its off-diagonal blocks.
 */
export function factorisationMinimum(
  crossMoment: Matrix,
  penalty: number,
  width = Math.min(crossMoment.rows, crossMoment.cols),
): FactorisationMinimum {
  checkNotNegative("factorisationMinimum", "penalty", penalty, PENALTY_CURE);
  if (!Number.isInteger(width) || width < 0)
    throw new RangeError(`factorisationMinimum: expected a whole width of at least 0, got ${width}; it counts neurons`);
  const { rows: m, cols: n } = crossMoment;
  const k = Math.min(m, n);
  const { values, vectors } = eigh(jordanWielandt(crossMoment), k);
  const product = matrix(m, n);
  const kept: number[] = [];
  const rounding = (m + n) * Number.EPSILON * (values[0] ?? 0);
  for (let mode = 0; mode < Math.min(k, width); mode++) {
    const s = values[mode]! - penalty;
    if (s <= rounding) break;
    kept.push(s);
    // an eigenvector is (left, right) / sqrt(2)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++)
        product.data[i * n + j]! += 2 * s * vectors.data[i * k + mode]! * vectors.data[(m + j) * k + mode]!;
  }
  return { product, singularValues: Float64Array.from(kept), rank: kept.length, critical: Math.max(0, values[0] ?? 0) };
}

/**
 * Minimum of ((u - w)^2 - a)^2 + gamma (u^2 + w^2), which is invariant under exchange of u and w: above the critical
 * penalty the two neurons are identical   (theory.md Eq. 103).
 *
 * @param a the squared difference that the loss asks for
 * @param penalty gamma
 * @returns value (u - w)^2 = max(0, a - gamma / 4), with u + w = 0; critical max(0, 4 a)
 * @throws RangeError unless a is finite and penalty >= 0
 */
export function permutationMinimum(a: number, penalty: number): SymmetricMinimum {
  checkFinite("permutationMinimum", "a", a);
  checkNotNegative("permutationMinimum", "penalty", penalty, PENALTY_CURE);
  return { value: Math.max(0, a - penalty / 4), critical: Math.max(0, 4 * a) };
}
