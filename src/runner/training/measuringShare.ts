/**
 * @file What measurements during training hold, so that looking does not outlast training: by estimates from sizes and
 * counts alone, never by the clock, so that a resumed run measures the same things at the same steps.
 *
 * Laws wait for the last step. Of ranks, spectra and what else takes O(d^3) the narrowest layers have theirs as far as
 * training leaves time; where even alignments take longer than the steps between, there are fewer measurements.
 */
import type { LayerSnapshot } from "../../measure/snapshot.ts";
import { type Network, parameterShapes } from "../../networks/network.ts";
import { CHEAP_BYTES, FEW_GROUPS, MOST_GROUPS } from "../../probe/groupCount.ts";
import { LOG_POINTS } from "../../train/milestones.ts";

export interface RunSizes {
  readonly network: Network;
  readonly steps: number;
  /** Samples of a step, and of a measurement. */
  readonly batch: number;
  readonly samples: number;
  /** Rows of each sample that are measured; 0 for all. */
  readonly positions?: number | undefined;
}

export interface MeasuringShare {
  /** Measurements at logarithmic spacing. */
  readonly points: number;
  /** Seconds, by estimate, that ranks and what else takes O(d^3) may take at each measurement but the last. */
  readonly cubicSeconds: number;
}

/**
 * chosen: operations a second of one core, of products in float32: of steps, and of measurements, which write large
 * sums.
 */
const TRAINING_SPEED = 4e10;
const MEASURING_SPEED = 2e10;
/** chosen: seconds of a step, and of a measurement, that are there however small the network. */
const STEP_SECONDS = 2e-4;
const MEASURE_SECONDS = 5e-3;
/**
 * chosen: seconds for each entry of a second moment of a group of samples in one convention: its sums finished, and
 * relations.
 */
const ENTRY_SECONDS = 3e-8;
/** Conventions. */
const CONVENTIONS = 3;
/** Numbers held for each entry of a side: four symmetric sums and one between the two. */
const SUMS = 5;
/** chosen: measurements that take less in all disturb nobody. */
const FREE_SECONDS = 5;
/** chosen: samples measured where a setting has no parameter of that name. */
const SAMPLES = 1000;
/** chosen: fewer points tell no course; only where even these take longer than training do measurements outlast it. */
const LEAST_POINTS = 6;

/** @param fixed measurements, where they are given: their number stays, and ranks have what time is left */
export function measuringShare(sizes: RunSizes, fixed?: number): MeasuringShare {
  const { steps, batch, samples } = sizes;
  const maps = mapsOf(sizes.network);
  const rows = rowsOf(sizes.network);
  const measuredRows = sizes.positions ? Math.min(rows, sizes.positions) : rows;
  const weights = maps.reduce((sum, { dIn, dOut }) => sum + dIn * dOut, 0);
  const squares = maps.reduce((sum, { dIn, dOut }) => sum + dIn ** 2 + dOut ** 2, 0);
  // Forward and backward, six operations for a weight; four sums a side, of which half is computed.
  const training = steps * (STEP_SECONDS + (6 * batch * rows * weights) / TRAINING_SPEED);
  const pass = (samples * (6 * rows * weights + 4 * measuredRows * squares)) / MEASURING_SPEED;
  const groups = MOST_GROUPS * SUMS * 8 * squares > CHEAP_BYTES ? FEW_GROUPS : MOST_GROUPS;
  const alignments = CONVENTIONS * (groups + 1) * ENTRY_SECONDS * squares;
  const each = MEASURE_SECONDS + pass + alignments;
  const allowed = Math.max(FREE_SECONDS, training);
  const points = fixed ?? Math.max(LEAST_POINTS, Math.min(LOG_POINTS, Math.floor(allowed / each)));
  return { points, cubicSeconds: Math.max(0, allowed / points - each) };
}

/** What a passing measurement left out, for its record; undefined where `cost` is the user's wish. */
export function leftOut(layers: readonly LayerSnapshot[]): string {
  const unranked = layers.filter(({ spectra, sampled }) => spectra === undefined && sampled === undefined).length;
  const ranks = unranked === 0 ? "" : `, nor ranks, spectra and residuals of ${unranked} of ${layers.length} layers`;
  return `laws (exponents, phases, irrelevant directions)${ranks}: not measured in mid-training; crh run --cost standard measures them each time`;
}

/** A run's sizes from its parameters; settings that name no samples are small ones. */
export function sizesOf(network: Network, parameters: Readonly<Record<string, unknown>>, positions?: number): RunSizes {
  const number = (key: string, otherwise: number) => {
    const value = parameters[key];
    return typeof value === "number" ? value : otherwise;
  };
  const [steps, batch, samples] = [number("steps", 0), number("batch", 1), number("samples", SAMPLES)];
  return { network, steps, batch, samples, positions };
}

/** Sides of the weights of two axes and more; kernels of convolutions are a matrix of (channels, patch). */
function mapsOf(network: Network): { dIn: number; dOut: number }[] {
  return [...parameterShapes(network).values()].flatMap((shape) => {
    const [dOut = 1, ...rest] = shape;
    return rest.length === 0 ? [] : [{ dOut, dIn: rest.reduce((x, y) => x * y, 1) }];
  });
}

/**
 * Rows of a sample at the input: tokens of a window, pixels of an image; convolutions further up have fewer, and the
 * estimate is high.
 */
function rowsOf({ graph }: Network): number {
  const input = graph.inputs.find(({ name }) => name === "x") ?? graph.inputs[0];
  const axes = (input?.shape ?? []).slice(1).map((length) => (typeof length === "number" ? length : 1));
  const isTokens = input?.dtype === "int64" || input?.dtype === "int32";
  return (isTokens ? axes : axes.slice(1)).reduce((x, y) => x * y, 1);
}
