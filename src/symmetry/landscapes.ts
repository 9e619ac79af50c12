/**
 * @file The losses of Eqs. 100, 101 and 103 of docs/theory.md as functions of their two parameters, with their global
 * minima: what is drawn below and above the critical penalty.
 */
import { permutationMinimum, rescalingMinimum, type ScalarMoments, signMinimum } from "./thresholds.ts";

export const landscapeNames = ["rescaling", "permutation", "sign"] as const;
export type LandscapeName = (typeof landscapeNames)[number];

export interface Landscape {
  /** Smallest penalty gamma at which the symmetric point is the minimum. */
  readonly critical: number;
  /** Loss with penalty at (u, w); of one parameter at (w, 0). */
  loss(u: number, w: number): number;
  /** All global minima; of rescaling without penalty the two balanced ones of a whole line. */
  readonly minima: readonly (readonly [number, number])[];
  /** A unit vector along which the symmetry breaks: minima lie on the line through 0. */
  readonly direction: readonly [number, number];
  /** What the symmetry leaves at the minimum: u w, (u - w)^2 or w^2. */
  readonly value: number;
}

/** Data of the scalar losses: x and y of variance 1 and covariance 1. */
const MOMENTS: ScalarMoments & { readonly yy: number } = { xx: 1, xy: 1, yy: 1 };
/** The squared difference that the loss with a permutation asks for. */
const DIFFERENCE = 1;

const half = Math.SQRT1_2;

/**
 * A loss at a penalty gamma   (theory.md Eqs. 100, 101, 103), for E[x^2] = E[x y] = E[y^2] = 1 and a = 1.
 *
 * @param penalty gamma of gamma |theta|^2
 * @throws RangeError unless penalty >= 0
 */
export function landscape(name: LandscapeName, penalty: number): Landscape {
  const { xx, xy, yy } = MOMENTS;
  const squared = (product: number) => xx * product * product - 2 * xy * product + yy;
  if (name === "sign") {
    const { value, critical } = signMinimum(MOMENTS, penalty);
    const w = Math.sqrt(value);
    const loss = (u: number) => squared(u * u) + penalty * u * u;
    return { critical, value, loss, direction: [1, 0], minima: both([w, 0]) };
  }
  if (name === "permutation") {
    const { value, critical } = permutationMinimum(DIFFERENCE, penalty);
    const at = Math.sqrt(value) / 2;
    const loss = (u: number, w: number) => ((u - w) ** 2 - DIFFERENCE) ** 2 + penalty * (u * u + w * w);
    return { critical, value, loss, direction: [half, -half], minima: both([at, -at]) };
  }
  const { value, critical } = rescalingMinimum(MOMENTS, penalty);
  const at = Math.sqrt(value);
  const loss = (u: number, w: number) => squared(u * w) + penalty * (u * u + w * w);
  return { critical, value, loss, direction: [half, half], minima: both([at, at]) };
}

/** A point and its mirror image; the symmetric point once. */
function both([u, w]: readonly [number, number]): (readonly [number, number])[] {
  return u === 0 && w === 0
    ? [[0, 0]]
    : [
        [u, w],
        [-u, -w || 0],
      ];
}
