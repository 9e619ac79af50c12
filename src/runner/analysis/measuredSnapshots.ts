/** @file Snapshots of a measured model, and of the same model before training. */
import { formatDuration } from "../../formats/quantities.ts";
import type { LayerSize, Snapshot, SnapshotOptions } from "../../measure/snapshot.ts";
import { layerExponentSeconds } from "../../measure/snapshot.ts";
import type { Moments } from "../../moments/moments.ts";
import { LayerPool } from "../../workers/layerPool.ts";
import type { Observer, Progress } from "../observer.ts";
import type { AnalysisOutputs } from "./analyzeOptions.ts";

/** chosen: shorter work is not announced. */
const SAID_SECONDS = 5;

/** Inputs of a snapshot, and those of the network before training. */
export interface Presented extends SnapshotOptions {
  readonly before?: SnapshotOptions & { readonly total: Moments };
}

/** The snapshot of a model, and that of the model before training. */
export interface Snapshots {
  readonly result: Snapshot;
  readonly initial: Snapshot | undefined;
  /** The available moments; of all layers if they are to be written. */
  readonly total: Moments;
}

/** Makes the snapshots of a measurement. */
export async function measuredSnapshots(
  total: Moments,
  { before, ...measured }: Presented,
  outputs: Pick<AnalysisOutputs, "cost">,
  observer: Observer,
): Promise<Snapshots> {
  const initial = before && (await initialSnapshot(before, outputs, observer));
  const start = before && initial ? startOf(before.total, initial) : {};
  const result = await measuredSnapshot(total, { ...measured, ...start, cost: outputs.cost }, observer);
  return { result, initial, total };
}

/**
 * Measures of the network before training: alignments, ranks and collapse, which are compared; exponents at the start
 * are not informative.
 */
async function initialSnapshot(
  { total, ...measured }: NonNullable<Presented["before"]>,
  outputs: Pick<AnalysisOutputs, "cost">,
  observer: Observer,
): Promise<Snapshot> {
  return measuredSnapshot(total, { ...measured, ...costOfInitial(outputs) }, observer);
}

/** Measurement options for the network before training. */
export function costOfInitial({ cost }: Pick<AnalysisOutputs, "cost">): SnapshotOptions {
  return { cost: cost === "economy" ? "economy" : "standard", exponentSeconds: 0 };
}

/** The data of the untrained network that measures of the trained one use. */
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
  observer: Observer,
): Promise<Snapshot> {
  const progress = observer.progress("measure", total.layers.length, { unit: "layers" });
  const measuring = new LayerPool();
  try {
    sayCost(progress, total.layers, options);
    return await measuring.snapshot(total, options, (done) => progress.update(done));
  } finally {
    progress.end(false);
    await measuring.close();
  }
}

/** Announces the expected time of long work. */
export function sayCost(
  progress: Progress,
  layers: readonly LayerSize[],
  { cost }: Pick<SnapshotOptions, "cost">,
): void {
  const seconds = layers.reduce((sum, layer) => sum + layerExponentSeconds(layer), 0);
  if (cost === "full" && seconds > SAID_SECONDS)
    progress.say(`all measures of ${layers.length} layers: about ${formatDuration(1000 * seconds)} of one core`);
}
