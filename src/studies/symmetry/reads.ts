/**
 * @file What the studies of collapse read from watched quantities: last values, means over the end of a run, and a
 * theory's step functions.
 */
import type { ChartPoint, Curve } from "../../figures/charts.ts";
import { watchedCourse } from "../../findings/watchedRecord.ts";
import type { StudiedRun } from "../study.ts";

/** Last value of a watched quantity; null if there is none. */
export const endOf = (run: StudiedRun, quantity: string): number | null =>
  watchedCourse(run.metrics(), quantity).at(-1)?.value ?? null;

/** Mean of a watched quantity over the recorded steps in the second half of a run; null if there is none. */
export function meanOverHalf(run: StudiedRun, quantity: string): number | null {
  const course = watchedCourse(run.metrics(), quantity);
  const from = (course.at(-1)?.step ?? 0) / 2;
  const late = course.filter(({ step }) => step > from);
  return late.length === 0 ? null : late.reduce((sum, { value }) => sum + value, 0) / late.length;
}

/**
 * The number of thresholds above x, as a step function.
 *
 * @param domain from, to; above 0 where the axis is logarithmic
 */
export function countAbove(thresholds: readonly number[], [from, to]: readonly [number, number]): ChartPoint[] {
  const count = (x: number) => thresholds.filter((threshold) => threshold > x).length;
  const inside = [...new Set(thresholds)]
    .filter((threshold) => threshold > from && threshold < to)
    .sort((x, y) => x - y);
  return [
    { x: from, y: count(from) },
    ...inside.flatMap((x) => [
      { x, y: thresholds.filter((threshold) => threshold >= x).length },
      { x, y: count(x) },
    ]),
    { x: to, y: count(to) },
  ];
}

/** A dashed curve of theory. */
export const theoryCurve = (points: readonly ChartPoint[], colour = "currentColor"): Curve => ({
  ...{ name: "theory", colour, line: "dashed" },
  points,
});

/** `count` values between two ends, equally spaced or, with `log`, by equal factors. */
export function places(from: number, to: number, count: number, log = false): number[] {
  return Array.from({ length: count }, (_, i) => {
    const share = i / (count - 1);
    return log ? from * (to / from) ** share : from + (to - from) * share;
  });
}
