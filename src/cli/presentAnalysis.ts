/** @file What `crh analyze` and `crh ingest` print and write: the table or JSON, the report, the moments. */
import { resolve } from "node:path";
import type { Cost, LayerSize, Snapshot, SnapshotOptions } from "../measure/snapshot.ts";
import { layerExponentSeconds } from "../measure/snapshot.ts";
import type { Moments } from "../moments/moments.ts";
import { encodeMoments } from "../moments/momentsFile.ts";
import { type AnalysisReport, renderReport } from "../report/report.ts";
import { writeWhole } from "../runs/writeFile.ts";
import { type AlignmentTableOptions, renderAlignmentTable } from "./alignmentTable.ts";
import { formatDuration } from "./format.ts";
import type { GivenInput } from "./givenInput.ts";
import type { Io } from "./io.ts";
import { lawsBelow } from "./lawsTable.ts";
import { layoutOf } from "./layerTable.ts";
import { Measuring } from "./measuring.ts";
import { Progress } from "./progress.ts";
import { versions } from "./versions.ts";

/** chosen: what takes less is not announced. */
const SAID_SECONDS = 5;

export interface AnalysisOutputs {
  readonly json?: boolean;
  readonly quiet?: boolean;
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

/** What the report says of where a measurement comes from. */
export type About = Pick<AnalysisReport, "config" | "notes"> & {
  analysis: Omit<AnalysisReport["analysis"], "versions" | "measuredAt">;
  /** What the model's inputs were given, for JSON. */
  readonly inputs?: readonly GivenInput[];
  /** Samples of the data, of which each may have several rows with a loss. */
  readonly examples?: number;
};

/** Makes the snapshots of a measurement, and shows them. */
export async function presentAnalysis(
  total: Moments,
  { before, ...measured }: Presented,
  about: About,
  outputs: AnalysisOutputs,
  io: Io,
): Promise<void> {
  const initial = before && (await initialSnapshot(before, outputs, io));
  const start = before && initial ? startOf(before.total, initial) : {};
  const result = await measuredSnapshot(total, { ...measured, ...start, cost: outputs.cost }, outputs, io);
  showAnalysis({ result, initial, total }, about, outputs, io);
}

/**
 * Prints and writes what was asked for.
 *
 * @param found.total the moments that are at hand; of all layers where they are to be written
 */
export function showAnalysis(
  { result, initial, total }: { result: Snapshot; initial: Snapshot | undefined; total: Moments },
  { inputs, examples, ...about }: About,
  outputs: AnalysisOutputs,
  io: Io,
): void {
  if (outputs.moments !== undefined) writeWhole(resolve(outputs.moments), encodeMoments(total), { where: "moments" });
  if (outputs.out !== undefined) {
    const analysis = { ...about.analysis, versions: versions(), measuredAt: new Date().toISOString() };
    const html = renderReport({
      ...about,
      analysis,
      snapshots: [result],
      moments: total,
      ...(initial ? { initial } : {}),
    });
    writeWhole(resolve(outputs.out), html, { where: "report" });
  }
  const said = inputs === undefined ? {} : { inputs, notes: about.notes };
  if (outputs.json === true)
    io.stdout.write(`${JSON.stringify({ ...result, ...(initial && { initial }), ...said })}\n`);
  else printTable(result, { initial, initialFile: about.analysis.initial, examples }, outputs, io);
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
function startOf(total: Moments, initial: Snapshot): SnapshotOptions {
  return {
    initial,
    initialWeights: new Map(total.layers.flatMap(({ name, W }) => (W ? [[name, W] as const] : []))),
    start: { ...total, layers: total.layers.filter(({ kind }) => kind === "head") },
  };
}

/** Measures with progress. */
async function measuredSnapshot(
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
  result: Snapshot,
  start: Pick<AlignmentTableOptions, "initial" | "initialFile" | "examples">,
  { out, moments }: AnalysisOutputs,
  io: Io,
): void {
  const options = layoutOf(io);
  io.stdout.write(renderAlignmentTable(result, { ...options, ...start }));
  io.stdout.write(lawsBelow(result, options));
  if (out !== undefined) io.stdout.write(`report: ${resolve(out)}\n`);
  if (moments !== undefined) io.stdout.write(`moments: ${resolve(moments)}\n`);
}
