/**
 * @file The least squares of a fit (docs/theory.md Eq. 98), from a cell of the scan to its minimum, by
 * `ml-levenberg-marquardt`.
 */
import { levenbergMarquardt } from "ml-levenberg-marquardt";
import { type Model, OUT_OF_REACH, type Parameters } from "./model.ts";
import type { Observations } from "./observations.ts";

export interface Refined {
  readonly parameters: Parameters;
  /** Sum of squared normalised residuals over the rows, without those of the start. */
  readonly cost: number;
}

/**
 * chosen: the optimiser stops only after a number of iterations, so it runs a few at a time until they gain nothing.
 */
const [ITERATIONS, ROUNDS, GAIN] = [3, 10, 1e-8];

/** A cost at rounding level. */
const NOTHING = 1e-24;

/** chosen: small compared with second derivatives of order 1, for Gauss-Newton steps; it grows where these fail. */
const [DAMPING, DAMPING_STEP] = [1e-3, 100];

/**
 * @param from initial parameters; those after the second are themselves residuals, of the start
 * @returns undefined where the model has no finite cost at `from`
 */
export function refine(all: Observations, model: Model, from: Parameters): Refined | undefined {
  const rows = 3 * model.rows;
  const extra = from.length - 2;
  const y = new Float64Array(rows + extra);
  all.values.forEach((values, v) => {
    values.forEach((value, i) => {
      y[v * model.rows + i] = value / all.norms[v]!;
    });
  });
  const x = Float64Array.from(y, (_, i) => i);
  const at = last((parameters) => model.values(parameters));
  const value = (parameters: Parameters) => {
    const values = at(parameters);
    return (i: number) => (i < rows ? values[i]! : parameters[i - rows + 2]!);
  };
  const slope = (parameters: Parameters) => {
    const slopes = model.derivatives(parameters, at(parameters));
    return (i: number) => slopes.map((all, k) => (i < rows ? all[i]! : k === i - rows + 2 ? 1 : 0));
  };
  const costOf = (parameters: Parameters, count: number): number => {
    const f = value(parameters);
    return y.subarray(0, count).reduce((sum, seen, i) => sum + (seen - f(i)) ** 2, 0);
  };
  let [best, least]: [Parameters, number] = [from, costOf(from, y.length)];
  if (!(least < OUT_OF_REACH)) return undefined;
  let damping = DAMPING;
  for (let round = 0; round < ROUNDS; round++) {
    const options = { initialValues: [...best], jacobianFunction: slope, damping, maxIterations: ITERATIONS };
    const moved = attempt(() => levenbergMarquardt({ x, y }, value, { ...options, errorTolerance: Number.MIN_VALUE }));
    const gain = moved === undefined ? Number.NaN : 1 - costOf(moved, y.length) / least;
    if (moved !== undefined && gain > 0) [best, least] = [moved, least * (1 - gain)];
    if (least < NOTHING || (Math.abs(gain) < GAIN && round > 0)) break;
    if (!(gain > GAIN)) damping *= DAMPING_STEP;
  }
  return { parameters: best, cost: costOf(best, rows) };
}

/** The final parameters; undefined where a step met a singular matrix, or parameters without a solution. */
function attempt(optimise: () => { readonly parameterValues: number[] }): number[] | undefined {
  try {
    return optimise().parameterValues;
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return undefined;
  }
}

/** The function with its last value cached, because the optimiser asks twice for it. */
function last(f: (parameters: Parameters) => Float64Array): (parameters: Parameters) => Float64Array {
  let [key, value]: [string, Float64Array | undefined] = ["", undefined];
  return (parameters) => {
    const asked = parameters.join();
    if (value === undefined || asked !== key) [key, value] = [asked, f(parameters)];
    return value;
  };
}
