/** @file The result of a run in the terminal: its tables, or one JSON document. */
import { join } from "node:path";
import { stationaritySentence } from "../findings/stationarity.ts";
import { TWOPOINT_SCHEMA, type TwopointRecord } from "../findings/twopoint/twopointRecord.ts";
import { formatDuration, formatRate } from "../formats/quantities.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { bestLine } from "../runner/training/evaluations.ts";
import type { RunFolder } from "../runs/runFolder.ts";
import { renderAlignmentTable } from "./alignmentTable.ts";
import { openPage } from "./browser.ts";
import type { Presentation } from "./commandOptions.ts";
import { type Io, widthOf } from "./io.ts";
import { lawsBelow } from "./lawsTable.ts";
import { layoutOf } from "./layerTable.ts";
import { wrap } from "./table.ts";
import { renderTwopointTable } from "./twopointTable.ts";
import { renderWatchedTable } from "./watchedTable.ts";

/** Prints the results, and opens the page if requested. */
export async function presentRun(folder: RunFolder, show: Presentation, io: Io): Promise<void> {
  print(folder, show, io);
  if (show.open === true && folder.hasReport()) await openPage(join(folder.dir, "report.html"), io);
}

function print(folder: RunFolder, show: Presentation, io: Io): void {
  const snapshots = folder.snapshots();
  const final = snapshots.at(-1);
  const twopoint = folder.record<TwopointRecord>("twopoint", TWOPOINT_SCHEMA);
  const watched = renderWatchedTable(folder, { width: widthOf(io.stdout) });
  if (final === undefined && twopoint === undefined && watched === "") return;
  const { durationMs, trainingMs, measuringMs, stepsPerSecond, id, step } = folder.info();
  if (show.json === true) {
    const document = {
      run: folder.dir,
      accuracy: final?.accuracy ?? null,
      stepsPerSecond: stepsPerSecond ?? null,
      final: finalDocument(step, final, twopoint),
    };
    io.stdout.write(`${JSON.stringify(document)}\n`);
    return;
  }
  if (watched !== "") io.stdout.write(`${watched}\n`);
  if (twopoint !== undefined) io.stdout.write(`${renderTwopointTable(twopoint, layoutOf(io))}\n`);
  if (final !== undefined) {
    const initial = snapshots[0]!.step < final.step ? { initial: snapshots[0]! } : {};
    const options = { ...initial, ...layoutOf(io) };
    io.stdout.write(`${renderAlignmentTable(final, options)}${lawsBelow(final, options)}\n`);
    io.stdout.write(probeLine(folder));
    const rest = stationaritySentence({ snapshots, metrics: folder.metrics() });
    if (rest !== "") io.stdout.write(`${wrap(rest, widthOf(io.stdout)).join("\n")}\n\n`);
  }
  const rate = stepsPerSecond === undefined ? "" : ` at ${formatRate(stepsPerSecond)} steps/s`;
  const of = trainingMs === undefined || measuringMs === undefined ? "" : ` training ${formatDuration(trainingMs)}`;
  const measured = of === "" ? rate : `:${of}${rate}, measuring ${formatDuration(measuringMs!)}`;
  const time = durationMs === undefined ? "" : ` in ${formatDuration(durationMs)}${measured}`;
  const steps = final?.step ?? step;
  io.stdout.write(`${id}: ${steps} steps${time}\n${bestLine(folder)}report: ${join(folder.dir, "report.html")}\n`);
}

/** The last snapshot, an empty one if nothing was measured, with the record of the two-point theory. */
function finalDocument(step: number, final: Snapshot | undefined, record: TwopointRecord | undefined): object {
  const measured = final ?? { step, layers: [] };
  if (record === undefined) return measured;
  const { schema: _, ...twopoint } = record;
  return { ...measured, twopoint };
}

/**
 * Accuracy of a linear classifier on the features, at the first and the last measurement; empty for settings without
 * one.
 */
function probeLine(folder: RunFolder): string {
  const rows = folder.metrics().filter(({ name }) => name === "eval/linear-probe");
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return "";
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  return `linear probe of the features: ${share(last.value)} right, ${share(first.value)} at step ${first.step}\n\n`;
}
