/** @file What the studies of the two-point theory cite, and how they name presets. */
import type { StudyRun } from "../study.ts";

export const paper = (figure: string): string => `van Rossem & Saxe (ICML 2024, arXiv 2402.09142), ${figure}`;

/** The preset of a name; none where the name is that of the defaults. */
export function presetOf(name: string): Pick<StudyRun, "preset"> {
  return name === "default" ? {} : { preset: name };
}
