/**
 * @file Directions that the loss does not depend on, or that no sample reaches, and what the layer keeps in them
 * (theory.md Eq. 65).
 *
 * A direction counts where the mean square along it is below a millionth of the largest, the resolution of float32
 * sums. Gradients that are merely weaker than others do not count.
 */
import { eigh } from "../../linalg/eigh.ts";
import { frobenius, type Matrix, matmul, trace } from "../../linalg/matrix.ts";
import { type LayerMoments, type Side, secondMoment } from "../../moments/moments.ts";
import type { Eigen } from "../laws/weightRange.ts";
import type { BothSides, Status } from "../measured.ts";
import type { LayerSpectra, SpectrumRecord } from "../spectra/layerSpectra.ts";
import { roundingFloor } from "../spectra/spectrum.ts";

export interface IrrelevantDirections {
  /** Directions in which the mean square is at most `threshold` times the largest. */
  count: number;
  /** Share of the trace of the other matrix along them; null where there are none, or that matrix is 0. */
  share: number | null;
  /** Expected share where the other matrix is unrelated to them, count / d, and its standard deviation. */
  chance: number;
  chanceSpread: number | null;
  threshold: number;
}

export interface IrrelevantShare extends IrrelevantDirections {
  /** Further directions up to `blur` times the threshold: 0 where a gap separates the counted ones. */
  near: number;
  /** Split-half noise of the share along the same directions (Eq. 18). */
  noise: number | null;
  /** Below it a share is indistinguishable from 0: `roundingFloor` of the largest eigenvalue in each direction. */
  floor: number | null;
  /**
   * Upper bound on the probability that a further sample has a component in these directions: (d - count + 1) / (n +
   * 1).
   */
  unseen: number;
  /** Samples. */
  n: number;
  /**
   * "too-few-samples" where `unseen` exceeds a half: the samples are then fewer than the dimensions, and miss
   * directions.
   */
  status?: Status;
}

/** a: the share of G_a where H_a is 0; b: the share of H_b where G_b is 0. */
export type LayerIrrelevant = BothSides<IrrelevantShare>;

/**
 * chosen: directions within this factor above the threshold show that the cut through a falling spectrum is arbitrary.
 */
const blur = 100;

/** chosen: above this value of `unseen` the samples are too few. */
const mostUnseen = 0.5;

/**
 * Share of A in the null space of B   (theory.md Eq. 65): of H in that of G, 0 where irrelevant directions have
 * decayed.
 *
 * @param A (d, d) second moment
 * @param B eigenvalues and vectors, all d of them
 */
export function irrelevantDirections(A: Matrix, B: Eigen, threshold = roundingFloor): IrrelevantDirections {
  const d = A.rows;
  const largest = B.values[0] ?? 0;
  const AV = matmul(A, B.vectors);
  let [count, along] = [0, 0];
  for (let j = 0; j < d; j++) {
    if (B.values[j]! > threshold * largest) continue;
    count++;
    for (let i = 0; i < d; i++) along += B.vectors.data[i * d + j]! * AV.data[i * d + j]!;
  }
  const total = trace(A);
  const share = count > 0 && total > 0 ? Math.max(0, along) / total : null;
  const chanceSpread = share === null || d < 2 ? null : spreadOfChance(A, count);
  return { count, share, chance: count / d, chanceSpread, threshold };
}

/**
 * Standard deviation of tr(P A) / tr A for a projector P on k random directions: that of Eq. 13's cosine, times the
 * norms.
 */
function spreadOfChance(A: Matrix, k: number): number {
  const d = A.rows;
  const traceless = Math.max(0, (frobenius(A) / trace(A)) ** 2 - 1 / d);
  return Math.sqrt((2 * k * (1 - k / d) * traceless) / ((d - 1) * (d + 2)));
}

/**
 * Both sides of a layer: H_b where G_b is 0, and its dual, G_a where H_a is 0   (theory.md Eqs. 55, 65).
 *
 * Plain second moments decide whether a direction is empty, since a gradient that is equal in all samples is not
 * absent. The kept share is that of the covariance: nearly all of the plain moment may be the mean, which a bias can
 * take.
 *
 * @param spectra of the plain second moments, and of covariances where means were captured
 * @param halves  of the samples, for the noise
 * @returns undefined where not all eigenvalues are known. One eigendecomposition for a side that has such directions,
 *   O(d^3)
 */
export function layerIrrelevant(
  total: LayerMoments,
  spectra: LayerSpectra,
  halves?: readonly [LayerMoments, LayerMoments],
): LayerIrrelevant | undefined {
  const b = sideShare("b", total, spectra, halves);
  const a = total.a ? sideShare("a", total, spectra, halves) : null;
  return b && a !== undefined ? { a, b } : undefined;
}

function sideShare(
  side: Side,
  total: LayerMoments,
  spectra: LayerSpectra,
  halves: readonly [LayerMoments, LayerMoments] | undefined,
): IrrelevantShare | undefined {
  const [empty, kept] = side === "b" ? (["G", "H"] as const) : (["H", "G"] as const);
  const convention = total[side]![kept === "H" ? "hSum" : "gSum"] ? "covariance" : "raw";
  const [none, full]: (SpectrumRecord | undefined)[] = [spectra.raw[side]?.[empty], spectra[convention][side]?.[kept]];
  if (!none || !full) return undefined;
  const d = none.dimension;
  if (none.status !== undefined || full.status !== undefined || none.values.length < d) return undefined;
  const largest = none.values[0]!;
  const below = (size: number) => none.values.filter((value) => value <= size * largest).length;
  const count = below(roundingFloor);
  const near = below(blur * roundingFloor) - count;
  const { n } = total;
  const unseen = Math.min(1, (d - count + 1) / (n + 1));
  const about = {
    near,
    n,
    unseen,
    ...(count > 0 && unseen > mostUnseen ? { status: "too-few-samples" as const } : {}),
  };
  if (count === 0)
    return {
      count,
      share: null,
      chance: 0,
      chanceSpread: null,
      threshold: roundingFloor,
      noise: null,
      floor: null,
      ...about,
    };
  const directions = eigh(secondMoment(total[side]!, empty, "raw", total.n)!);
  const within = (of: LayerMoments) => secondMoment(of[side]!, kept, convention, of.n)!;
  const A = within(total);
  const found = irrelevantDirections(A, directions);
  const [first, second] = (halves ?? []).map((half) => irrelevantDirections(within(half), directions).share);
  return {
    ...found,
    noise: first == null || second == null ? null : Math.abs(first - second) / 2,
    floor: (roundingFloor * found.count * full.values[0]!) / trace(A),
    ...about,
  };
}
