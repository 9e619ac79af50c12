/**
 * @file Effective number of rows of a second moment: how many rows of equal norm would carry it as the measured ones do
 * (theory.md Eq. 92). It is far below the actual number where a few rows are much longer than the others, such as the
 * gradients of a classifier that has learned its samples.
 */
import type { LayerMoments } from "../../moments/moments.ts";

export interface EffectiveRows {
  /** Null where a row is not finite. */
  h: number | null;
  g: number | null;
}

/**
 * (sum |v|^2)^2 / sum |v|^4 of the rows of h at the input (at the output where there is no input) and of g at the
 * output   (Eq. 92).
 *
 * @returns between 1 and the number of rows with a value; 0 where every row is zero
 */
export function effectiveRows({ a, b }: Pick<LayerMoments, "a" | "b">): EffectiveRows {
  const { h2, h4 } = a ?? b;
  return { h: of(h2, h4), g: of(b.g2, b.g4) };
}

function of(squares: number, fourths: number): number | null {
  const rows = fourths > 0 ? squares ** 2 / fourths : 0;
  return Number.isFinite(rows) ? rows : null;
}
