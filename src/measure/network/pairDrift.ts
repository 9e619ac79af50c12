/**
 * @file Where noise and decay drive the charges of a pair, and how the charges changed between two measurements
 * (theory.md Eqs. 107, 108, 124).
 */
import { frobenius, type Matrix, matrix } from "../../linalg/matrix.ts";
import type { PairSymmetry } from "../../moments/edges.ts";
import type { Status } from "../measured.ts";
import type { TrainingConstants } from "../training/residualEquations.ts";
import type { PairHalf } from "./pairHalf.ts";

/** Weights or noise are missing; "one-sided": the scale of a normalized map has no partner and only grows. */
export type PairStatus = Status | "one-sided";

/** How the network is trained, and the rates of the steps since the earlier measurement. */
export type PairTraining = TrainingConstants & {
  /** Means over these steps of the rate and of its square; default `lr`. */
  readonly since?: { readonly rate: number; readonly square: number };
};

/** A change of the charges: its sum over values (the trace), and its Euclidean (Frobenius) norm. */
export interface ChargeChange {
  sum: number;
  norm: number;
}

/** Signs are those of `charge`. */
export interface PairDrift {
  /**
   * By the noise of single examples, E[G_W G_W^T] - E[G_U^T G_U] or, of rotation, the reverse: times rate^2 / batch a
   * step (Eq. 107).
   */
  noise: ChargeChange | null;
  /** By the mean gradients, without the contribution of sampling: times rate^2 (1 - 1 / batch) a step   (Eq. 107). */
  mean: ChargeChange | null;
  /**
   * Expected change in one step, by noise, mean gradients and decay; null where the network's training is not known.
   */
  perStep: ChargeChange | null;
  /** Since an earlier measurement. */
  since: {
    step: number;
    /** From the noise at both ends, with exact decay   (Eq. 124). */
    predicted: ChargeChange | null;
    measured: ChargeChange;
    /** |predicted - measured| / |measured|. */
    error: number | null;
    /**
     * What moved in both directions: the norm of what noise added to the squared weights of both sides, plus that of
     * what decay took from the charges. Near rest it is many times the change. Null without a prediction; not in
     * snapshots of earlier versions.
     */
    turnover?: number | null;
    /**
     * Norm of the charges' rounding error in float32 over these steps, if each step rounds each weight independently.
     */
    rounding: number;
  } | null;
  /** "below-rounding": `isHiddenByRounding`. "not-sgd": the theory is SGD's. */
  status: "ok" | PairStatus | "not-sgd" | "below-rounding" | "no-training";
}

interface Halves {
  readonly first: PairHalf;
  readonly second?: PairHalf;
}

interface Known {
  readonly symmetry: PairSymmetry;
  readonly charge: Matrix;
  readonly step: number;
  readonly halves: Halves;
  readonly training: PairTraining | undefined;
  readonly earlier: { readonly charge: Matrix; readonly step: number; readonly halves: Halves } | undefined;
}

/** All null, with a status, where the charges are not known. */
export function pairDrift(known: Known | { readonly status: PairStatus }): PairDrift {
  if ("status" in known) return { noise: null, mean: null, perStep: null, since: null, status: known.status };
  const { symmetry, charge, halves, training, earlier } = known;
  const now = sourceOf(symmetry, halves);
  const rates = training && ratesOf(training);
  const since = earlier && movement(known, earlier, now, rates);
  return {
    noise: now ? size(now.noise) : null,
    mean: now?.mean ? size(now.mean) : null,
    perStep: now && rates ? size(stepOf(charge, pull(now, rates), rates)) : null,
    since: since ?? null,
    status: statusOf(now, training, rates, since),
  };
}

/**
 * The sources of the charges' change in one step besides decay: noise, times rate^2 / batch, and mean gradients, times
 * rate^2 (1 - 1 / batch).
 */
interface Source {
  readonly noise: Matrix;
  /** The noise of both sides added up, of which `noise` is the difference. */
  readonly both: Matrix;
  readonly mean: Matrix | null;
}

/** undefined where noise was not summed, as of scale. */
function sourceOf(symmetry: PairSymmetry, { first, second }: Halves): Source | undefined {
  if (!first.noise || !second?.noise) return undefined;
  const sign = symmetry === "rotation" ? -1 : 1; // rescaling: incoming minus outgoing
  const difference = (below: Matrix, above: Matrix) =>
    matrix(
      below.rows,
      below.cols,
      below.data.map((value, k) => sign * (value - above.data[k]!)),
    );
  const [below, above] = [first.noise.moment, second.noise.moment];
  const noise = difference(below, above);
  const mean = first.mean && second.mean ? difference(first.mean, second.mean) : null;
  if (!noise.data.every(Number.isFinite)) return undefined;
  return { noise, both: sum(below, above, 1), mean: mean?.data.every(Number.isFinite) ? mean : null };
}

/** Factors of one step   (Eqs. 107, 108): 1 - decay of the charge, and those of the two sources. */
interface Rates {
  readonly decay: number;
  readonly noise: number;
  readonly mean: number;
}

/** undefined for anything but SGD, and where the batch is not known. */
function ratesOf({ lr, decay, batch, momentum = 0, optimizer = "sgd", since }: PairTraining): Rates | undefined {
  if (optimizer !== "sgd" || batch === undefined || !(batch > 0) || momentum >= 1) return undefined;
  const { rate, square } = since ?? { rate: lr, square: lr * lr };
  return {
    decay: (2 * rate * decay) / (1 - momentum),
    noise: square / ((1 - momentum) ** 2 * batch),
    mean: square * (1 - 1 / batch),
  };
}

function pull({ noise, mean }: Source, rates: Rates): Matrix {
  return matrix(
    noise.rows,
    noise.cols,
    noise.data.map((value, k) => rates.noise * value + rates.mean * (mean?.data[k] ?? 0)),
  );
}

function stepOf(charge: Matrix, source: Matrix, { decay }: Rates): Matrix {
  return matrix(
    charge.rows,
    charge.cols,
    source.data.map((value, k) => value - decay * charge.data[k]!),
  );
}

function movement(
  known: Known,
  earlier: NonNullable<Known["earlier"]>,
  now: Source | undefined,
  rates: Rates | undefined,
): PairDrift["since"] {
  const steps = known.step - earlier.step;
  if (steps <= 0) return null;
  const { charge } = known;
  const measured = matrix(
    charge.rows,
    charge.cols,
    charge.data.map((value, k) => value - earlier.charge.data[k]!),
  );
  const before = sourceOf(known.symmetry, earlier.halves);
  const sources = [now, before].filter((source) => source !== undefined);
  const driven =
    rates && sources.length > 0
      ? drivenBy(
          sources.map((source) => pull(source, rates)),
          rates,
          steps,
        )
      : undefined;
  const predicted = rates && driven && sum(driven, earlier.charge, -decayed(rates, steps));
  const { first, second } = known.halves;
  const rounding = roundedBy(Math.hypot(first.squaresNorm, second?.squaresNorm ?? 0), steps);
  const size2 = size(measured);
  const missed = predicted && measured.data.map((value, k) => predicted.data[k]! - value);
  const error = missed && size2.norm > 0 ? frobenius(matrix(charge.rows, charge.cols, missed)) / size2.norm : null;
  return {
    step: earlier.step,
    predicted: predicted ? size(predicted) : null,
    measured: size2,
    error,
    turnover: rates && driven ? turnoverOf(sources, earlier.charge, rates, steps) : null,
    rounding,
  };
}

/** What noise added to both sides, and decay took   (Eq. 124). @param sources the later one first */
function turnoverOf(sources: readonly Source[], charge: Matrix, rates: Rates, steps: number): number {
  const added = drivenBy(
    sources.map(({ both }) => both),
    rates,
    steps,
  );
  return rates.noise * frobenius(added) + decayed(rates, steps) * frobenius(charge);
}

/**
 * The error of the prediction as a share of the turnover; null where that is not known, or nothing was turned over.
 */
export function errorOfTurnover({ error, measured, turnover }: NonNullable<PairDrift["since"]>): number | null {
  return error === null || !turnover ? null : (error * measured.norm) / turnover;
}

/** The share of the charges that decay takes in some steps   (Eq. 124). */
const decayed = ({ decay }: Rates, steps: number): number => -Math.expm1(-decay * steps);

/**
 * What is left at the end of what a source brought in some steps, if it changes linearly from its earlier to its later
 * value; constant where only one is known   (Eq. 124).
 *
 * @param ends the later one first
 */
function drivenBy(ends: readonly Matrix[], rates: Rates, steps: number): Matrix {
  const k = rates.decay * steps;
  // Weights of both ends in units of steps: integrals of e^(-k (1 - u)) over u from 0 to 1, times 1 - u and times u.
  const all = k > 0 ? decayed(rates, steps) / k : 1;
  const late = k > 1e-4 ? (1 - all) / k : 0.5 - k / 6;
  const [later, earlier = later] = ends;
  return matrix(
    later!.rows,
    later!.cols,
    later!.data.map((value, i) => steps * ((all - late) * earlier!.data[i]! + late * value)),
  );
}

/** A + factor B. */
function sum(A: Matrix, B: Matrix, factor: number): Matrix {
  return matrix(
    A.rows,
    A.cols,
    A.data.map((value, i) => value + factor * B.data[i]!),
  );
}

/**
 * Relative standard deviation of the rounding of a float32 number: half a unit in the last place, uniform. Averaged
 * between powers of 2, it is .72 of the largest.
 */
const ROUNDING = (0.72 * 2 ** -24) / Math.sqrt(3);

/**
 * Norm of the change of charges from rounding each weight once a step: 2 w dw for each weight.
 *
 * @param squaresNorm of all w^2
 */
function roundedBy(squaresNorm: number, steps: number): number {
  return 2 * ROUNDING * Math.sqrt(steps) * squaresNorm;
}

function statusOf(
  source: Source | undefined,
  training: PairTraining | undefined,
  rates: Rates | undefined,
  since: PairDrift["since"] | undefined,
): PairDrift["status"] {
  if (source === undefined) return "not-measured";
  if (training === undefined) return "no-training";
  if (rates === undefined) return "not-sgd";
  return since && isHiddenByRounding(since) ? "below-rounding" : "ok";
}

/** Whether float32 rounding of the weights moves the charges as far as the measured, or the predicted, change. */
export function isHiddenByRounding({ measured, predicted, rounding }: NonNullable<PairDrift["since"]>): boolean {
  return Math.min(measured.norm, predicted?.norm ?? Infinity) <= rounding;
}

function size(A: Matrix): ChargeChange {
  const { rows, cols, data } = A;
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += data[i * cols + (cols === 1 ? 0 : i)]!;
  return { sum, norm: frobenius(A) };
}
