/** @file The output of `crh analyze` and `crh ingest`: tables or JSON, and where the analysis is kept. */
import { join, resolve } from "node:path";
import { formatBytes } from "../formats/quantities.ts";
import type { AnalysisOutputs } from "../runner/analysis/analyzeOptions.ts";
import type { Kept } from "../runner/analysis/keepAnalysis.ts";
import { UsageError } from "../runner/errors.ts";
import { renderAlignmentTable } from "./alignmentTable.ts";
import { openPage } from "./browser.ts";
import type { Presentation } from "./commandOptions.ts";
import type { Io } from "./io.ts";
import { lawsBelow } from "./lawsTable.ts";
import { layoutOf } from "./layerTable.ts";

/** chosen: smaller files on the disk are not announced. */
const SAID_BYTES = 1e8;

/** @throws UsageError if there is nothing to open, or output is JSON */
export function checkShowing({ save, out, open, json }: AnalysisOutputs & Presentation): void {
  if (open === true && json === true)
    throw new UsageError("crh: expected --open or --json, got both; crh open shows the report afterwards");
  if (open === true && !save && out === undefined)
    throw new UsageError("crh: expected a report for --open, got --no-save without --out; name a file after --out");
}

/**
 * Prints the last of the measurements.
 *
 * @throws RangeError after printing, if requested moments do not fit in a file
 */
export async function presentAnalysis(kept: Kept, outputs: AnalysisOutputs & Presentation, io: Io): Promise<void> {
  await show(kept, outputs, io);
  if (kept.misfit !== undefined)
    throw new RangeError(
      `moments: expected finite sums to write into ${outputs.moments}, got ${kept.misfit}; it is not written, all other results are complete; scale the rows down, or leave --moments out`,
    );
}

async function show(kept: Kept, outputs: AnalysisOutputs & Presentation, io: Io): Promise<void> {
  if (outputs.json === true) {
    io.stdout.write(`${JSON.stringify(documentOf(kept))}\n`);
    return;
  }
  const { folder, momentBytes } = kept;
  printTable(kept, outputs, io);
  const moments = momentBytes > SAID_BYTES ? ` (moments ${formatBytes(momentBytes)})` : "";
  if (folder) io.stdout.write(`kept in: ${folder.dir}${moments}\n`);
  if (outputs.open === true) await openPage(outputs.out ?? join(folder!.dir, "report.html"), io);
}

/** The document of --json: one snapshot, or those of several steps, with the last of them repeated on top. */
function documentOf({ snapshots, result, initial, folder, about: { series, inputs, notes } }: Kept): object {
  if (series !== undefined)
    return { run: folder?.dir ?? null, ...series, ...(inputs && { inputs }), notes, snapshots, final: result };
  const said = inputs === undefined ? {} : { inputs, notes };
  // equal for equal models and data, so without the folder's name
  return { ...result, ...(initial && { initial }), ...said };
}

function printTable(
  { result, initial, snapshots, misfit, about: { record, series, examples } }: Kept,
  outputs: AnalysisOutputs,
  io: Io,
): void {
  const { out, moments } = outputs;
  const layout = layoutOf(io);
  const [first] = snapshots;
  const start =
    first !== undefined && first.step < result.step ? { initial: first } : { initial, initialFile: record.initial };
  io.stdout.write(renderAlignmentTable(result, { ...layout, ...start, examples, isSeries: series !== undefined }));
  io.stdout.write(lawsBelow(result, layout));
  if (out !== undefined) io.stdout.write(`report: ${resolve(out)}\n`);
  if (moments !== undefined && misfit === undefined) io.stdout.write(`moments: ${resolve(moments)}\n`);
}
