/**
 * @file `crh compare`: several runs side by side, in tables or as JSON; or, with --x and --y, many runs over a
 * parameter.
 */

import { UsageError } from "../../runner/errors.ts";
import { type Comparison as Compared, compared, type Run } from "../../runner/records/comparison.ts";
import { startAndEnd } from "../../runner/records/runMeasurements.ts";
import { hasRuns } from "../../runner/tables/runFolders.ts";
import { findRun } from "../../runs/listRuns.ts";
import { renderComparison } from "../comparisonTables.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { dimmer } from "../table.ts";
import { compareSweepCommand, type SweepWords } from "./compareSweep.ts";

/** The document of --json. */
export type Comparison = Compared;

export type CompareOptions = SweepWords;

/** Options that many runs have. */
const sweepOptions = ["by", "group", "heat", "at", "csv", "figure"] as const;

export async function compareCommand(
  which: readonly string[],
  options: CompareOptions,
  io: Io,
): Promise<number | undefined> {
  const only = sweepOptions.find((name) => options[name] !== undefined);
  if (options.x !== undefined || options.y !== undefined) return compareSweepCommand(which, options, io);
  if (only !== undefined)
    throw new UsageError(
      `crh compare: expected --x PARAM --y MEASURE beside --${only}, got neither; such as --x decay --y b.rga`,
    );
  const folder = which.find(hasRuns);
  if (folder !== undefined)
    throw new UsageError(
      `crh compare: expected --x PARAM --y MEASURE with a folder of runs, got ${folder} alone; such as --x decay --y b.rga --by layer`,
    );
  if (which.length < 2)
    throw new UsageError(
      "crh compare: expected two runs or more, got one; crh runs lists them, crh explain describes one",
    );
  const runs = await Promise.all(which.map((name) => loaded(options.runs, name)));
  const ids = runs.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined)
    throw new UsageError(`crh compare: expected different runs, got ${twice} twice; name each of them once`);
  const found: Comparison = compared(runs);
  if (options.json === true) io.stdout.write(`${JSON.stringify(found)}\n`);
  else io.stdout.write(renderComparison(found, widthOf(io.stdout), dimmer(hasColour(io.stdout, io.env))));
  return undefined;
}

async function loaded(root: string, which: string): Promise<Run> {
  const run = findRun(root, which);
  const found = await startAndEnd(run);
  const { id, status, error } = run.info();
  if (found === undefined) {
    if (run.trajectories().length > 0)
      throw new Error(
        `compare: expected runs with alignments, got ${id}, which follows points and measures nothing else; crh explain ${id} describes it`,
      );
    const cure =
      status === "failed" ? `it failed (${error ?? "no reason known"}), leave it out` : "continue it with crh resume";
    throw new Error(`compare: expected runs with a measurement, got none in ${run.dir}; ${cure}`);
  }
  const { run: _, smaller: __, ...config } = run.config();
  return { id, status, ...(error === undefined ? {} : { error }), config, ...found };
}
