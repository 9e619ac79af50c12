/** @file Checks of the constants and starts of the two-point theory, for this room's public functions. */
import type { TwoPointConstants, TwoPointState } from "./equations.ts";

/** @throws RangeError in one line where one of the constants is not a finite number above 0 */
export function checkConstants(constants: Partial<TwoPointConstants>, where: string): void {
  const wanted = { dx2: "the squared distance of two inputs", dy2: "the squared distance of two targets" };
  const cures = { ...wanted, etaH: "a rate per step", etaY: "a rate per step" };
  for (const [name, cure] of Object.entries(cures)) {
    const value = constants[name as keyof TwoPointConstants];
    if (value !== undefined && !(value > 0 && value < Number.POSITIVE_INFINITY))
      throw new RangeError(`${where}: expected ${name} above 0, got ${value}; it is ${cure}`);
  }
}

/** @throws RangeError in one line unless dh2 is above 0, dy2 at least 0 and w finite */
export function checkStart(start: Partial<TwoPointState>, where: string): void {
  const { dh2, dy2 = 0, w = 0 } = start;
  if (dh2 !== undefined && !(dh2 > 0 && dh2 < Number.POSITIVE_INFINITY))
    throw new RangeError(
      `${where}: expected a start with dh2 above 0, got ${dh2}; the theory divides by the distance of the representations`,
    );
  if (!(dy2 >= 0 && dy2 < Number.POSITIVE_INFINITY))
    throw new RangeError(`${where}: expected a start with dy2 of at least 0, got ${dy2}; it is a squared distance`);
  if (!Number.isFinite(w))
    throw new RangeError(`${where}: expected a start with a finite w, got ${w}; check the start`);
}
