/** @file What `crh analyze` and `crh ingest` print, write and keep: the table or JSON, the report, the moments, the run folder. */
import { join, resolve } from "node:path";
import type { Cost, LayerSize, Snapshot, SnapshotOptions } from "../measure/snapshot.ts";
import { layerExponentSeconds } from "../measure/snapshot.ts";
import type { Moments } from "../moments/moments.ts";
import { encodeMoments } from "../moments/momentsFile.ts";
import { renderReport } from "../report/report.ts";
import type { RunFolder } from "../runs/runFolder.ts";
import { writeWhole } from "../runs/writeFile.ts";
import { renderAlignmentTable } from "./alignmentTable.ts";
import {
  type About,
  addMeasurement,
  analysisReport,
  createAnalysis,
  type Ending,
  endAnalysis,
  metricsOf,
  type Saving,
  unsavedInfo,
} from "../runner/analysis/analysisFolder.ts";
import { openPage } from "./browser.ts";
import { formatBytes, formatDuration } from "../formats/quantities.ts";
import type { Io } from "./io.ts";
import { lawsBelow } from "./lawsTable.ts";
import { layoutOf } from "./layerTable.ts";
import { Measuring } from "../workers/layerPool.ts";
import { Progress } from "./progress.ts";

/** chosen: what takes less is not announced. */
const SAID_SECONDS = 5;

export interface AnalysisOutputs extends Saving {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** Whether the report is shown in the browser. */
  readonly open?: boolean;
  /** File for the report. */
  readonly out?: string;
  /** File for the moments. */
  readonly moments?: string;
  readonly cost: Cost;
}

/** What a measurement is made into a snapshot from, and the same of the network before training. */
export interface Presented extends SnapshotOptions {
  readonly before?: SnapshotOptions & { readonly total: Moments };
}

/** The snapshot of a model, and that of the model before training. */
export interface Snapshots {
  readonly result: Snapshot;
  readonly initial: Snapshot | undefined;
  /** The moments that are at hand; of all layers where they are to be written. */
  readonly total: Moments;
}

/** When a command began, and whether the user stopped it. */
export interface Course {
  readonly startedAt: Date;
  readonly isStopped: boolean;
}

/** Makes the snapshots of a measurement. */
export async function measuredSnapshots(
  total: Moments,
  { before, ...measured }: Presented,
  outputs: AnalysisOutputs,
  io: Io,
): Promise<Snapshots> {
  const initial = before && (await initialSnapshot(before, outputs, io));
  const start = before && initial ? startOf(before.total, initial) : {};
  const result = await measuredSnapshot(total, { ...measured, ...start, cost: outputs.cost }, outputs, io);
  return { result, initial, total };
}

/** Keeps, prints and writes one measurement as it was asked for. */
export async function showAnalysis(
  found: Snapshots,
  about: About,
  course: Course,
  outputs: AnalysisOutputs,
  io: Io,
): Promise<void> {
  const folder = outputs.save ? createAnalysis(outputs.runs, about, course.startedAt) : undefined;
  if (folder) addMeasurement(folder, found.result);
  await finishAnalysis({ ...found, folder, snapshots: [found.result] }, about, course, outputs, io);
}

/** The measurements of an analysis, by step, and the folder that has them already. */
export interface Finished extends Snapshots {
  readonly folder: RunFolder | undefined;
  readonly snapshots: Snapshot[];
}

/** Writes what stands beside the measurements, and prints the last of them. */
export async function finishAnalysis(
  found: Finished,
  about: About,
  course: Course,
  outputs: AnalysisOutputs,
  io: Io,
): Promise<void> {
  const { folder, snapshots, result, initial, total } = found;
  const { startedAt, isStopped } = course;
  const now = new Date();
  const ending: Ending = {
    status: isStopped ? "interrupted" : "finished",
    endedAt: now.toISOString(),
    durationMs: now.getTime() - startedAt.getTime(),
    ...{ total, isWhole: total.layers.length === result.layers.length, initial },
  };
  if (outputs.moments !== undefined) writeWhole(resolve(outputs.moments), encodeMoments(total), { where: "moments" });
  const bytes = folder ? endAnalysis(folder, ending) : 0;
  if (folder !== undefined || outputs.out !== undefined) {
    const info = folder?.info() ?? unsavedInfo(about, ending);
    const { config } = about;
    const html = renderReport(
      analysisReport(info, about.record, { config, snapshots, metrics: metricsOf(snapshots), initial, moments: total }),
    );
    folder?.writeReport(html);
    if (outputs.out !== undefined) writeWhole(resolve(outputs.out), html, { where: "report" });
  }
  const where = folder && `${folder.dir}${bytes > SAID_BYTES ? ` (moments ${formatBytes(bytes)})` : ""}`;
  if (outputs.json === true) {
    io.stdout.write(`${JSON.stringify(documentOf(found, about))}\n`);
    return;
  }
  printTable(found, about, outputs, io);
  if (where !== undefined) io.stdout.write(`kept in: ${where}\n`);
  if (outputs.open === true) await openPage(outputs.out ?? join(folder!.dir, "report.html"), io);
}

/** chosen: what takes less room on the disk is not announced. */
const SAID_BYTES = 1e8;

/** The document of --json: one snapshot, or those of several models. */
function documentOf({ snapshots, result, initial, folder }: Finished, { record, inputs, notes }: About): object {
  const { models } = record;
  const said = inputs === undefined ? {} : { inputs, notes };
  if (models.length > 1) return { run: folder?.dir ?? null, models, ...said, snapshots };
  return { ...result, ...(initial && { initial }), ...said }; // the same for the same model and data: no name of a folder
}

/** The network before training: what is compared with it, alignments, ranks and collapse; exponents of a start say little. */
async function initialSnapshot(
  { total, ...measured }: NonNullable<Presented["before"]>,
  outputs: AnalysisOutputs,
  io: Io,
): Promise<Snapshot> {
  return measuredSnapshot(total, { ...measured, ...costOfInitial(outputs) }, outputs, io);
}

/** What is measured of the network before training. */
export function costOfInitial({ cost }: Pick<AnalysisOutputs, "cost">): SnapshotOptions {
  return { cost: cost === "economy" ? "economy" : "standard", exponentSeconds: 0 };
}

/** What the measures of a trained network take from the untrained one. */
export function startOf(total: Moments, initial: Snapshot): SnapshotOptions {
  return {
    initial,
    initialWeights: new Map(total.layers.flatMap(({ name, W }) => (W ? [[name, W] as const] : []))),
    start: { ...total, layers: total.layers.filter(({ kind }) => kind === "head") },
  };
}

/** Measures with progress. */
export async function measuredSnapshot(
  total: Moments,
  options: SnapshotOptions,
  { json, quiet }: AnalysisOutputs,
  io: Io,
): Promise<Snapshot> {
  const progress = new Progress(io, "measure", total.layers.length, {
    unit: "layers",
    quiet: json === true || quiet === true,
  });
  const measuring = new Measuring();
  try {
    sayCost(progress, total.layers, options);
    return await measuring.snapshot(total, options, (done) => progress.update(done));
  } finally {
    progress.end(false);
    await measuring.close();
  }
}

/** What takes long says beforehand how long. */
export function sayCost(
  progress: Progress,
  layers: readonly LayerSize[],
  { cost }: Pick<SnapshotOptions, "cost">,
): void {
  const seconds = layers.reduce((sum, layer) => sum + layerExponentSeconds(layer), 0);
  if (cost === "full" && seconds > SAID_SECONDS)
    progress.say(`all measures of ${layers.length} layers: about ${formatDuration(1000 * seconds)} of one core`);
}

function printTable(
  { result, initial, snapshots }: Finished,
  { record, examples }: About,
  outputs: AnalysisOutputs,
  io: Io,
): void {
  const { out, moments } = outputs;
  const layout = layoutOf(io);
  const [first] = snapshots;
  const start =
    first !== undefined && first.step < result.step ? { initial: first } : { initial, initialFile: record.initial };
  io.stdout.write(renderAlignmentTable(result, { ...layout, ...start, examples, isSeries: record.models.length > 1 }));
  io.stdout.write(lawsBelow(result, layout));
  if (out !== undefined) io.stdout.write(`report: ${resolve(out)}\n`);
  if (moments !== undefined) io.stdout.write(`moments: ${resolve(moments)}\n`);
}
