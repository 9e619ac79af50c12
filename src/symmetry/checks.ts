/** @file Argument checks of this room's public functions. */
import { frobenius, type Matrix } from "../linalg/matrix.ts";

/** chosen: possible rounding of a sum of some thousand terms, relative to the whole matrix. */
const ROUNDING = 1e-10;

/** @throws RangeError in one line unless value is finite and above 0 */
export function checkPositive(where: string, name: string, value: number, cure: string): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new RangeError(`${where}: expected ${name} above 0, got ${value}; ${cure}`);
}

/** @throws RangeError in one line unless value is finite and at least 0 */
export function checkNotNegative(where: string, name: string, value: number, cure: string): void {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new RangeError(`${where}: expected ${name} of at least 0, got ${value}; ${cure}`);
}

/** @throws RangeError in one line unless value is finite */
export function checkFinite(where: string, name: string, value: number): void {
  if (!Number.isFinite(value))
    throw new RangeError(`${where}: expected a finite ${name}, got ${value}; check the data`);
}

/** @throws RangeError in one line unless A is square, finite and symmetric to rounding */
export function checkSymmetric(where: string, name: string, A: Matrix): void {
  const n = A.rows;
  if (n !== A.cols) throw new RangeError(`${where}: expected a square ${name}, got ${A.rows} x ${A.cols}`);
  const scale = frobenius(A);
  checkFinite(where, `${name}`, scale);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const [low, high] = [A.data[i * n + j]!, A.data[j * n + i]!];
      if (Math.abs(low - high) > ROUNDING * scale)
        throw new RangeError(
          `${where}: expected a symmetric ${name}, got ${low} at (${i}, ${j}) and ${high} at (${j}, ${i}); ` +
            `take its symmetric part`,
        );
    }
}

/** @throws RangeError in one line unless A is rows x cols */
export function checkSize(where: string, name: string, A: Matrix, rows: number, cols: number, cure: string): void {
  if (A.rows !== rows || A.cols !== cols)
    throw new RangeError(`${where}: expected ${name} of ${rows} x ${cols}, got ${A.rows} x ${A.cols}; ${cure}`);
}
