/**
 * @file The three relations of one side of a layer (theory.md Eq. 7): RGA (H with G), RWA (H with Z), GWA (G with Z).
 */
import type { Matrix } from "../linalg/matrix.ts";
import { type SideMoments, secondMoment } from "../moments/moments.ts";
import { alignment } from "./alignment.ts";
import { cosine } from "./cosine.ts";
import { leastSamples, type Status } from "./measured.ts";
import { alignmentNull } from "./null.ts";
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
  matrix?: Matrix;
  n: number;
  status?: Status;
}

/** H and G of one side in one convention, each with the rows it rests on (theory.md Eqs. 2, 3, 8). */
export function sideMatrices(side: SideMoments, convention: Convention, n: number): { H: SideMatrix; G: SideMatrix } {
  const find = (which: "H" | "G"): SideMatrix => {
    const kept = which === "H" ? side.keptH : side.keptG;
    const count = convention === "raw" ? n : kept;
    if (!captured(side, which, convention)) return { n: count, status: "missing-moments" };
    const found = count < leastSamples ? undefined : secondMoment(side, which, convention, n);
    return found ? { matrix: found, n: count } : { n: count, status: "too-few-samples" };
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
export function relations(H: SideMatrix, G: SideMatrix, Z: Matrix | undefined): SideAlignments {
  const weights: SideMatrix = Z
    ? { matrix: Z, n: Number.POSITIVE_INFINITY }
    : { n: Number.POSITIVE_INFINITY, status: "missing-moments" };
  return { rga: relate(H, G), rwa: relate(H, weights), gwa: relate(G, weights) };
}

function relate(A: SideMatrix, B: SideMatrix): AlignmentValue {
  const n = Math.min(A.n, B.n);
  if (!A.matrix || !B.matrix) {
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
  const { value, status } = alignment(A.matrix, B.matrix);
  const result: AlignmentValue = {
    value,
    cosine: cosine(A.matrix, B.matrix).value,
    null: alignmentNull(A.matrix, B.matrix).value,
    noise: null,
    n,
  };
  return status ? { ...result, status } : result;
}

/**
 * The relations of the whole with the split-half noise of each alignment (theory.md Eq. 18).
 *
 * @param first  H and G of one half of the samples
 * @param second H and G of the other half
 * @param Z      as in `relations`
 */
export function withNoise(
  whole: SideAlignments,
  first: { H: SideMatrix; G: SideMatrix },
  second: { H: SideMatrix; G: SideMatrix },
  Z: Matrix | undefined,
): SideAlignments {
  const value = (A: Matrix | undefined, B: Matrix | undefined) => (A && B ? alignment(A, B).value : null);
  const noise = (of: (half: { H: SideMatrix; G: SideMatrix }) => number | null) => splitHalf(of(first), of(second));
  return {
    rga: { ...whole.rga, noise: noise(({ H, G }) => value(H.matrix, G.matrix)) },
    rwa: { ...whole.rwa, noise: noise(({ H }) => value(H.matrix, Z)) },
    gwa: { ...whole.gwa, noise: noise(({ G }) => value(G.matrix, Z)) },
  };
}
