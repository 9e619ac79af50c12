/** @file Steps of a run: the nearest, the next, and steps in words. */
import { grouped } from "../../findings/numbers.ts";

/** The nearest of some steps, the earlier of two equally near; undefined if there are none. @param steps ascending */
export function nearestStep(steps: readonly number[], wanted: number): number | undefined {
  let best: number | undefined;
  for (const step of steps) if (best === undefined || Math.abs(step - wanted) < Math.abs(best - wanted)) best = step;
  return best;
}

/** The step at a given offset in the list, limited to its ends. @param steps ascending */
export function stepAfter(steps: readonly number[], step: number, by: number): number {
  const at = steps.indexOf(nearestStep(steps, step) ?? step);
  return steps[Math.max(0, Math.min(steps.length - 1, at + by))] ?? step;
}

/** "0, 10, 20 and 4 more". */
export function stepsInWords(steps: readonly number[], most = 6): string {
  const shown = steps.slice(0, most).map(grouped).join(", ");
  return steps.length > most ? `${shown} and ${steps.length - most} more` : shown;
}
