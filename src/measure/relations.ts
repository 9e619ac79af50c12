/**
 * @file The three relations of one side of a layer (theory.md Eq. 7): RGA (H with G), RWA (H with Z), GWA (G with Z).
 */
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { type SideMoments, secondMoment } from "../moments/moments.ts";
import { alignmentOf } from "./alignment.ts";
import { cosineOf } from "./cosine.ts";
import { centredProduct, type Entries, symmetricEntriesOf } from "./entries.ts";
import { leastSamples, type Status } from "./measured.ts";
import { nullOf } from "./null.ts";
import { splitHalf } from "./splitHalf.ts";

export type Convention = "paper" | "raw";

/** One alignment with what is needed to judge it. */
export interface AlignmentValue {
  /** Pearson's correlation of the entries (Eq. 11). */
  value: number | null;
  /** Cosine of the matrices (Eq. 12). */
  cosine: number | null;
  /** What unrelated matrices of these spectra would show (Eq. 13). */
  null: number | null;
  /** Split-half noise of the value (Eq. 18); null without halves. */
  noise: number | null;
  /** Standard error that measuring a sample of coordinates adds (Eq. 77); absent where all were measured. */
  samplingError?: number | null;
  /** Samples behind it; in the paper convention those with rows that are not zero. */
  n: number;
  status?: Status;
}

export interface SideAlignments {
  rga: AlignmentValue;
  rwa: AlignmentValue;
  gwa: AlignmentValue;
}

/** One matrix of a side: H, G or Z, or why it is not there. */
export interface SideMatrix {
  entries?: Entries;
  n: number;
  status?: Status;
}

/** The two matrices of one side, each with the rows it rests on. */
export interface SidePair {
  H: SideMatrix;
  G: SideMatrix;
}

/**
 * H and G of one side in one convention (theory.md Eqs. 2, 3, 8).
 *
 * @param into two (d, d) matrices that receive them
 * @param size "up-to-scale" where a positive factor does not matter, as it does not for alignments: plain sums then stand for themselves
 */
export function sideMatrices(
  side: SideMoments,
  convention: Convention,
  n: number,
  into: { H: Matrix; G: Matrix },
  size: "exact" | "up-to-scale" = "exact",
): SidePair {
  const find = (which: "H" | "G"): SideMatrix => {
    const kept = which === "H" ? side.keptH : side.keptG;
    const count = convention === "raw" ? n : kept;
    if (!captured(side, which, convention)) return { n: count, status: "missing-moments" };
    if (count < leastSamples) return { n: count, status: "too-few-samples" };
    const sum = which === "H" ? side.hh : side.gg;
    const found =
      convention === "raw" && size === "up-to-scale"
        ? matrix(side.d, side.d, sum)
        : secondMoment(side, which, convention, n, into[which]);
    return found
      ? { entries: symmetricEntriesOf(found, side.sample?.of), n: count }
      : { n: count, status: "too-few-samples" };
  };
  return { H: find("H"), G: find("G") };
}

function captured(side: SideMoments, which: "H" | "G", convention: Convention): boolean {
  if (convention === "raw") return Boolean(which === "H" ? side.hh : side.gg);
  return Boolean(which === "H" ? side.hnhn && side.hnSum : side.gngn && side.gnSum);
}

/**
 * The three relations of one side (theory.md Eqs. 7, 11, 12, 13), without noise.
 *
 * @param Z W^T W for side a, W W^T for side b; undefined where the weights are not known or there are none (attention heads)
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
    const missing = A.status === "missing-moments" || B.status === "missing-moments";
    return {
      value: null,
      cosine: null,
      null: null,
      noise: null,
      n,
      status: missing ? "missing-moments" : "too-few-samples",
    };
  }
  const ofDeviations = centredProduct(x, y);
  const { value, status } = alignmentOf(x, y, ofDeviations);
  const result: AlignmentValue = {
    value,
    cosine: cosineOf(x, y, ofDeviations).value,
    null: nullOf(x, y).value,
    noise: null,
    n,
  };
  return status ? { ...result, status } : result;
}

/** The values of the three relations alone, null where there is none: all that the noise needs of a half of the samples. */
export function relationValues(
  { H, G }: SidePair,
  Z: Entries | undefined,
): Record<keyof SideAlignments, number | null> {
  const value = (x: Entries | undefined, y: Entries | undefined) => (x && y ? alignmentOf(x, y).value : null);
  return { rga: value(H.entries, G.entries), rwa: value(H.entries, Z), gwa: value(G.entries, Z) };
}

/** The relations of the whole with the split-half noise of each (theory.md Eq. 18), from the values of the two halves. */
export function withNoise(
  whole: SideAlignments,
  first: ReturnType<typeof relationValues>,
  second: ReturnType<typeof relationValues>,
): SideAlignments {
  const of = (key: keyof SideAlignments): AlignmentValue => ({
    ...whole[key],
    noise: splitHalf(first[key], second[key]),
  });
  return { rga: of("rga"), rwa: of("rwa"), gwa: of("gwa") };
}
