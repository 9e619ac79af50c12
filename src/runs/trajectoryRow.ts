/** @file A row of trajectories.csv, and the reader of its line. */

/** One pair of followed points at one hidden layer, before a step. */
export interface TrajectoryRow {
  readonly step: number;
  /** Indices of the two points, "0-1". */
  readonly pair: string;
  readonly layer: string;
  /** Squared distance of the hidden representations. */
  readonly dh2: number;
  /** Squared distance of the outputs. */
  readonly dy2: number;
  /** dy . (dy - dy*). */
  readonly w: number;
  /** Mean loss of all followed points. */
  readonly loss: number;
}

export const TRAJECTORY_NUMBERS = ["dh2", "dy2", "w", "loss"] as const;
/** First line of the file. */
export const TRAJECTORY_HEADER = ["step", "pair", "layer", ...TRAJECTORY_NUMBERS].join(",");

/** The row of a line; undefined if the line is not a row. */
export function decodeTrajectoryRow(line: string): TrajectoryRow | undefined {
  const cells = line.split(",");
  if (cells.length !== TRAJECTORY_NUMBERS.length + 3) return undefined;
  const [step, pair, layer, ...values] = cells as [string, string, string, ...string[]];
  const numbers = [step, ...values].map((text) => (text === "" ? Number.NaN : Number(text)));
  if (!numbers.every(Number.isFinite) || !Number.isInteger(numbers[0])) return undefined;
  const [, dh2, dy2, w, loss] = numbers as [number, number, number, number, number];
  return { step: numbers[0]!, pair, layer, dh2, dy2, w, loss };
}
