/** @file What the studies of the two-point theory cite, and seeds of a size. */
import type { StudyRun, StudySize } from "../study.ts";

export const paper = (figure: string): string => `van Rossem & Saxe (ICML 2024, arXiv 2402.09142), ${figure}`;

/** Seeds from 0 on, so many at each size. */
export function seeds(size: StudySize, counts: Readonly<Record<StudySize, number>>): number[] {
  return Array.from({ length: counts[size] }, (_, seed) => seed);
}

/** A run of each seed. */
export function overEach(run: Omit<StudyRun, "seed">, all: readonly number[]): StudyRun[] {
  return all.map((seed) => ({ ...run, label: `${run.label}, seed ${seed}`, seed }));
}

/** The preset of a name; none where the name is that of the defaults. */
export function presetOf(name: string): Pick<StudyRun, "preset"> {
  return name === "default" ? {} : { preset: name };
}
