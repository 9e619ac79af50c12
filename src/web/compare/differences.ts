/** @file The differences between runs: parameters with more than one value, and each one's most common value. */

import type { RunOverview } from "../../report/runOverview.ts";
import type { RunSummary } from "../../runs/listRuns.ts";
import { parametersOf } from "../../tables/parameterColumns.ts";
import { compareCells } from "../../tables/sweepCells.ts";
import type { Cell } from "../../tables/table.ts";

/** A run with its overview, if known. */
export interface ComparedRun {
  readonly summary: RunSummary;
  readonly overview: RunOverview;
}

/** setting, seed and steps, then every parameter; lists and objects as JSON. */
export function valuesOf({ summary: { info }, overview }: ComparedRun): Map<string, Cell> {
  const head: [string, Cell][] =
    info === undefined
      ? []
      : [
          ["setting", info.setting],
          ["seed", info.seed],
          ["steps", info.steps],
        ];
  return new Map([...head, ...parametersOf(overview.config ?? {})]);
}

export interface ParameterValues {
  readonly name: string;
  /** One value per run, in the runs' order; null if a run has none. */
  readonly values: readonly Cell[];
  /** The distinct values, in order. */
  readonly different: readonly Cell[];
  /** The most common value; of equally common ones, the first. */
  readonly usual: Cell;
}

/** Every parameter that any of the runs has, in order of first occurrence. */
export function parametersAmong(runs: readonly ComparedRun[]): ParameterValues[] {
  const all = runs.map(valuesOf);
  const names = [...new Set(all.flatMap((values) => [...values.keys()]))];
  return names.map((name) => {
    const values = all.map((own) => own.get(name) ?? null);
    const counts = new Map<Cell, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    const [usual] = [...counts].reduce((x, y) => (y[1] > x[1] ? y : x));
    return { name, values, different: [...counts.keys()].sort(compareCells), usual };
  });
}

/** The parameters that differ. The seed, which is meant to differ, comes last. */
export function differing(all: readonly ParameterValues[]): ParameterValues[] {
  const found = all.filter(({ different }) => different.length > 1);
  return [...found.filter(({ name }) => name !== "seed"), ...found.filter(({ name }) => name === "seed")];
}

/**
 * The parameter that a sweep most likely varies: a number other than the length of training, otherwise the first that
 * differs.
 */
export function tellingParameter(different: readonly ParameterValues[]): ParameterValues | undefined {
  const others = different.filter(({ name }) => name !== "seed");
  const isNumeric = ({ name, different: values }: ParameterValues) =>
    name !== "steps" && values.every((value) => typeof value === "number");
  return others.find(isNumeric) ?? others[0];
}

/** A value as one would type it. */
export const written = (value: Cell): string => (value === null ? "–" : String(value));
