/**
 * @file `crh compare`: several runs side by side, in tables or as JSON.
 */

import { UsageError } from "../../runner/errors.ts";
import { type Comparison as Compared, compared, type Run } from "../../runner/records/comparison.ts";
import { startAndEnd } from "../../runner/records/runMeasurements.ts";
import { findRun } from "../../runs/listRuns.ts";
import { renderComparison } from "../comparisonTables.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { dimmer } from "../table.ts";

/** The document of --json. */
export type Comparison = Compared;

export interface CompareOptions {
  readonly in: string;
  readonly json?: boolean;
}

export async function compareCommand(which: readonly string[], options: CompareOptions, io: Io): Promise<void> {
  if (which.length < 2)
    throw new UsageError(
      "crh compare: expected two runs or more, got one; crh runs lists them, crh explain tells of one",
    );
  const runs = await Promise.all(which.map((name) => loaded(options.in, name)));
  const ids = runs.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined)
    throw new UsageError(`crh compare: expected different runs, got ${twice} twice; name each of them once`);
  const found: Comparison = compared(runs);
  if (options.json === true) io.stdout.write(`${JSON.stringify(found)}\n`);
  else io.stdout.write(renderComparison(found, widthOf(io.stdout), dimmer(hasColour(io.stdout, io.env))));
}

async function loaded(root: string, which: string): Promise<Run> {
  const run = findRun(root, which);
  const found = await startAndEnd(run);
  const { id, status, error } = run.info();
  if (found === undefined) {
    if (run.trajectories().length > 0)
      throw new Error(
        `compare: expected runs with alignments, got ${id}, which follows points and measures nothing else; crh explain ${id} tells of it`,
      );
    const cure =
      status === "failed" ? `it failed (${error ?? "no reason known"}), leave it out` : "let it run on with crh resume";
    throw new Error(`compare: expected runs with a measurement, got none in ${run.dir}; ${cure}`);
  }
  const { run: _, smaller: __, ...config } = run.config();
  return { id, status, ...(error === undefined ? {} : { error }), config, ...found };
}
