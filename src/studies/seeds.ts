/** @file Runs over seeds, with a number of seeds for each size of a study. */
import type { StudyRun, StudySize } from "./study.ts";

/** Seeds from 0 on, with a number for each size. */
export function seeds(size: StudySize, counts: Readonly<Record<StudySize, number>>): number[] {
  return Array.from({ length: counts[size] }, (_, seed) => seed);
}

/** A run of each seed. */
export function overEach(run: Omit<StudyRun, "seed">, all: readonly number[]): StudyRun[] {
  return all.map((seed) => ({ ...run, label: `${run.label}, seed ${seed}`, seed }));
}
