/** @file The theory at the rows of a trajectory as a function of the fitted parameters, with its derivatives. */
import type { Solution } from "../ode/solution.ts";
import { type TwoPointState, twoPointEquations } from "./equations.ts";
import { type Observations, startOf } from "./observations.ts";
import type { Problem } from "./scan.ts";
import { COLLAPSED, solveTwoPoint } from "./theory.ts";

/**
 * The fitted parameters: log(etaH / etaY), log etaY and, if the start is fitted too, the deviations of its H, Y and w
 * from the measured ones, as normalised residuals.
 */
export type Parameters = readonly number[];

/**
 * Standard deviations of the measured start (H relative, Y and w absolute), and the normalised residual of one standard
 * deviation. The start's parameters have such residuals as units, so that all second derivatives of the cost are of
 * order 1.
 */
export interface StartErrors {
  readonly unit: number;
  readonly dh2: number;
  readonly dy2: number;
  readonly w: number;
}

/** A normalised value that no trajectory has; finite, so that the optimiser can take back a bad step. */
export const OUT_OF_REACH = 1e6;

/** chosen: rates and their ratio lie between 1e-100 and 1e100, so that neither underflows nor overflows. */
const FARTHEST = 230;

/** chosen: far below the resolution of a fit, and suitable for differences of a thousandth. */
const FINE = 1e-8;
const DIFFERENCE = 1e-3;

export class Model {
  readonly #all: Observations;
  readonly #problem: Problem;
  readonly #errors: StartErrors | undefined;

  constructor(all: Observations, problem: Problem, errors?: StartErrors) {
    this.#all = all;
    this.#problem = problem;
    this.#errors = errors;
  }

  get rows(): number {
    return this.#all.t.length;
  }

  /** The start for given parameters. */
  start(parameters: Parameters): TwoPointState {
    const { dh2, dy2, w } = startOf(this.#all);
    const [, , h = 0, y = 0, v = 0] = parameters;
    if (this.#errors === undefined) return { dh2, dy2, w };
    const { unit, ...errors } = this.#errors;
    return {
      dh2: dh2 * Math.exp((errors.dh2 * h) / unit),
      dy2: Math.abs(dy2 + (errors.dy2 * y) / unit),
      w: w + (errors.w * v) / unit,
    };
  }

  /** @returns (3 T) H, Y and w, concatenated, over their norms; `OUT_OF_REACH` past the end of the solution */
  values(parameters: Parameters): Float64Array {
    const { t, norms } = this.#all;
    const n = t.length;
    const out = new Float64Array(3 * n).fill(OUT_OF_REACH);
    const [ratio, rate] = parameters as readonly [number, number];
    if ([ratio, rate, ratio + rate].some((value) => Math.abs(value) > FARTHEST)) return out;
    const etaY = Math.exp(rate);
    const solution = this.#solve(parameters, etaY * t[n - 1]!);
    const z = new Float64Array(3);
    for (let i = 0; i < n && etaY * t[i]! <= solution.end; i++) {
      solution.at(etaY * t[i]!, z);
      for (let v = 0; v < 3; v++) out[v * n + i] = Math.max(-OUT_OF_REACH, Math.min(OUT_OF_REACH, z[v]! / norms[v]!));
    }
    return out;
  }

  #solve(parameters: Parameters, end: number): Solution {
    const { dx2, dy2, system } = this.#problem;
    const constants = { dx2, dy2, etaH: Math.exp(parameters[0]!), etaY: 1 };
    const start = this.start(parameters);
    const until = (_t: number, z: Float64Array): boolean => z[0]! < COLLAPSED * start.dh2;
    return solveTwoPoint(constants, start, [0, end], { rtol: FINE, system, until, maxSteps: 20_000 });
  }

  /**
   * Derivatives of `values` by each parameter: by log etaY from the equations, since v(t) depends on etaY t; by the
   * others from central differences.
   *
   * @param values those at the parameters
   * @returns one (3 T) array for each parameter
   */
  derivatives(parameters: Parameters, values: Float64Array): Float64Array[] {
    return parameters.map((value, k) => {
      if (k === 1) return this.#byRate(parameters, values);
      const delta = k === 0 ? DIFFERENCE : this.#startDifference(k);
      const [up, down] = [value + delta, value - delta].map((moved) =>
        this.values(parameters.map((other, j) => (j === k ? moved : other))),
      ) as [Float64Array, Float64Array];
      return up.map((x, i) => (x - down[i]!) / (2 * delta));
    });
  }

  /** dv / d log etaY = t dv/dt. */
  #byRate([ratio, logEtaY]: Parameters, values: Float64Array): Float64Array {
    const { t, norms } = this.#all;
    const { dx2, dy2, system } = this.#problem;
    const etaY = Math.exp(logEtaY!);
    const equations = twoPointEquations({ dx2, dy2, etaH: Math.exp(ratio!) * etaY, etaY }, system);
    const n = t.length;
    const out = new Float64Array(3 * n);
    const [z, speed] = [new Float64Array(3), new Float64Array(3)];
    for (let i = 0; i < n; i++) {
      for (let v = 0; v < 3; v++) z[v] = values[v * n + i]! * norms[v]!;
      equations.derivative(0, z, speed);
      for (let v = 0; v < 3; v++) out[v * n + i] = (t[i]! * speed[v]!) / norms[v]!;
    }
    return out;
  }

  /** A tenth of a standard deviation, or a thousandth of the value where the deviation is negligible. */
  #startDifference(k: number): number {
    const { dy2, w } = startOf(this.#all);
    const errors = this.#errors!;
    const [error, size] = k === 2 ? [errors.dh2, 1] : k === 3 ? [errors.dy2, dy2] : [errors.w, Math.abs(w)];
    return errors.unit * Math.max(0.1, (DIFFERENCE * size) / error);
  }
}
