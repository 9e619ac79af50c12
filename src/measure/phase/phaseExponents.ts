/**
 * @file Whether measured exponents are those of a row of the table of phases (theory.md Eqs. 50, 52).
 */

import { flatFrom, type WeightRange } from "../laws/weightRange.ts";
import { type PhaseMatrix, type PhaseRow, phaseMatrices } from "./phaseTable.ts";

/** An exponent with its confidence interval; null and a status where it cannot be told. */
export interface MeasuredExponent {
  value: number | null;
  interval: readonly [number, number] | null;
  /**
   * How little of an eigenbasis the two matrices share (theory.md Eq. 35): 0 all, 1 nothing; null or absent where not
   * known.
   */
  unshared?: number | null;
  status?: string;
}

/** hg: slope of log lambda(H) against log lambda(G); hz and gz: of H and of G against Z. */
export interface SideExponents {
  hg: MeasuredExponent;
  hz: MeasuredExponent;
  gz: MeasuredExponent;
}

export interface ExponentCheck {
  verdict: "match" | "clash" | "unclear" | "unknown";
  /** 1 where all agree, falling towards 0 with the squared distance; 1 where there is nothing to compare. */
  agreement: number;
  /** Measured and expected values, with the matrix or slope they belong to. */
  compared: { name: PhaseMatrix | "H_a against G_a" | "H_b against G_b"; expected: number; found: MeasuredExponent }[];
}

/**
 * chosen: a value within this distance of a row's exponent fits that row; rows differ by 1 in some exponent (1/3 or 1/2
 * in a slope only).
 */
const near = 0.3;

/** chosen: an interval that stays within this distance excludes the other rows. */
const halfway = 0.5;

/**
 * chosen: W counts as flat where the cosine of Z with a projector is above the first number, and as not flat below the
 * second.
 */
export const flatness = { flat: flatFrom, sloped: 0.95 };

/**
 * chosen: a spectrum over a decade or more is not flat, whatever its cosine with a projector: an exponent may be read
 * there.
 */
const flatBelow = 10;

/**
 * Whether the eigenvalues of Z in the range are equal within what can be read. The one rule for both statements, "flat"
 * and "has exponents".
 */
export function isFlat({ flatness: cosine, condition }: Pick<WeightRange, "flatness" | "condition">): boolean {
  return cosine >= flatness.flat && condition < flatBelow;
}

/**
 * The exponents of one row compared with the measured ones.
 *
 * Rows without a law in Z: crh, 2 and 3 need a flat W and clash with any other; row 1 needs slopes of 1 between H and
 * G. Where W is flat any exponent of Z fits, and the relations decide among all rows.
 */
export function checkExponents(
  row: PhaseRow,
  exponents: { a: SideExponents; b: SideExponents } | undefined,
  range: WeightRange | undefined,
): ExponentCheck {
  const needsFlat = row.flat === "range of W";
  if (range && isFlat(range)) return { verdict: "match", agreement: 1, compared: [] };
  if (!range) return { verdict: "unknown", agreement: 1, compared: [] };
  if (needsFlat) {
    const near = Math.max(0, (range.flatness - flatness.sloped) / (flatness.flat - flatness.sloped));
    const agreement = range.condition < flatBelow ? near : 0;
    return { verdict: agreement > 0 ? "unclear" : "clash", agreement, compared: [] };
  }
  if (!exponents) return { verdict: "unknown", agreement: 1, compared: [] };
  const compared = comparisons(row, exponents);
  return { verdict: together(compared), agreement: agreementOf(compared), compared };
}

function comparisons(row: PhaseRow, { a, b }: { a: SideExponents; b: SideExponents }): ExponentCheck["compared"] {
  if (row.label === "1")
    return [
      { name: "H_a against G_a", expected: 1, found: a.hg },
      { name: "H_b against G_b", expected: 1, found: b.hg },
    ];
  const measured: Record<PhaseMatrix, MeasuredExponent> = { Ha: a.hz, Ga: a.gz, Hb: b.hz, Gb: b.gz };
  return phaseMatrices.map((name) => ({ name, expected: Number(row.exponents[name]), found: measured[name] }));
}

/** H_a and H_b share one exponent, and so do G_a and G_b: either pair needs one match and no clash. */
function together(compared: ExponentCheck["compared"]): ExponentCheck["verdict"] {
  const verdicts = compared.map(({ expected, found }) => compare(expected, found));
  if (verdicts.includes("clash")) return "clash";
  const groups =
    compared.length === 4
      ? [
          [0, 2],
          [1, 3],
        ]
      : [[0], [1]];
  if (groups.every((group) => group.some((i) => verdicts[i] === "match"))) return "match";
  return verdicts.every((verdict) => verdict === "unknown") ? "unknown" : "unclear";
}

function compare(expected: number, { value, interval }: MeasuredExponent): ExponentCheck["verdict"] {
  if (value === null || !interval) return "unknown";
  const [low, high] = interval;
  if (low > expected + near || high < expected - near) return "clash";
  const inside = low > expected - halfway && high < expected + halfway;
  return inside && Math.abs(value - expected) <= near ? "match" : "unclear";
}

function agreementOf(compared: ExponentCheck["compared"]): number {
  const distances = compared.flatMap(({ expected, found }) => (found.value === null ? [] : [found.value - expected]));
  if (distances.length === 0) return 1;
  return Math.exp(-distances.reduce((sum, x) => sum + (x / halfway) ** 2, 0) / distances.length / 2);
}
