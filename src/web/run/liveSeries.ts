/**
 * @file Series that grow while a run trains. Rows are appended. Once a series is twice as long as wanted, every two
 * neighbours become one point: their mean at the later step, with the extremes of both, so that no peak is lost.
 */

import type { MetricSeries } from "../../runs/metricSeries.ts";
import type { MetricRow } from "../../runs/metricsFile.ts";

/** chosen: points requested per series; the widest panel has fewer pixels. */
export const POINTS = 600;

/**
 * The series with further rows. Known steps are left out, since a reconnected stream repeats some.
 *
 * @param rows in the order of the file
 * @param points a series grows to twice this number before it is thinned
 */
export function appendRows(
  all: readonly MetricSeries[],
  rows: readonly MetricRow[],
  points = POINTS,
): readonly MetricSeries[] {
  const added = new Map<string, MetricRow[]>();
  for (const row of rows) {
    const own = added.get(row.name);
    if (own === undefined) added.set(row.name, [row]);
    else own.push(row);
  }
  const known = all.map((series) => {
    const own = added.get(series.name);
    added.delete(series.name);
    return own === undefined ? series : extended(series, own, points);
  });
  const fresh = [...added].map(([name, own]) => extended({ name, rows: 0, steps: [], values: [] }, own, points));
  return [...known, ...fresh];
}

function extended(series: MetricSeries, rows: readonly MetricRow[], points: number): MetricSeries {
  const last = series.steps.at(-1) ?? Number.NEGATIVE_INFINITY;
  const later = new Map<number, number>();
  for (const { step, value } of rows) if (step > last) later.set(step, value);
  if (later.size === 0) return series;
  const [steps, values] = [[...later.keys()], [...later.values()]];
  const band = (side: "low" | "high") =>
    series[side] === undefined ? {} : { [side]: [...(series[side] as number[]), ...values] };
  let grown: MetricSeries = {
    name: series.name,
    rows: series.rows + later.size,
    steps: [...series.steps, ...steps],
    values: [...series.values, ...values],
    ...band("low"),
    ...band("high"),
  };
  while (grown.steps.length > 2 * points) grown = halved(grown);
  return grown;
}

/** Every two points as one. An odd last point stays, so that the series keeps its end. */
export function halved({ name, rows, steps, values, low = values, high = values }: MetricSeries): MetricSeries {
  const firsts = Array.from({ length: Math.ceil(steps.length / 2) }, (_, i) => 2 * i);
  const of = <T>(read: (i: number, j: number) => T): T[] =>
    firsts.map((i) => read(i, Math.min(i + 1, steps.length - 1)));
  return {
    name,
    rows,
    steps: of((_, j) => steps[j]!),
    values: of((i, j) => (values[i]! + values[j]!) / 2),
    low: of((i, j) => Math.min(low[i]!, low[j]!)),
    high: of((i, j) => Math.max(high[i]!, high[j]!)),
  };
}

/** The points of all series as rows, for figures that are drawn from rows. */
export function rowsOf(all: readonly MetricSeries[]): MetricRow[] {
  return all.flatMap(({ name, steps, values }) => steps.map((step, i) => ({ step, name, value: values[i]! })));
}
