/**
 * @file `crh analyze` of several checkpoints of one model. Each is measured on the same data, kept at once, and
 * compared with the first, which gives the values before training, and with the previous one. If the user stops it,
 * finished measurements are kept.
 */
import type { SnapshotOptions } from "../../measure/snapshot.ts";
import type { LayerOutline } from "../../moments/accumulate/layerOutline.ts";
import type { Model } from "../../onnx/graph.ts";
import type { Measurement } from "../../probe/probe.ts";
import { Interrupted } from "../errors.ts";
import type { Observer, Watcher } from "../observer.ts";
import type { About } from "./analysisFolder.ts";
import type { AnalyzedInParts } from "./analyzeInParts.ts";
import type { AnalyzeOptions } from "./analyzeOptions.ts";
import type { Checkpoint, Series } from "./checkpointSteps.ts";
import { checkSameLayers, leaveOut, namesByOrder } from "./initialModel.ts";
import type { Kept } from "./keepAnalysis.ts";
import { measuredSnapshot, type Snapshots } from "./measuredSnapshots.ts";
import { SeriesRun } from "./seriesRun.ts";

/** A checkpoint's position in the series, as measures need it. */
export interface Place extends Checkpoint {
  /** Names of its layers that replace those of its graph. */
  readonly rename: ReadonlyMap<string, string> | undefined;
  readonly known: SnapshotOptions;
}

/** A model measured whole, or in parts of its layers. */
export type MeasuredModel =
  | (Counted & { readonly measured: Measurement })
  | (Counted & { readonly inParts: AnalyzedInParts; readonly layers: number });

interface Counted {
  /** Number of samples measured, and number planned. */
  readonly done: number;
  readonly planned: number;
}

/** A kept analysis and, if the user stopped it early, what it covers. */
export interface Analyzed {
  readonly kept: Kept;
  readonly stopped?: string;
}

export interface SeriesJob {
  readonly about: About;
  readonly startedAt: Date;
  /** @throws Error where the file is not such a model */
  open(path: string): Promise<Model>;
  outline(model: Model): Promise<readonly LayerOutline[]>;
  measure(model: Model, place: Place): Promise<MeasuredModel>;
}

/**
 * @returns what was kept and, if incomplete, why
 * @throws RangeError naming a checkpoint whose layers differ from those of the last, before anything is measured
 */
export async function analyzeSeries(
  { checkpoints }: Series,
  job: SeriesJob,
  options: AnalyzeOptions,
  { observer, signal }: Watcher,
): Promise<Analyzed> {
  let { about } = job;
  const names = await namesOf(checkpoints, job);
  const run = new SeriesRun(job.startedAt, options);
  for (const [i, checkpoint] of checkpoints.entries()) {
    if (signal.aborted) break;
    const known = run.known({ isLast: i === checkpoints.length - 1 });
    const measured = await job.measure(await job.open(checkpoint.path), { ...checkpoint, rename: names[i], known });
    // A checkpoint that was interrupted has fewer samples or layers than the earlier ones.
    if (i > 0 && signal.aborted && !isComplete(measured)) break;
    const found = await snapshotsOf(measured, known, options, observer);
    if (!isComplete(measured) && signal.aborted)
      about = { ...about, record: { ...about.record, plannedSamples: measured.planned } };
    run.add(found, about);
  }
  const done = run.snapshots.length;
  const isStopped = done < checkpoints.length;
  const kept = run.end(about, { isStopped });
  if (kept === undefined) throw new Interrupted("analyze: stopped before anything was measured");
  if (!isStopped) return { kept };
  const stopped = `analyze: stopped after ${done} of ${checkpoints.length} checkpoints; ${run.isSaved ? "these are kept" : "the output covers these"}`;
  return { kept, stopped };
}

/** Layer names for each checkpoint whose exporter named layers differently from the last. */
async function namesOf(
  checkpoints: readonly Checkpoint[],
  job: SeriesJob,
): Promise<(ReadonlyMap<string, string> | undefined)[]> {
  const last = { layers: await job.outline(await job.open(checkpoints.at(-1)!.path)) };
  const names: (ReadonlyMap<string, string> | undefined)[] = [];
  for (const { path } of checkpoints.slice(0, -1)) {
    const layers = { layers: await job.outline(await job.open(path)) };
    const rename = namesByOrder(last, layers);
    if (rename === undefined) checkSameLayers(`${path}, as in ${checkpoints.at(-1)!.path}`, last, layers, leaveOut);
    names.push(rename);
  }
  return [...names, undefined];
}

function isComplete(measured: MeasuredModel): boolean {
  const layers = "inParts" in measured ? measured.inParts.layers === measured.layers : true;
  return layers && measured.done >= measured.planned;
}

async function snapshotsOf(
  measured: MeasuredModel,
  known: SnapshotOptions,
  options: AnalyzeOptions,
  observer: Observer,
): Promise<Snapshots> {
  if ("inParts" in measured) return measured.inParts;
  const { total } = measured.measured;
  const result = await measuredSnapshot(total, { ...measured.measured, ...known, cost: options.cost }, observer);
  return { result, initial: undefined, total };
}
