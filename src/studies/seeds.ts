/** @file Runs over seeds; each size of a study has its own number of seeds. */
import type { StudyRun, StudySize } from "./study.ts";

/** Seeds from 0; their number depends on the size. */
export function seeds(size: StudySize, counts: Readonly<Record<StudySize, number>>): number[] {
  return Array.from({ length: counts[size] }, (_, seed) => seed);
}

/** The same run for each seed. */
export function overEach(run: Omit<StudyRun, "seed">, all: readonly number[]): StudyRun[] {
  return all.map((seed) => ({ ...run, label: `${run.label}, seed ${seed}`, seed }));
}
