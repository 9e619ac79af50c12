/**
 * @file How much a run still changed over the last half of its steps: its loss, its representations (docs/theory.md Eq.
 * 64), its learning rate. A fixed factor of time distinguishes a drift in log t and a random walk from convergence;
 * measured per step, all of them slow down.
 */

import { median } from "../measure/median.ts";
import { hiddenSides } from "../measure/network/hiddenSides.ts";
import type { LayerSnapshot, Snapshot } from "../measure/snapshot.ts";
import { halvings } from "../measure/training/halvings.ts";
import { byStep } from "./relationFindings.ts";

/** A quantity at a step: train/loss, eval/loss, lr. */
export interface MetricPoint {
  readonly step: number;
  readonly name: string;
  readonly value: number;
}

/** Measurements and metrics of a run. */
export interface Course {
  /** In any order. */
  readonly snapshots: readonly Snapshot[];
  readonly metrics?: readonly MetricPoint[];
}

/**
 * chosen: a loss that falls by at most this over the last half of the steps counts as constant, within its scatter.
 */
export const constantLoss = 0.05;

export interface LossChange {
  /** Loss at the end divided by that at half the steps, minus 1; negative where it falls. */
  readonly change: number;
  /** Its standard error, from the scatter of the recorded losses; 0 if there is one loss at either end. */
  readonly error: number;
  /** The last step. */
  readonly step: number;
  readonly of: "training" | "evaluation";
}

/** Relative change of the loss over the last half of the steps; undefined where it was not recorded at both ends. */
export function lossChange({ snapshots, metrics = [] }: Course): LossChange | undefined {
  const train = metrics.filter(({ name }) => name === "train/loss").map(({ step, value }) => ({ step, value }));
  const measured = byStep(snapshots).flatMap(({ step, loss }) =>
    loss.mean === null ? [] : [{ step, value: loss.mean }],
  );
  return changeOf(train, "training") ?? changeOf(measured, "evaluation");
}

/** chosen: the share of the steps before either end whose losses are averaged. */
const windowShare = 0.1;

function changeOf(rows: readonly { step: number; value: number }[], of: LossChange["of"]): LossChange | undefined {
  const end = rows.reduce((most, { step }) => Math.max(most, step), 0);
  const within = (to: number) =>
    rows.filter(({ step }) => step > to - windowShare * end && step <= to).map(({ value }) => value);
  const [half, last] = [meanOf(within(end / 2)), meanOf(within(end))];
  if (end === 0 || !half || !last || half.mean === 0) return undefined;
  const change = (last.mean - half.mean) / Math.abs(half.mean);
  const error = Math.sqrt(last.variance + half.variance) / Math.abs(half.mean);
  return Number.isFinite(change) ? { change, error, step: end, of } : undefined;
}

/** Mean, and its variance from the scatter. */
function meanOf(values: readonly number[]): { mean: number; variance: number } | undefined {
  const n = values.length;
  if (n === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: n < 2 ? 0 : squares / (n - 1) / n };
}

/** Whether the loss falls by more than its scatter and the limit for a constant loss. */
export function stillFalls({ change, error }: LossChange): boolean {
  return -change > Math.max(constantLoss, 2 * error);
}

/** Change of the representations over about a factor of two of the steps. */
export interface RepresentationChange {
  readonly step: number;
  readonly since: number;
  /**
   * Bounds of the median over representations of |A' - A| / |A|, A = cov(h, h) by the paper's convention.
   */
  readonly least: number;
  readonly most: number;
  /** Number of changes it was summed from; 1 where the two ends were compared directly. */
  readonly parts: number;
  /** The change over a shorter time, if it was measured and the two ends were compared directly. */
  readonly shorter?: { readonly since: number; readonly value: number };
}

/**
 * Changes over factors of two, from the end backwards (docs/theory.md Eq. 64).
 *
 * Where the two ends were not compared directly (runs of earlier versions), the changes c_i between measurements are
 * summed. A fluctuation about a fixed point gives the largest of them, a random walk the root of the sum of their
 * squares, a drift prod (1 + c_i) - 1.
 */
export function representationChanges(snapshots: readonly Snapshot[]): RepresentationChange[] {
  const ordered = byStep(snapshots);
  const at = new Map(ordered.map((one) => [one.step, one]));
  const found: RepresentationChange[] = [];
  let step = ordered.at(-1)?.step;
  while (step !== undefined) {
    const snapshot = at.get(step)!;
    const upTo = ordered.map((one) => one.step).filter((one) => one <= snapshot.step);
    const direct = snapshot.layers.find((layer) => layer.changeSinceHalf)?.changeSinceHalf?.since;
    const half: number | undefined = direct ?? halvings(upTo).get(step);
    if (half === undefined) return found;
    const over = direct === undefined ? composed(ordered, half, step) : compared(snapshot);
    if (over) found.push({ step, since: half, ...over });
    step = at.has(half) ? half : undefined;
  }
  return found;
}

type Ends = Pick<RepresentationChange, "least" | "most" | "parts" | "shorter">;

function compared({ layers }: Snapshot): Ends | undefined {
  const all = representations(layers);
  const value = median(all.map(({ layer, side }) => layer.changeSinceHalf?.paper[side]?.H.value ?? null));
  if (value === null) return undefined;
  const { change, changeSinceHalf } = all.find(({ layer }) => layer.changeSinceHalf)!.layer;
  const between = median(all.map(({ layer, side }) => layer.change?.paper[side]?.H.value ?? null));
  const isShorter = between !== null && change && change.since > changeSinceHalf!.since;
  return {
    least: value,
    most: value,
    parts: 1,
    ...(isShorter ? { shorter: { since: change.since, value: between } } : {}),
  };
}

/**
 * Whether a change is no larger than over a shorter time, as for a fluctuation about a fixed point. The change of a
 * random walk grows as the root of the time, that of a drift faster.
 *
 * @param share largest ratio of the shorter time to the longer: over a quarter of the time a walk goes half as far, a
 *   clear difference
 */
export function fluctuates({ step, since, most, shorter }: RepresentationChange, share = 1): boolean {
  if (shorter === undefined || step - shorter.since > share * (step - since)) return false;
  const longer = (step - since) / (step - shorter.since);
  return most <= shorter.value * longer ** 0.25; // halfway from a fluctuation to a walk, on a logarithmic scale
}

function composed(ordered: readonly Snapshot[], half: number, step: number): Ends | undefined {
  const inside = ordered.filter((one) => one.step > half && one.step <= step);
  const ends = representations(inside.at(-1)?.layers ?? []).map(({ layer: { name }, side }) => {
    const changes = inside.map(({ layers }) => layers.find((one) => one.name === name)?.change);
    const values = changes.map((change) => change?.paper[side]?.H.value ?? null);
    const whole = changes.every((change, i) => change?.since === (inside[i - 1]?.step ?? half));
    if (!whole || values.some((value) => value === null)) return undefined;
    const known = values as number[];
    return {
      least: Math.max(...known),
      most: known.reduce((product, value) => product * (1 + value), 1) - 1,
    };
  });
  const least = median(ends.map((one) => one?.least ?? null));
  const most = median(ends.map((one) => one?.most ?? null));
  return least === null || most === null ? undefined : { least, most, parts: inside.length };
}

/** Hidden representations of a chain of maps, or the outputs of all layers of another network, without dead layers. */
function representations(layers: readonly LayerSnapshot[]): { layer: LayerSnapshot; side: "a" | "b" }[] {
  const hidden = hiddenSides(layers)?.hidden ?? [];
  const all = hidden.length > 0 ? hidden : layers.map((layer) => ({ layer, side: "b" as const }));
  return all.filter(({ layer }) => layer.dead === undefined);
}

/** chosen: a rate below this share of the largest counts as zero; a schedule with two drops by ten ends above it. */
const zeroRate = 0.005;

/** Whether the learning rate ends at zero, where constant values say nothing about convergence. */
export function rateAtZero({ metrics = [] }: Pick<Course, "metrics">): boolean {
  const rates = metrics.filter(({ name }) => name === "lr").toSorted((x, y) => x.step - y.step);
  const most = rates.reduce((largest, { value }) => Math.max(largest, value), 0);
  return rates.length > 1 && rates.at(-1)!.value < zeroRate * most;
}
