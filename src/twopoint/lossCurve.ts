/** @file The loss of two points according to the theory, and its third rate (docs/theory.md Eq. 97). */
import { checkConstants } from "./constants.ts";
import type { TwoPointConstants, TwoPointState } from "./equations.ts";
import { twoPointTheory } from "./theory.ts";

/** Loss at K steps: half of the mean over the two points of the squared error, summed over outputs. */
export interface LossTrajectory {
  /** (K) ascending. */
  readonly step: ArrayLike<number>;
  /** (K) */
  readonly loss: ArrayLike<number>;
}

export interface FittedLoss {
  /** Rate of the mean of the two outputs, per step; null where the loss does not determine it. */
  readonly etaYbar: number | null;
  /** Squared distance at the start of the outputs' mean from the targets' mean. */
  readonly ybar0: number;
  /** 1 - SSE / sum (loss - mean)^2; null for a constant loss. */
  readonly r2: number | null;
}

/**
 * L(t) = (2 exp(-2 etaYbar t) ybar0 + w + (Y* - Y) / 2) / 4   (docs/theory.md Eq. 97).
 *
 * @param target Y*, squared distance of the targets
 * @param t      (K) steps since the start
 * @param dy2    (K) Y at those
 * @param w      (K)
 * @returns (K) losses
 */
export function lossCurve(
  target: number,
  { t, dy2, w }: { readonly t: ArrayLike<number>; readonly dy2: ArrayLike<number>; readonly w: ArrayLike<number> },
  { etaYbar, ybar0 }: { readonly etaYbar: number; readonly ybar0: number },
): Float64Array {
  return Float64Array.from(
    t,
    (time, i) => (2 * Math.exp(-2 * etaYbar * time) * ybar0 + w[i]! + (target - dy2[i]!) / 2) / 4,
  );
}

/** chosen: rates of the scan, 12 a decade; a valley of the cost is wider. */
const PER_DECADE = 12;

/**
 * Fits etaYbar by least squares, given the other two rates   (docs/theory.md Eq. 97).
 *
 * @param constants with the two fitted rates
 * @param start     state at step `from`
 * @param options.from  step of the start; default the first of the losses
 * @param options.ybar0 default: the value implied by the first loss
 * @throws RangeError unless steps ascend, from `from` on, and there are as many finite losses, at least three
 */
export function fitLoss(
  { step, loss }: LossTrajectory,
  constants: TwoPointConstants,
  start: TwoPointState,
  options: { readonly from?: number; readonly ybar0?: number } = {},
): FittedLoss {
  checkConstants(constants, "fitLoss");
  checkLoss({ step, loss }, options.from);
  const from = options.from ?? step[0]!;
  const t = Float64Array.from(step, (time) => time - from);
  const begins = t[0] === 0;
  const theory = twoPointTheory(constants, start, begins ? t : [0, ...t]);
  const curve = { t, dy2: begins ? theory.dy2 : theory.dy2.slice(1), w: begins ? theory.w : theory.w.slice(1) };
  const spread = constants.dy2 - curve.dy2[0]!;
  const ybar0 = options.ybar0 ?? 2 * loss[0]! - (curve.w[0]! + spread / 2) / 2;
  const cost = (logRate: number): number =>
    lossCurve(constants.dy2, curve, { etaYbar: Math.exp(logRate), ybar0 }).reduce(
      (sum, said, i) => sum + (said - loss[i]!) ** 2,
      0,
    );
  const logRate = ybar0 > 0 ? leastOf(cost, t) : undefined;
  return {
    etaYbar: logRate === undefined ? null : Math.exp(logRate),
    ybar0,
    r2: determination(loss, cost(logRate ?? Number.NEGATIVE_INFINITY)),
  };
}

function determination(loss: ArrayLike<number>, left: number): number | null {
  const all = Array.from(loss);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const spread = all.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return spread > 0 ? 1 - left / spread : null;
}

/**
 * The logarithm of the rate with the least cost, by a grid and golden section. The grid reaches from rates at which
 * nothing moves to rates at which everything ends at once. Undefined where the minimum is at an end of the grid.
 */
function leastOf(cost: (logRate: number) => number, t: Float64Array): number | undefined {
  const [first, last] = [t[0]! > 0 ? t[0]! : t[1]!, t.at(-1)!];
  const [from, to] = [Math.log(1e-4 / last), Math.log(20 / first)];
  const count = Math.ceil(((to - from) / Math.LN10) * PER_DECADE);
  const at = (i: number): number => from + ((to - from) * i) / count;
  const costs = Array.from({ length: count + 1 }, (_, i) => cost(at(i)));
  const best = costs.indexOf(Math.min(...costs));
  if (best === 0 || best === count) return undefined;
  let [low, high] = [at(best - 1), at(best + 1)];
  const golden = (Math.sqrt(5) - 1) / 2;
  while (high - low > 1e-9) {
    const [x, y] = [high - golden * (high - low), low + golden * (high - low)];
    if (cost(x) < cost(y)) high = y;
    else low = x;
  }
  return (low + high) / 2;
}

/** @throws RangeError in one line for the first invalid loss */
function checkLoss({ step, loss }: LossTrajectory, from = step[0]!): void {
  if (step.length !== loss.length || step.length < 3)
    throw new RangeError(
      `fitLoss: expected at least 3 losses, one a step, got ${loss.length} at ${step.length} steps; record more of them`,
    );
  for (let i = 0; i < step.length; i++) {
    if (!Number.isFinite(loss[i]!))
      throw new RangeError(`fitLoss: expected numbers in loss, got ${loss[i]} at step ${step[i]}; leave such rows out`);
    const before = i === 0 ? from : step[i - 1]!;
    if (!(i === 0 ? step[i]! >= before : step[i]! > before))
      throw new RangeError(`fitLoss: expected ascending steps from ${from} on, got ${step[i]}; sort the rows`);
  }
}
