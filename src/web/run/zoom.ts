/** @file The visible part of a matrix: a square of entries that moves and scales within the matrix. */

/** `span` entries across, from column x and row y; fractions are parts of entries. */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly span: number;
}

/** chosen: entries across at the largest zoom. */
const LEAST_SPAN = 4;

export const whole = (d: number): Window => ({ x: 0, y: 0, span: d });

/** The window moved inside a matrix of d rows. */
export function within({ x, y, span }: Window, d: number): Window {
  const kept = Math.min(d, Math.max(Math.min(LEAST_SPAN, d), span));
  const between = (at: number) => Math.min(d - kept, Math.max(0, at));
  return { x: between(x), y: between(y), span: kept };
}

/** Scales about a position that stays fixed. @param right, down the position as shares of the window */
export function zoomed(
  { x, y, span }: Window,
  factor: number,
  { right, down, d }: { readonly right: number; readonly down: number; readonly d: number },
): Window {
  const next = within({ x, y, span: span * factor }, d).span;
  return within({ x: x + (span - next) * right, y: y + (span - next) * down, span: next }, d);
}

/** The entry at a position; undefined outside. @param right, down the position as shares of the window */
export function entryAt(
  { x, y, span }: Window,
  right: number,
  down: number,
  d: number,
): { readonly row: number; readonly column: number } | undefined {
  const [row, column] = [Math.floor(y + down * span), Math.floor(x + right * span)];
  return row >= 0 && column >= 0 && row < d && column < d ? { row, column } : undefined;
}

/** The window moved by the least that shows an entry. */
export function showing({ x, y, span }: Window, row: number, column: number, d: number): Window {
  const near = (from: number, at: number) => Math.min(at, Math.max(from, at + 1 - span));
  return within({ x: near(x, column), y: near(y, row), span }, d);
}
