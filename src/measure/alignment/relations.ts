/**
 * @file The three relations of one side of a layer (theory.md Eq. 7): RGA (H with G), RWA (H with Z), GWA (G with Z).
 */
import type { Matrix } from "../../linalg/matrix.ts";
import {
  type LeftOut,
  type Convention as OfMoments,
  type SecondMomentOptions,
  type SideMoments,
  secondMoment,
  sumsBehind,
} from "../../moments/moments.ts";
import { leastSamples, type Status } from "../measured.ts";
import { alignmentOf } from "./alignment.ts";
import { nullOf, sizeOf } from "./alignmentNull.ts";
import { correctedAlignment } from "./correctedAlignment.ts";
import { cosineOf } from "./cosine.ts";
import { centredProduct, type Entries, symmetricEntriesOf } from "./entrySums.ts";
import { jackknife } from "./jackknife.ts";

/**
 * "paper": rows normalized and centred (Eq. 8); "covariance": centred (Eq. 83); "raw": plain second moments (Eqs. 2,
 * 3).
 */
export type Convention = OfMoments;

/** One alignment, with all that judging it needs. */
export interface AlignmentValue {
  /** Pearson's correlation of the entries (Eq. 11). */
  value: number | null;
  /** Cosine of the matrices (Eq. 12). */
  cosine: number | null;
  /**
   * Value for unrelated matrices of these spectra (Eq. 13); for forward RWA and backward GWA, which share W, Eq. 84.
   */
  null: number | null;
  /** Standard error of the value, by a jackknife over groups of the samples (Eq. 18); null without groups. */
  noise: number | null;
  /** The value minus its finite-sample bias (Eq. 18); null without groups, absent in records of earlier versions. */
  corrected?: number | null;
  /** Standard error added by measuring a sample of coordinates (Eq. 77); absent where all were measured. */
  samplingError?: number | null;
  /** Number of samples; in the paper convention, of those whose rows are not zero. */
  n: number;
  status?: Status;
}

export interface SideAlignments {
  rga: AlignmentValue;
  rwa: AlignmentValue;
  gwa: AlignmentValue;
}

/** One matrix of a side: H, G or Z, or the reason why it is missing. */
export interface SideMatrix {
  entries?: Entries;
  n: number;
  status?: Status;
}

/** The two matrices of one side, each with its number of rows. */
export interface SidePair {
  H: SideMatrix;
  G: SideMatrix;
}

/**
 * H and G of one side in one convention (theory.md Eqs. 2, 3, 8, 83).
 *
 * @param into two (d, d) matrices that receive them
 * @param without a group of the samples to leave out
 */
export function sideMatrices(
  side: SideMoments,
  convention: Convention,
  n: number,
  into: { H: Matrix; G: Matrix },
  without?: LeftOut,
): SidePair {
  const find = (which: "H" | "G"): SideMatrix => {
    const { A, ...about } = momentOf(side, which, convention, n, { into: into[which], without });
    return A ? { entries: symmetricEntriesOf(A, side.sample?.of), ...about } : about;
  };
  return { H: find("H"), G: find("G") };
}

/**
 * H or G of one side in one convention, or the reason why it is missing   (theory.md Eqs. 2, 3, 8, 83).
 *
 * @returns with its number of rows
 */
export function momentOf(
  side: SideMoments,
  which: "H" | "G",
  convention: Convention,
  n: number,
  options: SecondMomentOptions,
): { A?: Matrix; n: number; status?: Status } {
  const { sum, mean, count } = sumsBehind(side, which, convention, n);
  if (!sum || (convention !== "raw" && !mean)) return { n: count, status: "missing-moments" };
  if (count < leastSamples && n < leastSamples) return { n: count, status: "too-few-samples" };
  if ((which === "H" ? side.keptH : side.keptG) === 0) return { n: count, status: "dead" };
  const A = secondMoment(side, which, convention, n, options);
  return A && count >= leastSamples ? { A, n: count } : { n: count, status: "too-few-samples" };
}

/**
 * The three relations of one side (theory.md Eqs. 7, 11, 12, 13), without noise.
 *
 * @param Z W^T W for side a, W W^T for side b; undefined where the weights are unknown or absent (attention heads)
 */
export function relations({ H, G }: SidePair, Z: Entries | undefined): SideAlignments {
  const weights: SideMatrix = Z
    ? { entries: Z, n: Number.POSITIVE_INFINITY }
    : { n: Number.POSITIVE_INFINITY, status: "missing-moments" };
  return { rga: relate(H, G), rwa: relate(H, weights), gwa: relate(G, weights) };
}

function relate(A: SideMatrix, B: SideMatrix): AlignmentValue {
  const n = Math.min(A.n, B.n);
  const [x, y] = [A.entries, B.entries];
  if (!x || !y) {
    const status = (["missing-moments", "dead"] as const).find((one) => A.status === one || B.status === one);
    return { value: null, cosine: null, null: null, noise: null, n, status: status ?? "too-few-samples" };
  }
  const ofDeviations = centredProduct(x, y);
  const { value, status } = alignmentOf(x, y, ofDeviations);
  const result: AlignmentValue = {
    value,
    cosine: cosineOf(x, y, ofDeviations).value,
    null: nullOf(sizeOf(x), sizeOf(y)).value,
    noise: null,
    n,
  };
  return status ? { ...result, status } : result;
}

/** The values of the three relations alone, null where undefined: all that the noise needs from part of the samples. */
export function relationValues(
  { H, G }: SidePair,
  Z: Entries | undefined,
): Record<keyof SideAlignments, number | null> {
  const value = (x: Entries | undefined, y: Entries | undefined) => (x && y ? alignmentOf(x, y).value : null);
  return { rga: value(H.entries, G.entries), rwa: value(H.entries, Z), gwa: value(G.entries, Z) };
}

/**
 * Norms of the entries' deviations from their mean, the denominators of a side's alignments; 0 where a matrix is
 * missing.
 */
export type Spreads = Readonly<Record<"H" | "G" | "Z", number>>;

export function spreadsOf({ H, G }: SidePair, Z: Entries | undefined): Spreads {
  const spread = (x: Entries | undefined) => (x ? Math.sqrt(x.squares) / x.factor : 0);
  return { H: spread(H.entries), G: spread(G.entries), Z: spread(Z) };
}

/** The three relations with each group of samples left out in turn. */
export interface LeftOutValues {
  readonly values: readonly { of: ReturnType<typeof relationValues>; spreads: Spreads }[];
  /** Samples in each group. */
  readonly counts: readonly number[];
}

const matricesOf = { rga: ["H", "G"], rwa: ["H", "Z"], gwa: ["G", "Z"] } as const;

/**
 * The relations of the whole with standard error and corrected value of each (theory.md Eq. 18).
 *
 * @param spreads those of the whole
 */
export function addStandardErrors(
  whole: SideAlignments,
  spreads: Spreads,
  { values, counts }: LeftOutValues,
): SideAlignments {
  const of = (key: keyof SideAlignments): AlignmentValue => {
    const { value } = whole[key];
    const [x, y] = matricesOf[key];
    const found = jackknife(
      value,
      values.map((one) => one.of[key]),
      counts,
    );
    const without = values.map((one) => ({
      value: one.of[key],
      norms: [one.spreads[x] / spreads[x], one.spreads[y] / spreads[y]] as const,
    }));
    return { ...whole[key], noise: found?.error ?? null, corrected: correctedAlignment(value, without, counts) };
  };
  return { rga: of("rga"), rwa: of("rwa"), gwa: of("gwa") };
}
