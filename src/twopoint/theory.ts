/**
 * @file Solutions of the two-point theory (docs/theory.md Eq. 93) for given constants and start.
 */
import { type IntegrateOptions, integrate } from "../ode/integrate.ts";
import type { Solution } from "../ode/solution.ts";
import { checkConstants, checkStart } from "./constants.ts";
import { type TwoPointConstants, type TwoPointState, type TwoPointSystem, twoPointEquations } from "./equations.ts";

/** H, Y and w at T times. */
export interface TwoPointTrajectory {
  /** (T) times, in steps. */
  readonly t: Float64Array;
  /** (T) each. */
  readonly dh2: Float64Array;
  readonly dy2: Float64Array;
  readonly w: Float64Array;
}

/**
 * chosen: solutions are then within 1e-10 of the largest value of each variable, and the conserved quantity within
 * 1e-11.
 */
const PRECISE = 1e-10;

/**
 * chosen: a distance H below this share of its start is on its way to 0, which it reaches in finite time (Eq. 93). Fits
 * stop there, because a solver would follow it for thousands of steps.
 */
export const COLLAPSED = 1e-9;

/**
 * Solves the two-point equations   (docs/theory.md Eq. 93).
 *
 * @param start state at times[0]
 * @param times (T) ascending, in steps
 * @param options.system one of the altered systems instead of the theory
 * @throws RangeError where a constant is not above 0, the start has dh2 <= 0, times do not ascend, or an altered system
 *   diverges
 *
 * float64, relative error near 1e-10. Cost depends on how much happens, not on time: some 3 ms for a plateau of 1e5
 * steps.
 */
export function twoPointTheory(
  constants: TwoPointConstants,
  start: TwoPointState,
  times: ArrayLike<number>,
  options: { readonly system?: TwoPointSystem } = {},
): TwoPointTrajectory {
  checkConstants(constants, "twoPointTheory");
  checkStart(start, "twoPointTheory");
  const t = Float64Array.from(times);
  checkTimes(t, "twoPointTheory");
  const [dh2, dy2, w] = [0, 1, 2].map(() => new Float64Array(t.length)) as [Float64Array, Float64Array, Float64Array];
  const put = (i: number, z: ArrayLike<number>): void => {
    [dh2[i], dy2[i], w[i]] = [z[0]!, z[1]!, z[2]!];
  };
  put(0, [start.dh2, start.dy2, start.w]);
  if (t.length === 1) return { t, dh2, dy2, w };
  const solution = solveTwoPoint(constants, start, [t[0]!, t.at(-1)!], { ...options, rtol: PRECISE });
  if (solution.failure !== undefined)
    throw new RangeError(
      `twoPointTheory: expected a solution to t = ${t.at(-1)}, got ${solution.failure}; use other constants or less time`,
    );
  const z = new Float64Array(3);
  for (let i = 1; i < t.length; i++) put(i, solution.at(t[i]!, z));
  return { t, dh2, dy2, w };
}

/** @throws RangeError in one line unless there are times and they ascend */
function checkTimes(t: Float64Array, where: string): void {
  if (t.length === 0) throw new RangeError(`${where}: expected times, got none`);
  const i = t.findIndex((time, k) => !Number.isFinite(time) || (k > 0 && !(time > t[k - 1]!)));
  if (i >= 0)
    throw new RangeError(
      `${where}: expected ascending times, got ${t[i]}${i > 0 ? ` after ${t[i - 1]}` : ""}; sort them`,
    );
}

/**
 * The solution between its steps, unchecked.
 *
 * Tolerances: H has a relative one only, because it stays positive and everything divides by it. Y and w vanish at some
 * time; their absolute tolerance is 1e-5 of rtol Y*.
 */
export function solveTwoPoint(
  constants: TwoPointConstants,
  start: TwoPointState,
  span: readonly [number, number],
  options: Pick<IntegrateOptions, "until" | "maxSteps"> & { readonly rtol: number; readonly system?: TwoPointSystem },
): Solution {
  const { rtol, system = "theory", until, maxSteps } = options;
  const small = 1e-5 * rtol * constants.dy2;
  return integrate(twoPointEquations(constants, system), [start.dh2, start.dy2, start.w], span, {
    rtol,
    atol: [0, small, small],
    ...(until === undefined ? {} : { until }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
  });
}
