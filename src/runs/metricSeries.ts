/**
 * @file Metrics as series for drawing: one per quantity, thinned to a number of points. Each point has the mean,
 * minimum and maximum of an interval, so that no peak is lost.
 */
import type { MetricRow } from "./metricRow.ts";

/** One quantity over steps. If rows were thinned, `low` and `high` are the extremes of each interval. */
export interface MetricSeries {
  readonly name: string;
  /** Number of rows. */
  readonly rows: number;
  readonly steps: number[];
  readonly values: number[];
  readonly low?: number[];
  readonly high?: number[];
}

export interface SeriesOptions {
  /** Names of quantities. Default: all. */
  readonly names?: readonly string[];
  /** The first step. */
  readonly from?: number;
  /** Most points of a series. */
  readonly points?: number;
}

/** All series in order of first appearance. If a step was written twice, the last row counts. */
export function seriesOf(rows: readonly MetricRow[], options: SeriesOptions = {}): MetricSeries[] {
  const { names, from = 0, points = Number.POSITIVE_INFINITY } = options;
  const wanted = names && new Set(names);
  const found = new Map<string, MetricRow[]>();
  for (const row of rows) {
    if (row.step < from || (wanted && !wanted.has(row.name))) continue;
    const own = found.get(row.name);
    if (own === undefined) found.set(row.name, [row]);
    else if (own.at(-1)!.step === row.step) own[own.length - 1] = row;
    else own.push(row);
  }
  return [...found].map(([name, own]) => thinned(name, own, points));
}

/**
 * Intervals with equal numbers of rows; each is placed at its last step, so that the series ends where the run does.
 */
function thinned(name: string, rows: readonly MetricRow[], points: number): MetricSeries {
  const count = rows.length;
  if (count <= points)
    return { name, rows: count, steps: rows.map(({ step }) => step), values: rows.map(({ value }) => value) };
  const series = { name, rows: count, steps: [] as number[], values: [] as number[] };
  const [low, high]: [number[], number[]] = [[], []];
  for (let i = 0; i < points; i++) {
    const stretch = rows.slice(Math.floor((i * count) / points), Math.floor(((i + 1) * count) / points));
    const values = stretch.map(({ value }) => value);
    series.steps.push(stretch.at(-1)!.step);
    series.values.push(values.reduce((sum, value) => sum + value, 0) / values.length);
    low.push(Math.min(...values));
    high.push(Math.max(...values));
  }
  return { ...series, low, high };
}
