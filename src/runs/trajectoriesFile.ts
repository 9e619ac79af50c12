/**
 * @file trajectories.csv: the followed points, one line per recorded step, pair and hidden layer. Read by `crh twopoint
 * fit` and by any reader of CSV.
 */
import { LinesFile } from "./linesFile.ts";
import { decodeTrajectoryRow, TRAJECTORY_HEADER, TRAJECTORY_NUMBERS, type TrajectoryRow } from "./trajectoryRow.ts";

export type { TrajectoryRow } from "./trajectoryRow.ts";

/** Digits that determine a float32. */
const DIGITS = 9;

export const trajectoriesFile = (path: string): LinesFile<TrajectoryRow> =>
  new LinesFile(path, { header: TRAJECTORY_HEADER, expected: TRAJECTORY_HEADER, encode, decode: decodeTrajectoryRow });

function encode(row: TrajectoryRow): string {
  const bad = TRAJECTORY_NUMBERS.find((name) => !Number.isFinite(row[name]));
  if (bad !== undefined)
    throw new RangeError(`runs: expected a finite ${bad} at step ${row.step}, got ${row[bad]}; stop the run before`);
  const values = TRAJECTORY_NUMBERS.map((name) => Number(row[name].toPrecision(DIGITS)));
  return `${[row.step, row.pair, row.layer, ...values].join(",")}\n`;
}
