/**
 * @file Courses of many runs as curves: one per run, or medians and quartiles over runs that agree in a parameter, at
 * every step that at least half of them have.
 */
import type { Curve } from "../../figures/charts.ts";
import { evenly } from "../../figures/evenlySpaced.ts";
import { depthColour, watchedColour } from "../../figures/palette.ts";
import { quartiles } from "../../tables/quartiles.ts";
import { compareCells } from "../../tables/sweepCells.ts";
import type { Cell } from "../../tables/table.ts";

export interface RunCourse {
  readonly id: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** The value by which it is coloured and grouped. */
  readonly value: Cell;
}

/** chosen: most points in all curves together; Plot draws them in some 100 ms. */
const MOST_POINTS = 20_000;

/** One curve per run. */
export function runCurves(courses: readonly RunCourse[], colours: ReadonlyMap<Cell, string>): Curve[] {
  const most = Math.max(30, Math.floor(MOST_POINTS / Math.max(1, courses.length)));
  return courses.map(({ id, steps, values, value }) => ({
    name: id,
    colour: colours.get(value)!,
    points: thinned(steps.length, most).map((i) => ({ x: steps[i]!, y: values[i]! })),
    ...(steps.length < 2 ? { dots: "full" as const } : {}),
  }));
}

/** At most this many indices, including the first and the last. */
export function thinned(count: number, most: number): number[] {
  return count <= most ? evenly(count, count) : [...new Set([0, ...evenly(count, most - 2), count - 1])];
}

/** One curve per value: medians, with quartiles as a band. */
export function groupCurves(
  courses: readonly RunCourse[],
  colours: ReadonlyMap<Cell, string>,
  name: (value: Cell, runs: number) => string,
): Curve[] {
  const groups = new Map<Cell, RunCourse[]>();
  for (const course of courses) groups.set(course.value, [...(groups.get(course.value) ?? []), course]);
  return [...groups]
    .sort(([x], [y]) => compareCells(x, y))
    .map(([value, own]) => {
      const at = new Map<number, number[]>();
      for (const { steps, values } of own)
        for (const [i, step] of steps.entries()) {
          const known = at.get(step);
          if (known) known.push(values[i]!);
          else at.set(step, [values[i]!]);
        }
      const points = [...at]
        .filter(([, values]) => 2 * values.length >= own.length)
        .sort(([x], [y]) => x - y)
        .map(([x, values]) => {
          const { median, low, high, n } = quartiles(values);
          return { x, y: median, ...(n > 1 ? { low, high } : {}) };
        });
      return { name: name(value, own.length), colour: colours.get(value)!, points, band: true };
    });
}

/** A colour for each value: from a ramp if all are numbers or there are many, otherwise distinct hues. */
export function coloursOf(values: readonly Cell[]): Map<Cell, string> {
  const different = [...new Set(values)].sort(compareCells);
  const isRamp = different.length > 7 || (different.length > 2 && different.every((one) => typeof one === "number"));
  return new Map(
    different.map((value, i) => [value, isRamp ? depthColour(i, different.length).fill : watchedColour(i)]),
  );
}
