/**
 * @file Figure: the change, along a measured trajectory, of the quantity that the two-point theory conserves (theory.md
 * Eq. 94).
 */
import { toCsv } from "../csv.ts";
import { type Figure, makeFigure } from "../figure.ts";
import { followedColour } from "../palette.ts";
import { coursePanel } from "./coursePanel.ts";

/**
 * Draws the change of C = H/X - (etaH/etaY) Y/H since the start, divided by the largest H/X. It is 0 throughout where
 * the theory holds.
 *
 * @param step (T) ascending; @param change (T) shares
 * @returns undefined for fewer than two steps. csv: step,change of every row
 */
export function conservedFigure(step: readonly number[], change: readonly number[]): Figure | undefined {
  if (step.length < 2) return undefined;
  const panel = coursePanel({
    title: "(C − C at the start) / largest H/X",
    colour: followedColour.dh2,
    step,
    measured: change,
    end: { value: 0, words: "theory: stays at 0" },
  });
  return makeFigure(
    [panel],
    toCsv(
      ["step", "change"],
      step.map((one, i) => [one, change[i]]),
    ),
  );
}
