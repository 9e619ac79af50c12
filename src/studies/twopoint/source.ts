/** @file The source that the studies of the two-point theory cite, and the presets of their networks' names. */
import type { StudyRun } from "../study.ts";

export const paper = (figure: string): string => `van Rossem & Saxe (ICML 2024, arXiv 2402.09142), ${figure}`;

/** The preset of a network's name; none for the name of the defaults. */
export function presetOf(name: string): Pick<StudyRun, "preset"> {
  return name === "default" ? {} : { preset: name };
}
