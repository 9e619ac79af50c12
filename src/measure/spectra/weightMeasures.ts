/**
 * @file Measures of the weights of one map alone: norms, ranks, spectrum, and the power law of its tail, under the
 * names introduced by WeightWatcher (Martin, Peng and Mahoney, Nature Communications 12, 4122 (2021)).
 */
import { eigvalsh } from "../../linalg/eigvalsh.ts";
import { gram, type Matrix, maxAbs } from "../../linalg/matrix.ts";
import type { Status } from "../measured.ts";
import { type NearestLaw, nearestLaw } from "./nearestLaw.ts";
import { type RankValue, rank, unranked } from "./rank.ts";
import { effectiveRank, roundingFloor } from "./spectrum.ts";
import { type TailExponent, tailExponent } from "./tailExponent.ts";

export interface WeightMeasures {
  /** Largest singular value |W|_2. */
  spectralNorm: number | null;
  /** log10 |W|_F^2, log10 |W|_2^2. */
  logNorm: number | null;
  logSpectralNorm: number | null;
  /** |W|_F^2 / |W|_2^2: Eq. 15 of W itself, where `ranks.stable` is that of W^T W. */
  stableRank: number | null;
  /** Ranks of the smaller of W^T W and W W^T (theory.md Eqs. 14 to 16). */
  ranks: RankValue;
  effectiveRank: number | null;
  /** Exponent of the density of the largest eigenvalues as in WeightWatcher, plausible or not. */
  alpha: number | null;
  /** alpha log10 |W|_2^2. */
  alphaWeighted: number | null;
  /** The fit that gives `alpha`; null where `tail` finds too few values. */
  law: NearestLaw | null;
  /** Whether there is a power law: its fit over a decade, interval and rivals (Eqs. 31, 32); `value` null if not. */
  tail: TailExponent;
  /** Eigenvalues, descending, to six digits. */
  eigenvalues: number[];
  status?: Status;
}

/** chosen: half of the default, since all weights of a network are measured: p to about 0.04. */
const REPLICATES = 100;

/** Significant digits of an eigenvalue from float32 weights. */
const DIGITS = 6;

/**
 * @param W (dOut, dIn)
 * @returns nulls with status "zero-matrix" or "not-finite" where there is no spectrum
 *
 * O(dOut dIn m + m^3) for m = min(dOut, dIn), and half a second or less for the fits.
 */
export function weightMeasures(W: Matrix): WeightMeasures {
  const m = Math.min(W.rows, W.cols);
  const size = maxAbs(W.data);
  if (!(size > 0 && Number.isFinite(size * size * W.data.length)))
    return unmeasured(m, size === 0 ? "zero-matrix" : "not-finite");
  const Z = gram(W, W.rows < W.cols ? "b" : "a");
  const values = eigvalsh(Z).map((value) => Math.max(0, value));
  const largest = values[0]!;
  const total = values.reduce((sum, value) => sum + value, 0);
  const floor = roundingFloor * largest;
  const tail = tailExponent(values, { replicates: REPLICATES, floor, resolution: floor });
  const law = tail.xMin === null ? null : nearestLaw(values, floor);
  const alpha = law === null ? null : law.alpha;
  return {
    spectralNorm: Math.sqrt(largest),
    logNorm: Math.log10(total),
    logSpectralNorm: Math.log10(largest),
    stableRank: total / largest,
    ranks: rank(Z, m, "weights", values),
    effectiveRank: effectiveRank(values),
    alpha,
    alphaWeighted: alpha === null ? null : alpha * Math.log10(largest),
    law,
    tail,
    eigenvalues: Array.from(values, (value) => Number(value.toPrecision(DIGITS))),
  };
}

function unmeasured(dimension: number, status: Status): WeightMeasures {
  const none = null;
  return {
    ...{ spectralNorm: none, logNorm: none, logSpectralNorm: none, stableRank: none, effectiveRank: none },
    ...{ alpha: none, alphaWeighted: none, law: none },
    ranks: unranked(dimension, 0, status),
    tail: tailExponent([]),
    eigenvalues: [],
    status,
  };
}
