/**
 * @file The initial search of a fit (docs/theory.md Eq. 98): the cost on a grid of both rates. With etaH = r etaY the
 * equations depend on time through etaY t alone, so one solution for each ratio r serves every etaY.
 */
import type { Solution } from "../ode/solution.ts";
import type { TwoPointState, TwoPointSystem } from "./equations.ts";
import { type Observations, startOf } from "./observations.ts";
import { COLLAPSED, solveTwoPoint } from "./theory.ts";

export interface Candidate {
  readonly logRatio: number;
  readonly logEtaY: number;
  readonly cost: number;
}

export interface Problem {
  readonly dx2: number;
  readonly dy2: number;
  readonly system: TwoPointSystem;
}

/** chosen: 8 ratios a decade, over 3 decades on either side of the ratio implied by the last distance. */
const RATIOS = { decades: 3, perDecade: 8 };

/** chosen: neighbouring rates differ by a fifth; the rise in the equations is wider than that. */
const ETA_STEP = Math.log(1.2);

/** chosen: number of rows in the scan; the refinement takes all. */
export const SCANNED_ROWS = 120;

/** chosen: errors of 1e-5 do not move a minimum of a grid this coarse. */
const COARSE = 1e-5;

/**
 * Local minima of the cost on the grid, the lowest first.
 *
 * @param all rows, already thinned to what a scan needs
 */
export function scan(all: Observations, problem: Problem): Candidate[] {
  const centres = ratioGuesses(all, problem);
  const { decades, perDecade } = RATIOS;
  const from = Math.log(Math.min(...centres)) - decades * Math.LN10;
  const to = Math.log(Math.max(...centres)) + decades * Math.LN10;
  const count = Math.ceil(((to - from) / Math.LN10) * perDecade);
  const columns: Candidate[][] = [];
  for (let i = 0; i <= count; i++) {
    const column = scanRatio(all, problem, from + ((to - from) * i) / count);
    if (column.length > 0) columns.push(column);
  }
  return minima(columns);
}

/** Ratios implied by the last distance: for a rich network (theory.md Eq. 95 without A_high), and with the start. */
function ratioGuesses({ values }: Observations, { dx2, dy2 }: Problem): number[] {
  const [H, Y] = [values[0]!, values[1]!];
  const [H0, Y0, end] = [H[0]!, Y[0]!, H.at(-1)!];
  const rich = (end * end) / (dx2 * dy2);
  const exact = (end * (end - H0)) / (dx2 * (dy2 - (Y0 * end) / H0));
  return exact > rich / 1e4 && exact < rich * 1e4 ? [rich, exact] : [rich];
}

/**
 * The cost for one ratio at every etaY of the grid, from a rate at which nothing has happened yet to one at which
 * everything ends at once.
 */
function scanRatio(all: Observations, { dx2, dy2, system }: Problem, logRatio: number): Candidate[] {
  const constants = { dx2, dy2, etaH: Math.exp(logRatio), etaY: 1 };
  const start = startOf(all);
  const isOver = (_t: number, z: Float64Array): boolean =>
    (Math.abs(z[2]!) < 1e-5 * dy2 && Math.abs(z[1]! - dy2) < 1e-5 * dy2) || ranAway(z, start, dy2);
  const solution = solveTwoPoint(constants, start, [0, 1e15], { rtol: COARSE, system, until: isOver, maxSteps: 3000 });
  if (solution.times.length < 2) return [];
  const over = solution.failure === undefined && !ranAway(solution.last, start, dy2);
  const [first, last] = [all.t[1]!, all.t.at(-1)!];
  const [from, to] = [Math.log((1e-3 * solution.end) / last), Math.log((2 * solution.end) / first)];
  const count = Math.min(200, Math.ceil((to - from) / ETA_STEP));
  return Array.from({ length: count + 1 }, (_, i) => {
    const logEtaY = from + ((to - from) * i) / count;
    return { logRatio, logEtaY, cost: costAt(all, solution, Math.exp(logEtaY), over) };
  });
}

/** Stops where H vanishes or, in altered systems only, where a variable exceeds a multiple of all data. */
function ranAway(z: Float64Array, start: TwoPointState, dy2: number): boolean {
  const large = 1e6 * (dy2 + start.dh2 + Math.abs(start.w));
  return (
    !(z[0]! > COLLAPSED * start.dh2) || Math.abs(z[0]!) > large || Math.abs(z[1]!) > large || Math.abs(z[2]!) > large
  );
}

/**
 * Normalised cost (theory.md Eq. 98). Past the end of a converged solution its last values continue; past the end of
 * any other there is no cost.
 */
function costAt({ t, values, norms, weights }: Observations, solution: Solution, etaY: number, over: boolean): number {
  if (!over && etaY * t.at(-1)! > solution.end) return Number.POSITIVE_INFINITY;
  let cost = 0;
  const z = new Float64Array(3);
  for (let i = 1; i < t.length; i++) {
    solution.at(Math.min(etaY * t[i]!, solution.end), z);
    for (let v = 0; v < 3; v++) cost += weights[i]! * ((values[v]![i]! - z[v]!) / norms[v]!) ** 2;
  }
  return cost;
}

/** Cells with no lower neighbour; neighbours at another ratio are those of the nearest etaY. */
function minima(columns: readonly Candidate[][]): Candidate[] {
  const near = (column: readonly Candidate[] | undefined, logEtaY: number): number => {
    if (column === undefined) return Number.POSITIVE_INFINITY;
    const step = (column.at(-1)!.logEtaY - column[0]!.logEtaY) / (column.length - 1);
    const at = Math.round((logEtaY - column[0]!.logEtaY) / step);
    return Math.min(...[at - 1, at, at + 1].map((j) => column[j]?.cost ?? Number.POSITIVE_INFINITY));
  };
  const found = columns.flatMap((column, i) =>
    column.filter(
      ({ cost, logEtaY }, j) =>
        Number.isFinite(cost) &&
        cost <= (column[j - 1]?.cost ?? Number.POSITIVE_INFINITY) &&
        cost <= (column[j + 1]?.cost ?? Number.POSITIVE_INFINITY) &&
        cost <= near(columns[i - 1], logEtaY) &&
        cost <= near(columns[i + 1], logEtaY),
    ),
  );
  return found.sort((x, y) => x.cost - y.cost);
}
