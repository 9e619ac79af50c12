/**
 * @file Comparison of many runs: a measure over their parameters, as in `crh compare --x --y`, with its figure. Also
 * the course of a measure over the steps of one run.
 */
import type { Figure } from "../figures/figure.ts";
import { type ComparedSweep, compareSweep, overWords, sweepFigure } from "../runner/tables/compareSweep.ts";
import { type MeasureCourse, measureCourse } from "../runner/tables/measureCourse.ts";
import { seriesOf } from "../runs/metricSeries.ts";
import { QueryError } from "./notFound.ts";
import type { RunReader } from "./runReader.ts";

/** The request of `POST /api/compare`: names of runs, and the options of `crh compare`. */
export interface CompareRequest {
  readonly runs: readonly string[];
  readonly x: string;
  readonly y: string;
  readonly by?: string;
  readonly group?: string;
  readonly heat?: string;
  /** A step. Default: the last of each finished run. */
  readonly at?: number;
}

/** The output of `crh compare --json`, and the picture of `--figure`. */
export interface CompareAnswer extends Omit<ComparedSweep, "measure"> {
  readonly name: string;
  readonly meaning: string;
  readonly over: string | null;
  readonly figure: Figure | null;
}

/** chosen: most runs in one comparison; each is read from its files. */
const MOST_RUNS = 2000;

/** @throws QueryError for an invalid request; Error in one line if no run has the parameter or the measure */
export async function compareRuns(reader: RunReader, text: string, signal: AbortSignal): Promise<CompareAnswer> {
  const { runs, at = "last", ...options } = requestOf(text);
  const dirs = runs.map((id) => reader.dirOf(id));
  const watcher = { observer: silent, signal };
  const found = await compareSweep(dirs, { ...options, at, root: reader.root }, watcher);
  const { name, meaning } = found.measure;
  const { axes, spacing, sweep } = found;
  const figure = sweepFigure(found) ?? null;
  return { name, meaning, axes, at: found.at, spacing, sweep, over: overWords(sweep) ?? null, figure };
}

/** @throws NotFoundError if there is no such run */
export function courseOf(reader: RunReader, id: string, measure: string | undefined): MeasureCourse {
  if (measure === undefined || measure === "") throw new QueryError("expected y, the name of a measure, got none");
  const found = measureCourse(reader.dirOf(id), measure.slice(0, 200));
  if (found.steps.length <= COURSE_POINTS) return found;
  const rows = found.steps.map((step, i) => ({ step, name: found.name, value: found.values[i]! }));
  const { steps, values } = seriesOf(rows, { points: COURSE_POINTS })[0]!;
  return { ...found, steps, values };
}

/** chosen: most points of a course; longer ones are averaged over intervals. */
const COURSE_POINTS = 500;

function requestOf(text: string): CompareRequest {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new QueryError("expected JSON with runs, x and y, got other text");
  }
  const { runs, x, y, at, ...others } = (found ?? {}) as Record<string, unknown>;
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
  if (!Array.isArray(runs) || runs.length === 0 || runs.length > MOST_RUNS || !runs.every(isText))
    throw new QueryError(`expected runs, a list of 1 to ${MOST_RUNS} names, got another value`);
  if (!isText(x) || !isText(y)) throw new QueryError("expected x, a parameter, and y, a measure, got another value");
  if (at !== undefined && !(Number.isSafeInteger(at) && (at as number) >= 0))
    throw new QueryError("expected at to be a step, got another value");
  const chosen = Object.fromEntries(
    ["by", "group", "heat"].flatMap((key) => (isText(others[key]) ? [[key, others[key]]] : [])),
  );
  return { runs, x, y, ...chosen, ...(at === undefined ? {} : { at: at as number }) };
}

const silent = {
  note: () => {},
  progress: () => ({
    pace: undefined,
    update: () => {},
    activity: () => {},
    evaluated: () => {},
    say: () => {},
    end: () => {},
  }),
};
