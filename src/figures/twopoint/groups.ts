/** @file Points by the first word of their names ("x -1.00 0.50", "3 (image 7)"), with a colour for each group. */
import { visibleText } from "../escape.ts";

export interface PointGroup {
  readonly name: string;
  /** Indices of its points, ascending. */
  readonly points: readonly number[];
  readonly colour: string;
}

/** Hues of Tableau 10, of medium lightness, legible on white and on near-black; further groups take the last one. */
const hues = [
  "#4e79a7",
  "#f28e2b",
  "#59a14f",
  "#e15759",
  "#76b7b2",
  "#b07aa1",
  "#edc948",
  "#9c755f",
  "#ff9da7",
  "#8a8f98",
] as const;

/** Groups in the order in which they first occur. */
export function pointGroups(names: readonly string[]): PointGroup[] {
  const places = new Map<string, number[]>();
  names.forEach((name, i) => {
    const word = /^\S*/.exec(visibleText(name))![0];
    places.set(word, [...(places.get(word) ?? []), i]);
  });
  return [...places].map(([name, points], i) => ({ name, points, colour: hues[Math.min(i, hues.length - 1)]! }));
}
