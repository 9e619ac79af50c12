/**
 * @file trajectories.csv: the followed points, one line a look, pair and hidden layer. `crh twopoint fit` reads it,
 * and so does whatever reads CSV.
 */
import { LinesFile } from "./linesFile.ts";

/** One pair of followed points at one hidden layer, before a step. */
export interface TrajectoryRow {
  readonly step: number;
  /** Places of the two points, "0-1". */
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

const NUMBERS = ["dh2", "dy2", "w", "loss"] as const;
const HEADER = ["step", "pair", "layer", ...NUMBERS].join(",");
/** Digits that give a float32 back. */
const DIGITS = 9;

export const trajectoriesFile = (path: string): LinesFile<TrajectoryRow> =>
  new LinesFile(path, { header: HEADER, expected: HEADER, encode, decode });

function encode(row: TrajectoryRow): string {
  const bad = NUMBERS.find((name) => !Number.isFinite(row[name]));
  if (bad !== undefined)
    throw new RangeError(`runs: expected a finite ${bad} at step ${row.step}, got ${row[bad]}; stop the run before`);
  const values = NUMBERS.map((name) => Number(row[name].toPrecision(DIGITS)));
  return `${[row.step, row.pair, row.layer, ...values].join(",")}\n`;
}

function decode(line: string): TrajectoryRow | undefined {
  const cells = line.split(",");
  if (cells.length !== NUMBERS.length + 3) return undefined;
  const [step, pair, layer, ...values] = cells as [string, string, string, ...string[]];
  const numbers = [step, ...values].map((text) => (text === "" ? Number.NaN : Number(text)));
  if (!numbers.every(Number.isFinite) || !Number.isInteger(numbers[0])) return undefined;
  const [, dh2, dy2, w, loss] = numbers as [number, number, number, number, number];
  return { step: numbers[0]!, pair, layer, dh2, dy2, w, loss };
}
