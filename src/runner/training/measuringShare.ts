/**
 * @file The extent of a run's measurements, such that they take no longer than training, or than some seconds. It
 * follows from estimates by sizes and counts, never from a clock, so that a resumed run measures the same at the same
 * steps.
 *
 * There is always one measurement before training and one at its end, with all alignments. Up to half of the remaining
 * time goes to ranks, spectra, other O(d^3) measures and laws of the last one; the rest to measurements in between and
 * their ranks. Laws are only measured at the last step. Where a budget does not suffice for all layers, the narrowest
 * come first.
 */
import {
  affordableSeconds,
  type LayerSnapshot,
  layerCubicSeconds,
  type SnapshotOptions,
} from "../../measure/snapshot.ts";
import { type Network, parameterShapes } from "../../networks/network.ts";
import { CHEAP_BYTES, FEW_GROUPS, MOST_GROUPS } from "../../probe/groupCount.ts";
import { LOG_POINTS } from "../../train/milestones.ts";

export interface RunSizes {
  readonly network: Network;
  readonly steps: number;
  /** Number of samples per step, and per measurement. */
  readonly batch: number;
  readonly samples: number;
  /** Number of rows measured per sample; 0 for all. */
  readonly positions?: number | undefined;
}

/** Estimated seconds that parts of a measurement may take; undefined: no limit beyond the general one. */
export type Budget = Pick<SnapshotOptions, "exponentSeconds" | "cubicSeconds">;

export interface MeasuringShare {
  /** Number of measurements at logarithmic spacing, without the one at the start; 1 for start and end only. */
  readonly points: number;
  /** Budget of each measurement except the last. */
  readonly passing: Budget;
  readonly last: Budget;
}

/**
 * chosen: operations per second of one core for float32 products: in steps, and in measurements, which write large
 * sums.
 */
const TRAINING_SPEED = 4e10;
const MEASURING_SPEED = 2e10;
/** chosen: fixed seconds of a step, and of a measurement, for any network size. */
const STEP_SECONDS = 2e-4;
const MEASURE_SECONDS = 5e-3;
/**
 * chosen: seconds per entry of a second moment, per group of samples and convention: finishing its sums, and relations.
 */
const ENTRY_SECONDS = 3e-8;
/** Number of conventions. */
const CONVENTIONS = 3;
/** Numbers per entry of a side: four symmetric sums and one cross sum. */
const SUMS = 5;
/** chosen: the estimate of a measurement relative to that of training may be too low by this factor. */
const MARGIN = 1.3;
/** chosen: measurements with a smaller total time are acceptable however short training is. */
const FREE_SECONDS = 5;
/** Share of `affordableSeconds` for laws. */
const LAWS = 2;
/** chosen: samples measured if a setting has no such parameter. */
const SAMPLES = 1000;
/** @param fixed number of measurements, if given; their extent uses the remaining time */
export function measuringShare(sizes: RunSizes, fixed?: number): MeasuringShare {
  const { steps, batch, samples } = sizes;
  const maps = mapsOf(sizes.network);
  const rows = rowsOf(sizes.network);
  const measuredRows = sizes.positions ? Math.min(rows, sizes.positions) : rows;
  const weights = maps.reduce((sum, { dIn, dOut }) => sum + dIn * dOut, 0);
  const squares = maps.reduce((sum, { dIn, dOut }) => sum + dIn ** 2 + dOut ** 2, 0);
  // Forward and backward: six operations per weight; four sums per side, half of each computed.
  const training = steps * (STEP_SECONDS + (6 * batch * rows * weights) / TRAINING_SPEED);
  const pass = (samples * (6 * rows * weights + 4 * measuredRows * squares)) / MEASURING_SPEED;
  const groups = MOST_GROUPS * SUMS * 8 * squares > CHEAP_BYTES ? FEW_GROUPS : MOST_GROUPS;
  const alignments = CONVENTIONS * (groups + 1) * ENTRY_SECONDS * squares;
  const each = MARGIN * (MEASURE_SECONDS + pass + alignments);
  const allowed = Math.max(FREE_SECONDS, training);
  const layers = maps.map(({ dIn, dOut }, i) => ({ name: String(i), dIn, dOut, a: { d: dIn }, b: { d: dOut } }));
  const cubic = layers.reduce((sum, layer) => sum + layerCubicSeconds(layer), 0);
  const whole = cubic + LAWS * affordableSeconds(layers);
  const atLast = Math.min(whole, Math.max(0, allowed - 2 * each) / 2);
  const between = allowed - each - atLast;
  const points = Math.max(1, Math.min(LOG_POINTS, Math.floor(between / each)));
  const earlier = fixed === undefined ? Math.min(points, Math.max(1, steps)) : Math.max(1, fixed - 1);
  return {
    points,
    passing: { exponentSeconds: 0, cubicSeconds: Math.max(0, between / earlier - each) },
    last: atLast === whole ? {} : { cubicSeconds: atLast, exponentSeconds: Math.max(0, atLast - cubic) / LAWS },
  };
}

/** The note on measures left out before the last step, for the record; undefined where the user set `cost`. */
export function leftOut(layers: readonly LayerSnapshot[]): string {
  const ranks = unranked(layers);
  const nor = ranks === 0 ? "" : `, nor ranks, spectra and residuals of ${ranks} of ${layers.length} layers`;
  return `laws (exponents, phases, irrelevant directions)${nor}: not measured during training; crh run --cost standard measures them each time`;
}

/**
 * The note on measures left out at the last step because training was too short; undefined if complete.
 *
 * @param last its budget from `measuringShare`
 */
export function leftOutAtLast(layers: readonly LayerSnapshot[], last: Budget): string | undefined {
  if (last.cubicSeconds === undefined) return undefined;
  const lawless = layers.filter(({ phase, sampled }) => phase === undefined && sampled === undefined).length;
  const ranks = unranked(layers);
  const missing = [
    ...(lawless === 0 ? [] : [`laws (exponents, phases, irrelevant directions) of ${lawless}`]),
    ...(ranks === 0 ? [] : [`ranks, spectra and residuals of ${ranks}`]),
  ];
  if (missing.length === 0) return undefined;
  return `${missing.join(" and ")} of ${layers.length} layers: not measured, they would take longer than training; crh run --cost standard measures them`;
}

function unranked(layers: readonly LayerSnapshot[]): number {
  return layers.filter(({ spectra, sampled }) => spectra === undefined && sampled === undefined).length;
}

/** A run's sizes from its parameters; settings without a number of samples are small. */
export function sizesOf(network: Network, parameters: Readonly<Record<string, unknown>>, positions?: number): RunSizes {
  const number = (key: string, otherwise: number) => {
    const value = parameters[key];
    return typeof value === "number" ? value : otherwise;
  };
  const [steps, batch, samples] = [number("steps", 0), number("batch", 1), number("samples", SAMPLES)];
  return { network, steps, batch, samples, positions };
}

/** Sides of the weights with two or more axes; kernels of convolutions are matrices (channels, patch). */
function mapsOf(network: Network): { dIn: number; dOut: number }[] {
  return [...parameterShapes(network).values()].flatMap((shape) => {
    const [dOut = 1, ...rest] = shape;
    return rest.length === 0 ? [] : [{ dOut, dIn: rest.reduce((x, y) => x * y, 1) }];
  });
}

/**
 * Rows of a sample at the input: tokens of a window, pixels of an image. Later convolutions have fewer, so the estimate
 * is high.
 */
function rowsOf({ graph }: Network): number {
  const input = graph.inputs.find(({ name }) => name === "x") ?? graph.inputs[0];
  const axes = (input?.shape ?? []).slice(1).map((length) => (typeof length === "number" ? length : 1));
  const isTokens = input?.dtype === "int64" || input?.dtype === "int32";
  return (isTokens ? axes : axes.slice(1)).reduce((x, y) => x * y, 1);
}
