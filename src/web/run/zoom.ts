/** @file The part of a matrix that is seen: a square of entries, moved and scaled without leaving the matrix. */

/** From entry (x, y), column and row, `span` entries across; fractions are parts of entries. */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly span: number;
}

/** chosen: entries across at the closest look. */
const LEAST_SPAN = 4;

export const whole = (d: number): Window => ({ x: 0, y: 0, span: d });

/** Inside of a matrix of d rows. */
export function within({ x, y, span }: Window, d: number): Window {
  const kept = Math.min(d, Math.max(Math.min(LEAST_SPAN, d), span));
  const between = (at: number) => Math.min(d - kept, Math.max(0, at));
  return { x: between(x), y: between(y), span: kept };
}

/** Scaled about a place that stays where it is. @param right, down the place as shares of the window */
export function zoomed(
  { x, y, span }: Window,
  factor: number,
  { right, down, d }: { readonly right: number; readonly down: number; readonly d: number },
): Window {
  const next = within({ x, y, span: span * factor }, d).span;
  return within({ x: x + (span - next) * right, y: y + (span - next) * down, span: next }, d);
}

/** The entry under a place; undefined outside. @param right, down the place as shares of the window */
export function entryAt(
  { x, y, span }: Window,
  right: number,
  down: number,
  d: number,
): { readonly row: number; readonly column: number } | undefined {
  const [row, column] = [Math.floor(y + down * span), Math.floor(x + right * span)];
  return row >= 0 && column >= 0 && row < d && column < d ? { row, column } : undefined;
}

/** Moved as little as shows an entry. */
export function showing({ x, y, span }: Window, row: number, column: number, d: number): Window {
  const near = (from: number, at: number) => Math.min(at, Math.max(from, at + 1 - span));
  return within({ x: near(x, column), y: near(y, row), span }, d);
}
