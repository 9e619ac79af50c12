/**
 * @file The two rates of the theory from a trajectory of a network (docs/theory.md Eqs. 98, 99): search, refinement,
 * errors, and whether the trajectory determines them.
 */
import { conservedQuantity } from "./conserved.ts";
import { checkConstants } from "./constants.ts";
import type { TwoPointConstants, TwoPointState, TwoPointSystem } from "./equations.ts";
import { type FinalDistance, finalDistance, type Regime } from "./finalDistance.ts";
import { ambiguous, type Doubt, doubtOf, type FitStatus, stillness } from "./fitStatus.ts";
import { type FittedRate, ratesOf } from "./fittedRates.ts";
import { Model, type StartErrors } from "./model.ts";
import { noiseOf } from "./noise.ts";
import { type Observations, observe, startOf, strided, thinned, type Variable, variables } from "./observations.ts";
import { type Refined, refine } from "./refine.ts";
import { type Problem, SCANNED_ROWS, scan } from "./scan.ts";
import { atMost, checkTargets, checkTrajectory, type LayerTrajectory } from "./trajectory.ts";

export interface TwoPointFitOptions {
  /** Squared distance of the two inputs. */
  readonly dx2: number;
  /** Squared distance of the two targets. */
  readonly dy2: number;
  /**
   * Whether the start is fitted too; its measured values then count as one more measurement. Default "auto": where the
   * residuals are noise from row to row, since the first row is then as noisy as the others.
   */
  readonly fitStart?: boolean | "auto";
  /** An altered system that replaces the theory, as a negative control. */
  readonly system?: TwoPointSystem;
}

export interface TwoPointFit extends Doubt {
  readonly etaH: FittedRate;
  readonly etaY: FittedRate;
  /** 1 - SSE / sum (v - mean v)^2 of each variable; null where it is constant. */
  readonly r2: Readonly<Record<Variable, number | null>>;
  /**
   * Sum of squared residuals: each variable over its sum of squares (the minimised cost), and unnormalised, as in the
   * paper.
   */
  readonly cost: { readonly normalised: number; readonly authors: number } | null;
  /** Whether solutions begin at the measured or at a fitted start, and that start. */
  readonly start: { readonly from: "measured" | "fitted" } & TwoPointState;
  /** Last H (null without a fit), and H_inf by the fitted rates (docs/theory.md Eq. 95). */
  readonly finalDistance: { readonly measured: number | null; readonly predicted: number | null };
  readonly aLow: number | null;
  readonly aHigh: number | null;
  /** docs/theory.md Eq. 96. */
  readonly richness: number | null;
  readonly regime: Regime | null;
  /**
   * Largest change of the conserved quantity along the measured rows, over the largest H / X (docs/theory.md Eq. 94).
   */
  readonly conservedDrift: number | null;
  /** Share of the squared residuals that is noise from row to row; the rest is misfit of the theory. */
  readonly noise: number | null;
  /** Rows that were fitted: all, or evenly spaced ones where there are more than 10,000. */
  readonly points: number;
}

/**
 * chosen: number of minima of the scan that are refined, and how much worse than the lowest one they may be beforehand.
 */
const [REFINED, HOPEFUL] = [3, 5];
/** chosen: number of rows for the refinement of all minima; the best one is refined again with all rows. */
const REFINED_ROWS = 400;
/** chosen: most rows in a fit, evenly spaced; more take minutes and add nothing to two rates. */
const MOST_ROWS = 10_000;
/** chosen: where noise is more than half of the residuals the start is noisy too; noise below 1e-6 is rounding. */
const [NOISY, LEAST_NOISE] = [0.5, 1e-6];
/**
 * Fits etaH and etaY, by the least of sum_v sum_t (v - v_hat)^2 / sum_t v^2 over v = H, Y, w   (docs/theory.md Eq. 98).
 *
 * @param trajectory (T) rows, T >= 10, the first of which is the start; one unit of time is one step
 * @returns rates per step. Where residuals are noise, the intervals contain both rates in 95 % of repetitions. Where
 *   they are mostly misfit, the intervals show how much the rates would change with other stretches of the trajectory
 *   (Eq. 99)
 * @throws RangeError in one line for a trajectory that `checkTrajectory` refuses, or dx2, dy2 not above 0
 *
 * float64, without random numbers. Some 0.1 s for 300 rows, 0.3 s for 3,000.
 */
export function fitTwoPoint(trajectory: LayerTrajectory, options: TwoPointFitOptions): TwoPointFit {
  const { dx2, dy2, system = "theory", fitStart = "auto" } = options;
  checkConstants({ dx2, dy2 }, "fitTwoPoint");
  const where = `fitTwoPoint: layer ${trajectory.layer}`;
  checkTrajectory(trajectory, where);
  checkTargets(trajectory, dy2, where);
  const all = observe(atMost(trajectory, MOST_ROWS));
  const problem = { dx2, dy2, system };
  const still = stillness(all);
  if (still !== undefined) return without(still.status, still.doubt, all);
  const fewer = strided(all, REFINED_ROWS);
  const minima = scan(thinned(all, SCANNED_ROWS), problem);
  const candidates = minima
    .filter(({ cost }) => cost <= HOPEFUL * minima[0]!.cost)
    .slice(0, REFINED)
    .flatMap(({ logRatio, logEtaY }) => refine(fewer, new Model(fewer, problem), [logRatio, logEtaY]) ?? [])
    .sort((x, y) => x.cost - y.cost);
  if (candidates.length === 0)
    return without("no-solution", "No solution of these equations comes near what was measured.", all);
  return concluded(all, problem, candidates, fitStart);
}

function concluded(
  all: Observations,
  problem: Problem,
  candidates: readonly Refined[],
  fitStart: boolean | "auto",
): TwoPointFit {
  const exact = new Model(all, problem);
  const { parameters } = candidates[0]!;
  let [model, best] = [exact, refine(all, exact, parameters) ?? candidates[0]!];
  const noise = noiseOf(residualsOf(all, model, best), model.values(best.parameters));
  let unit = 0;
  if (fitStart === true || (fitStart === "auto" && noise.share > NOISY && noise.size > LEAST_NOISE)) {
    unit = Math.max(noise.size, LEAST_NOISE);
    const free = new Model(all, problem, { unit, ...startErrors(all, noise.start, fitStart === true) });
    const refined = refine(all, free, [...best.parameters, 0, 0, 0]);
    if (refined !== undefined) [model, best] = [free, refined];
  }
  const residuals = residualsOf(all, model, best);
  const rates = ratesOf(model, best, residuals, unit);
  const start = model.start(best.parameters);
  const etaH = Math.exp(best.parameters[0]! + best.parameters[1]!);
  const etaY = Math.exp(best.parameters[1]!);
  const constants = { dx2: problem.dx2, dy2: problem.dy2, etaH, etaY };
  const final = finalDistance(constants, start);
  const r2 = determination(all, residuals);
  const doubt = doubtOf(rates, residuals, r2, all, ambiguous(candidates));
  return {
    ...doubt,
    etaH: rates.etaH,
    etaY: rates.etaY,
    r2,
    cost: { normalised: best.cost, authors: authorsCost(all, residuals) },
    start: { from: model === exact ? "measured" : "fitted", ...start },
    ...(problem.system === "theory" ? { ...ends(all, final), conservedDrift: drift(all, constants) } : noEnds(all)),
    noise: noise.share,
    points: all.t.length,
  };
}

function residualsOf({ values, norms }: Observations, model: Model, { parameters }: Refined): Float64Array {
  const n = model.rows;
  return model.values(parameters).map((said, i) => {
    const v = Math.floor(i / n);
    return values[v]![i % n]! / norms[v]! - said;
  });
}

/**
 * Errors of the start: the noise of the first rows. If `whatever`, a start without noise is unknown to a factor of e.
 */
function startErrors(all: Observations, noise: readonly number[], whatever: boolean): Omit<StartErrors, "unit"> {
  const start = startOf(all);
  const [dh2, dy2, w] = variables.map((name, v) => {
    const said = whatever ? Math.abs(start[name]) : noise[v]! * all.norms[v]!;
    return Math.max(said, 1e-9 * all.norms[v]!);
  }) as [number, number, number];
  return { dh2: Math.min(1, dh2 / start.dh2), dy2, w };
}

function determination({ values, norms }: Observations, residuals: Float64Array): TwoPointFit["r2"] {
  const n = residuals.length / variables.length;
  const [dh2, dy2, w] = values.map((all, v) => {
    const mean = all.reduce((sum, value) => sum + value, 0) / n;
    const spread = all.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const left = residuals.subarray(v * n, (v + 1) * n).reduce((sum, value) => sum + (value * norms[v]!) ** 2, 0);
    return spread > 0 ? 1 - left / spread : null;
  }) as [number | null, number | null, number | null];
  return { dh2, dy2, w };
}

function authorsCost({ norms }: Observations, residuals: Float64Array): number {
  const n = residuals.length / norms.length;
  return residuals.reduce((sum, value, i) => sum + (value * norms[Math.floor(i / n)]!) ** 2, 0);
}

function ends({ values }: Observations, { dh2, aLow, aHigh, richness, regime }: FinalDistance) {
  return { finalDistance: { measured: values[0]!.at(-1)!, predicted: dh2 }, aLow, aHigh, richness, regime };
}

function drift({ values: [H, Y] }: Observations, constants: TwoPointConstants): number {
  const C = Array.from(H!, (dh2, i) => conservedQuantity(constants, { dh2, dy2: Y![i]! }));
  const largest = H!.reduce((most, value) => Math.max(most, value), 0) / constants.dx2;
  return C.reduce((most, value) => Math.max(most, Math.abs(value - C[0]!)), 0) / largest;
}

/** The results available without rates. */
/** No prediction without rates, or for an altered system, to which the formula of the final distance does not apply. */
function noEnds({ values }: Observations) {
  const none = { aLow: null, aHigh: null, richness: null, regime: null, conservedDrift: null };
  return { finalDistance: { measured: values[0]!.at(-1)!, predicted: null }, ...none };
}

function without(status: FitStatus, doubt: string, all: Observations): TwoPointFit {
  const nothing = { value: null, interval: null };
  return {
    status,
    doubt,
    etaH: nothing,
    etaY: nothing,
    r2: { dh2: null, dy2: null, w: null },
    cost: null,
    start: { from: "measured", ...startOf(all) },
    ...noEnds(all),
    noise: null,
    points: all.t.length,
  };
}
