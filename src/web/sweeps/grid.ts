/** @file A sweep's jobs as a grid over two of its parameters. */
import type { ShownJob } from "../../sweeps/shownSweep.ts";

/** A parameter as an axis, with its values as shown, in order. */
export interface Axis {
  readonly name: string;
  readonly values: readonly string[];
}

export function shown(value: unknown): string {
  if (typeof value === "number" && value !== 0 && Math.abs(value) < SMALL) return value.toExponential();
  return Array.isArray(value) ? value.join(",") : String(value);
}

/** chosen: smaller numbers are shown as powers of ten, 1e-4. */
const SMALL = 1e-3;

/** The setting, if there are several, and every parameter with more than one value. */
export function axesOf(jobs: readonly ShownJob[]): readonly Axis[] {
  const names = [...new Set(jobs.flatMap(({ values }) => Object.keys(values)))];
  return ["setting", ...names]
    .map((name) => ({ name, values: orderedValues(jobs.map((job) => textOf(job, name))) }))
    .filter(({ values }) => values.length > 1);
}

export function textOf(job: ShownJob, name: string): string {
  return name === "setting" ? job.setting : name === "" ? "" : shown(job.values[name] ?? "–");
}

/** Each value once: numbers by size, others in order of occurrence. */
function orderedValues(values: readonly string[]): string[] {
  const all = [...new Set(values)];
  return all.every((value) => Number.isFinite(Number(value))) ? all.sort((x, y) => Number(x) - Number(y)) : all;
}

/** The jobs of each cell, by "row|column". */
export function cellsOf(jobs: readonly ShownJob[], x: string, y: string): Map<string, ShownJob[]> {
  const cells = new Map<string, ShownJob[]>();
  for (const job of jobs) {
    const key = `${textOf(job, y)}|${textOf(job, x)}`;
    const own = cells.get(key);
    if (own === undefined) cells.set(key, [job]);
    else own.push(job);
  }
  return cells;
}
