/**
 * @file What studies read from watched quantities: courses of single runs, their final values, and curves over seeds.
 */
import type { ChartPoint, Curve } from "../figures/charts.ts";
import { watchedCourse } from "../findings/watchedRecord.ts";
import { median } from "../measure/median.ts";
import type { StudiedRun } from "./study.ts";

export interface WatchedPoint {
  readonly step: number;
  readonly value: number;
}

/** Courses of one run, by quantity; its metrics are read once. */
export type Courses = (quantity: string) => WatchedPoint[];

export function coursesOf(run: StudiedRun): Courses {
  const metrics = run.metrics();
  const read = new Map<string, WatchedPoint[]>();
  return (quantity) => {
    const course = read.get(quantity) ?? watchedCourse(metrics, quantity);
    read.set(quantity, course);
    return course;
  };
}

/** First and last value; null if there is none. */
export const firstOf = (course: readonly WatchedPoint[]): number | null => course[0]?.value ?? null;
export const lastOf = (course: readonly WatchedPoint[]): number | null => course.at(-1)?.value ?? null;

/** The quotient of two numbers; null if one is missing or the second is 0. */
export function quotient(above: number | null | undefined, below: number | null | undefined): number | null {
  return above == null || below == null || below === 0 ? null : above / below;
}

/**
 * Mean over the last share of the steps. Each recorded value is weighted by the number of steps since the one before
 * it.
 */
export function meanOverLast(course: readonly WatchedPoint[], share: number): number | null {
  const end = course.at(-1)?.step;
  if (end === undefined) return null;
  let [sum, steps] = [0, 0];
  course.forEach(({ step, value }, i) => {
    const since = i === 0 ? 0 : step - course[i - 1]!.step;
    if (step <= (1 - share) * end || since === 0) return;
    sum += since * value;
    steps += since;
  });
  return steps > 0 ? sum / steps : null;
}

/**
 * chosen: points in a drawn curve, more than a panel can show. The first ones lie close together and are all kept, for
 * a logarithmic axis.
 */
const [DRAWN, FIRST] = [200, 30];

/**
 * One curve over seeds: the median at each step that all runs recorded, and a band from the smallest to the largest
 * value.
 *
 * @param value the value to draw, from a run's courses at a step
 */
export function overRuns(
  runs: readonly Courses[],
  curve: Pick<Curve, "name" | "colour" | "line">,
  quantity: string | ((courses: Courses) => readonly WatchedPoint[]),
): Curve {
  const read = typeof quantity === "string" ? (courses: Courses) => courses(quantity) : quantity;
  const all = runs.map((courses) => new Map(read(courses).map(({ step, value }) => [step, value])));
  const common = [...(all[0]?.keys() ?? [])].filter((step) => all.every((course) => course.has(step)));
  const points = thinned(common).map((step): ChartPoint => {
    const values = all.map((course) => course.get(step)!);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { x: step, y: median(values)!, ...(values.length > 1 ? { low, high } : {}) };
  });
  return { ...curve, band: true, points };
}

/** The first steps, and an evenly spaced selection of the others that includes the last. */
function thinned(steps: readonly number[]): number[] {
  const rest = steps.slice(FIRST);
  const count = Math.min(DRAWN, rest.length);
  const stride = (rest.length - 1) / Math.max(1, count - 1);
  return [...steps.slice(0, FIRST), ...Array.from({ length: count }, (_, i) => rest[Math.round(i * stride)]!)];
}
