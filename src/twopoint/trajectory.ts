/** @file The record of two points along a layer while a network trains, and whether it can be fitted. */

/** Distances of one layer at T steps. */
export interface LayerTrajectory {
  readonly layer: string | number;
  /** (T) steps, ascending. */
  readonly step: ArrayLike<number>;
  /** (T) squared distance of the two representations, above 0. */
  readonly dh2: ArrayLike<number>;
  /** (T) squared distance of the two outputs, at least 0. */
  readonly dy2: ArrayLike<number>;
  /** (T) dy2 - dy . dy*. */
  readonly w: ArrayLike<number>;
}

/** Least number of points for a fit. chosen: two rates and three variables; with fewer no interval means anything. */
export const LEAST_POINTS = 10;

/**
 * @param where start of the message
 * @throws RangeError in one line for the first defect: lengths, values that are no numbers, steps that do not ascend,
 *   too few of them, a zero distance of the representations or a negative one of the outputs
 */
export function checkTrajectory({ step, dh2, dy2, w }: LayerTrajectory, where: string): void {
  const columns = { step, dh2, dy2, w };
  for (const [name, values] of Object.entries(columns)) {
    if (values.length !== step.length)
      throw new RangeError(`${where}: expected ${step.length} values of ${name}, got ${values.length}; one a step`);
    const i = Array.from(values).findIndex((value) => !Number.isFinite(value));
    if (i >= 0)
      throw new RangeError(
        `${where}: expected numbers in ${name}, got ${values[i]}${name === "step" ? ` in row ${i + 1}` : ` at step ${step[i]}`}; leave such rows out`,
      );
  }
  if (step.length < LEAST_POINTS)
    throw new RangeError(
      `${where}: expected at least ${LEAST_POINTS} points, got ${step.length}; record the distances more often`,
    );
  for (let i = 0; i < step.length; i++) {
    if (i > 0 && !(step[i]! > step[i - 1]!))
      throw new RangeError(`${where}: expected ascending steps, got ${step[i]} after ${step[i - 1]}; sort the rows`);
    if (!(dh2[i]! > 0))
      throw new RangeError(
        `${where}: expected dh2 above 0, got ${dh2[i]} at step ${step[i]}; the theory divides by it, so the representations must differ`,
      );
    if (!(dy2[i]! >= 0))
      throw new RangeError(
        `${where}: expected dy2 of at least 0, got ${dy2[i]} at step ${step[i]}; it is a squared distance`,
      );
  }
}

/** chosen: the bound of `checkTargets` tolerates noise of a few per cent on Y and w. */
const SLACK = 1.5;

/**
 * Y - w is dy . dy*, at most |dy| |dy*| in size.
 *
 * @param dy2 squared distance of the targets
 * @param where start of the message
 * @throws RangeError where most rows imply that the targets are further apart
 */
export function checkTargets({ dy2: Y, w }: LayerTrajectory, dy2: number, where: string): void {
  const least = Array.from(Y, (y, i) => (y > 0 ? (y - w[i]!) ** 2 / y : 0)).sort((a, b) => a - b);
  const median = least[Math.floor(least.length / 2)]!;
  if (median > SLACK * dy2)
    throw new RangeError(
      `${where}: expected dy2 of at least ${median.toPrecision(3)}, which dy2 and w of the rows ask for, got ${dy2}; ` +
        "it is the squared distance of the two targets",
    );
}

/** Every k-th row and the last one, for the smallest k that leaves at most `most` and one more. */
export function atMost(trajectory: LayerTrajectory, most: number): LayerTrajectory {
  const rows = trajectory.step.length;
  const k = Math.ceil(rows / most);
  if (k <= 1) return trajectory;
  const kept = Array.from({ length: Math.ceil(rows / k) }, (_, i) => i * k);
  if (kept.at(-1) !== rows - 1) kept.push(rows - 1);
  const of = (values: ArrayLike<number>) => kept.map((row) => values[row]!);
  const { layer, step, dh2, dy2, w } = trajectory;
  return { layer, step: of(step), dh2: of(dh2), dy2: of(dy2), w: of(w) };
}
