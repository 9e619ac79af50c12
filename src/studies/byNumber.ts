/** @file Runs grouped by a number, such as a parameter, and means over the seeds of each group. */
import type { ChartPoint } from "../figures/charts.ts";
import { overSeeds } from "./overSeeds.ts";
import type { StudiedRun } from "./study.ts";

/** A parameter that is a number. */
export const numberOf = ({ parameters }: StudiedRun, name: string): number => Number(parameters[name]);

/** Runs grouped by a number, ascending. */
export function byNumber<R extends StudiedRun>(runs: readonly R[], of: (run: R) => number): [number, R[]][] {
  const groups = new Map<number, R[]>();
  for (const run of runs) groups.set(of(run), [...(groups.get(of(run)) ?? []), run]);
  return [...groups].sort(([x], [y]) => x - y);
}

/** One point per group: the mean over its runs, with the interval over seeds if there are three or more. */
export function meanPoints<R extends StudiedRun>(
  groups: readonly [number, R[]][],
  read: (run: R) => number | null,
): ChartPoint[] {
  return groups.flatMap(([x, runs]) => {
    const { mean, interval, count } = overSeeds(runs.map(read));
    if (mean === null) return [];
    const between = interval === null ? {} : { low: interval[0], high: interval[1] };
    return [{ x, y: mean, ...between, title: `${mean.toPrecision(3)}, ${count} ${count === 1 ? "run" : "runs"}` }];
  });
}
