/** @file Whether a fit is reliable, and if not, the reason in words. */
import { type FittedRate, WIDEST } from "./fittedRates.ts";
import { type Observations, type Variable, variables } from "./observations.ts";
import type { Refined } from "./refine.ts";

/**
 * `ok`; `poor`: the theory does not follow the measurement; `undetermined`: other rates fit as well; `no-movement`: the
 * outputs, or all variables, stay constant; `no-solution`: no solution comes close (altered systems only); `unusable`:
 * the trajectory cannot be fitted, and `fitLayers` says why.
 */
export type FitStatus = "ok" | "poor" | "undetermined" | "no-movement" | "no-solution" | "unusable";

export interface Doubt {
  readonly status: FitStatus;
  /** What the status means here, in a sentence; null where it is ok. */
  readonly doubt: string | null;
}

/** chosen: with an R² below this and residuals of more than 5 % of the sum of squares, the theory does not follow. */
const [LEAST_R2, MOST_RESIDUAL] = [0.5, 0.05];
/** chosen: a smaller change, relative to the size, is no movement: ten times the rounding of float32. */
const STILL = 1e-6;

/** Symbols of the variables in sentences. */
const SYMBOL = { dh2: "H", dy2: "Y", w: "w" } as const satisfies Record<Variable, string>;

/** The status for variables that stay constant; undefined where all move. */
export function stillness({ values }: Observations): { status: FitStatus; doubt: string } | undefined {
  const [h, y, w] = values.map((all) => {
    const size = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return all.some((value) => Math.abs(value - all[0]!) > STILL * size);
  });
  if (w) return undefined;
  if (y) return { status: "poor", doubt: "w stays the same while Y moves, which no solution of the equations does." };
  return {
    status: "no-movement",
    doubt: h
      ? "The outputs are constant, so their rate is undetermined."
      : "Nothing changes, so the rates are undetermined.",
  };
}

/** Whether another minimum with other rates has nearly the same cost. chosen: 5 % more, rates a tenth apart. */
export function ambiguous(candidates: readonly Refined[]): boolean {
  const [best, ...others] = candidates;
  return others.some(
    ({ cost, parameters }) =>
      cost < 1.05 * best!.cost && parameters.some((value, k) => Math.abs(value - best!.parameters[k]!) > 0.1),
  );
}

export function doubtOf(
  { etaH, etaY }: { etaH: FittedRate; etaY: FittedRate },
  residuals: Float64Array,
  r2: Readonly<Record<Variable, number | null>>,
  { norms }: Observations,
  isAmbiguous: boolean,
): Doubt {
  const n = residuals.length / norms.length;
  const missed = variables.filter((name, v) => {
    const left = residuals.subarray(v * n, (v + 1) * n).reduce((sum, value) => sum + value * value, 0);
    return (r2[name] ?? 1) < LEAST_R2 && left > MOST_RESIDUAL;
  });
  if (missed.length > 0)
    return {
      status: "poor",
      doubt:
        `The theory does not follow ${missed.map((name) => SYMBOL[name]).join(" and ")}: R² below ${LEAST_R2}, and more ` +
        `than ${100 * MOST_RESIDUAL} % of the sum of squares is left.`,
    };
  const unknown = Object.entries({ etaH, etaY }).flatMap(([name, { interval }]) => (interval === null ? name : []));
  if (unknown.length === 0)
    return isAmbiguous
      ? { status: "undetermined", doubt: "Another pair of rates fits as well." }
      : { status: "ok", doubt: null };
  return {
    status: "undetermined",
    doubt: `The trajectory does not tell ${unknown.join(" and ")} to a factor of ${WIDEST}.`,
  };
}
