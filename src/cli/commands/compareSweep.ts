/**
 * @file `crh compare --x PARAM --y MEASURE`: a measure of many runs over their parameters. The exit code is 1 if no run
 * has a value.
 */
import { existsSync } from "node:fs";
import { checkOutputs } from "../../disk/outputFiles.ts";
import { EXIT_FAILED, UsageError } from "../../runner/errors.ts";
import { compareSweep, sweepCsv, sweepFigure, sweepSvg } from "../../runner/tables/compareSweep.ts";
import { writeWhole } from "../../runs/writeFile.ts";
import type { AtStep } from "../../tables/sweepCells.ts";
import { renderSweep } from "../comparedTable.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { terminalObserver } from "../progress.ts";
import { dimmer } from "../table.ts";

/** Options of a comparison of many runs. */
export interface SweepWords {
  readonly x?: string;
  readonly y?: string;
  readonly by?: string;
  readonly group?: string;
  readonly heat?: string;
  readonly at?: AtStep;
  readonly csv?: string;
  readonly figure?: string;
  /** Folder of runs that are given by name only. */
  readonly runs: string;
  readonly json?: boolean;
}

export async function compareSweepCommand(which: readonly string[], options: SweepWords, io: Io): Promise<number> {
  const { x, y, by, group, heat, at = "last", csv, figure } = options;
  if (x === undefined || y === undefined)
    throw new UsageError(
      `crh compare: expected --x PARAM and --y MEASURE together, got ${x === undefined ? "--y" : "--x"} alone; such as --x decay --y b.rga`,
    );
  if (figure !== undefined && !figure.endsWith(".svg"))
    throw new UsageError(`crh compare: expected a name that ends in .svg as --figure, got ${figure}; figures are SVG`);
  checkOutputs([csv, figure], which);
  const watcher = { observer: terminalObserver(io), signal: io.interruption() };
  const found = await compareSweep(which, { x, y, by, group, heat, at, root: options.runs }, watcher);
  if (options.json === true) io.stdout.write(`${JSON.stringify(documentOf(found))}\n`);
  else io.stdout.write(renderSweep(found, widthOf(io.stdout), dimmer(hasColour(io.stdout, io.env))));
  const write = (path: string, text: string) => {
    const verb = existsSync(path) ? "replaced" : "wrote";
    writeWhole(path, text);
    io.stderr.write(`${verb} ${path}\n`);
  };
  if (csv !== undefined) write(csv, sweepCsv(found));
  const picture = figure === undefined ? undefined : sweepFigure(found);
  if (picture !== undefined) write(figure!, sweepSvg(picture));
  else if (figure !== undefined) io.stderr.write("no run has a value, so there is no figure\n");
  return found.sweep.cells.length === 0 ? EXIT_FAILED : 0;
}

/** The document of --json. */
function documentOf({ measure, axes, at, sweep }: Awaited<ReturnType<typeof compareSweep>>) {
  const { x, by = null, group = null, heat = null } = axes;
  const { name, meaning } = measure;
  return { x, y: name, meaning, by, group, heat, at, ...sweep };
}
