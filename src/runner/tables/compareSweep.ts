/**
 * @file A measure of many runs over their parameters: read run by run, grouped by the requested parameters, drawn and
 * written as CSV.
 */
import "../../figuresNode/linkedomDocument.ts";
import { toCsv } from "../../figures/csv.ts";
import { type Figure, standaloneSvg } from "../../figures/figure.ts";
import { sweepCurves } from "../../figures/sweepCurves.ts";
import { sweepHeat } from "../../figures/sweepHeat.ts";
import { suggestion } from "../../parameters/suggest.ts";
import { measureCalled, measureNames, type RunMeasure } from "../../tables/measures.ts";
import { allMetrics } from "../../tables/metricsTable.ts";
import { ParameterColumns } from "../../tables/parameterColumns.ts";
import { isLogRange, type Spacing, spacingOf } from "../../tables/spacing.ts";
import { type AtStep, BY_LAYER, type Sweep, type SweepAxes, SweepGathering } from "../../tables/sweepCells.ts";
import { Interrupted, UsageError } from "../errors.ts";
import type { Watcher } from "../observer.ts";
import { openRuns, runFolders } from "./runFolders.ts";

export interface SweepOptions extends SweepAxes {
  /** The measure, by its name. */
  readonly y: string;
  readonly at: AtStep;
  /** Folder of runs that are given by name only. */
  readonly root: string;
}

/** The comparison and its result. */
export interface ComparedSweep {
  readonly measure: RunMeasure;
  readonly axes: SweepAxes;
  readonly at: AtStep;
  readonly spacing: Spacing;
  readonly sweep: Sweep;
}

/**
 * Compares many runs.
 *
 * @param which runs, folders of runs, sweeps
 * @throws UsageError in one line for an unknown parameter or measure, with the known ones
 */
export async function compareSweep(
  which: readonly string[],
  options: SweepOptions,
  watcher: Watcher,
): Promise<ComparedSweep> {
  const { x, by, group, heat, at } = options;
  const axes: SweepAxes = { x, by, group, heat };
  const folders = runFolders(options.root, which, (text) => watcher.observer.note(text));
  const measure = measureCalled(options.y);
  refuseTwice(axes);
  if (by === BY_LAYER && measure.kind === "metric" && measureNames.includes(measure.name))
    throw new UsageError(
      `crh compare: expected a measure of layers with --by layer, got ${options.y}, which is of a whole run; leave --by layer out`,
    );
  checkParameters(axes, folders);
  if (measure.kind === "metric") checkMetric(measure.name, folders);
  const gathering = new SweepGathering(measure, axes, at);
  await gather(gathering, folders, watcher);
  const sweep = gathering.finish();
  return { measure, axes, at, sweep, spacing: spacingOf([...new Set(sweep.cells.map((cell) => cell.x))]) };
}

function refuseTwice({ x, by, group, heat }: SweepAxes): void {
  const all = [x, by, group, heat].filter((name) => name !== undefined);
  const twice = all.find((name, i) => all.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError(
      `crh compare: expected a parameter on one of --x, --by, --group and --heat, got ${twice} on two; name it once`,
    );
}

/** Checks that every requested parameter exists in some run. */
function checkParameters(axes: SweepAxes, folders: readonly string[]): void {
  const parameters = new ParameterColumns();
  for (const opened of openRuns(folders)) if ("run" in opened) parameters.add(opened.run.config);
  const known = ["setting", "seed", "steps", ...parameters.names];
  for (const [option, name] of Object.entries(axes) as [keyof SweepAxes, string | undefined][]) {
    if (name === undefined || known.includes(name) || (option === "by" && name === BY_LAYER)) continue;
    throw unknown(`a parameter of these runs as --${option}`, name, option === "by" ? [BY_LAYER, ...known] : known);
  }
}

/** Checks that the requested quantity exists in some run. */
function checkMetric(name: string, folders: readonly string[]): void {
  const seen = new Set<string>();
  for (const opened of openRuns(folders)) {
    if (!("run" in opened)) continue;
    for (const row of allMetrics(opened.run)) seen.add(row.name);
    if (seen.has(name)) return;
  }
  if (measureNames.includes(name)) return; // no run has it, which is noted for each
  throw unknown("a measure as --y", name, [...measureNames, ...[...seen].filter((one) => !measureNames.includes(one))]);
}

/** One line with the nearest name and the list of all names. */
function unknown(expected: string, got: string, known: readonly string[]): UsageError {
  const near = suggestion(got, known);
  const list = near.includes("known:") ? "" : ` known: ${known.join(", ")}`;
  return new UsageError(`crh compare: expected ${expected}, got "${got}"${near}${list}`);
}

async function gather(
  gathering: SweepGathering,
  folders: readonly string[],
  { observer, signal }: Watcher,
): Promise<void> {
  const progress = observer.progress("reading", folders.length, { unit: "runs", patient: true });
  let done = 0;
  try {
    for (const opened of openRuns(folders)) {
      if (signal.aborted) throw new Interrupted("crh compare: interrupted; nothing was written");
      if ("run" in opened) gathering.add(opened.run);
      else gathering.unreadable(folders[done]!, opened.problem);
      progress.update(++done);
      await new Promise((resolve) => setImmediate(resolve)); // lets signals be handled
    }
  } finally {
    progress.end(false);
  }
}

/** Curves, or a heat map if a second parameter is requested; undefined where there is nothing to draw. */
export function sweepFigure({ measure, axes, sweep, spacing }: ComparedSweep): Figure | undefined {
  const { x, by, group, heat } = axes;
  const { cells } = sweep;
  if (cells.length === 0) return undefined;
  const note = overWords(sweep);
  if (heat !== undefined) return sweepHeat(cells, { x, heat, label: measure.meaning, by, group, note });
  const ends = cells.flatMap(({ low, high }) => [low, high]);
  return sweepCurves(cells, {
    x: { name: x, spacing },
    y: { label: measure.meaning, log: isLogRange(ends) },
    by,
    group,
    note,
  });
}

/** The same as a standalone file. */
export function sweepSvg(figure: Figure): string {
  return standaloneSvg(figure.svg);
}

/** How the number of one run was obtained; undefined where it is the measure itself. */
export function overWords({ over }: Sweep): string | undefined {
  if (over === null) return undefined;
  const what =
    over === "both" ? "hidden representations, or all layers where the network is not a chain of maps" : over;
  return `of each run the median over ${what}`;
}

/** The groups as CSV: parameters by name, then n, median, q1, q3, min, max, with all digits. */
export function sweepCsv({ axes, sweep }: ComparedSweep): string {
  const { x, by, group, heat } = axes;
  const keys = (
    [
      ["group", group],
      ["by", by],
      ["heat", heat],
      ["x", x],
    ] as const
  ).filter(([, name]) => name !== undefined);
  return toCsv(
    [...keys.map(([, name]) => name!), "n", "median", "q1", "q3", "min", "max"],
    sweep.cells.map((cell) => [
      ...keys.map(([key]) =>
        typeof cell[key] === "boolean" ? String(cell[key]) : (cell[key] as string | number | null),
      ),
      ...[cell.n, cell.median, cell.low, cell.high, cell.least, cell.most],
    ]),
  );
}
