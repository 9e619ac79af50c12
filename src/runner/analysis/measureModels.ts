/**
 * @file Measures a model with the probe, all layers at once or part by part, and the model before training over the
 * same batches.
 */
import { basename } from "node:path";
import type { Engine } from "../../engine/engine.ts";
import { nodeEngineOn } from "../../engineNode/nodeEngine.ts";
import type { SnapshotOptions } from "../../measure/snapshot.ts";
import type { LayerOutline } from "../../moments/accumulate/layerOutline.ts";
import type { Model } from "../../onnx/graph.ts";
import { chooseBatch, declaredBatch } from "../../probe/batchSize.ts";
import type { Feeds } from "../../probe/feeds.ts";
import { TargetMismatch } from "../../probe/nodes/lossGraph.ts";
import { findNotFinite } from "../../probe/notFinite.ts";
import { inParts, isWhole } from "../../probe/parts.ts";
import { type Measurement, type MeasureOptions, Probe } from "../../probe/probe.ts";
import type { ProbeOptions } from "../../probe/probeOptions.ts";
import { partBytes } from "../../workers/snapshotInParts.ts";
import type { Progress, Watcher } from "../observer.ts";
import type { AnalysisData } from "./analysisData.ts";
import { type AnalyzedInParts, analyzeInParts, type Pass } from "./analyzeInParts.ts";
import type { AnalyzeOptions } from "./analyzeOptions.ts";
import { checkSameLayers, namesByOrder } from "./initialModel.ts";
import { withoutFolder } from "./inputWords.ts";

/** chosen: memory for sums at cost "economy", so that an analysis stays within 4 GB. */
const ECONOMY_BYTES = 2 ** 30;

/** The layers of a model, from the first samples. */
export async function outlineOf(
  model: Model,
  { data, probeOptions }: { readonly data: AnalysisData; readonly probeOptions: ProbeOptions },
  options: AnalyzeOptions,
): Promise<readonly LayerOutline[]> {
  const engine = nodeEngineOn(options.device);
  const probe = new Probe(engine, model, probeOptions);
  try {
    return await probe.outline(data.take(0, Math.min(data.n, declaredBatch(model, data.same) ?? 2)));
  } catch (error) {
    throw ofAllSamples(error, data);
  } finally {
    await probe.dispose();
  }
}

/** Notes and findings. */
interface Found {
  /** Number of samples measured, and number planned. */
  readonly done: number;
  readonly planned: number;
  readonly notes: readonly string[];
}

interface Whole extends Found {
  readonly measured: Measurement;
  readonly before: Measurement | undefined;
}

interface InParts extends Found {
  readonly inParts: AnalyzedInParts;
  /** Number of layers. */
  readonly layers: number;
}

/** What is to be measured. */
interface Given {
  readonly path: string;
  readonly model: Model;
  readonly initial: Model | undefined;
  readonly data: AnalysisData;
  readonly probeOptions: ProbeOptions;
  /** For a checkpoint: its step, names for its layers, and the first of the series. */
  readonly step?: number;
  readonly rename?: ReadonlyMap<string, string> | undefined;
  readonly known?: SnapshotOptions;
}

/** Measures the model and then, unless the user stops it, the model before training over the same batches. */
export async function measureModels(given: Given, options: AnalyzeOptions, watcher: Watcher): Promise<Whole | InParts> {
  const { path, model, initial, data, step, rename } = given;
  const { observer, signal } = watcher;
  const probeOptions = rename ? { ...given.probeOptions, rename } : given.probeOptions;
  const label = step === undefined ? "analyze" : `step ${step}`;
  const progress = observer.progress(label, initial ? 2 * data.n : data.n, { unit: "samples" });
  const engine = nodeEngineOn(options.device);
  const probe = new Probe(engine, model, probeOptions);
  let earlier: Probe | undefined;
  try {
    progress.activity("preparing");
    const first = (count: number) => data.take(0, count);
    const batch = await chooseBatch(engine, model, probeOptions, first, data.n, options.batch);
    const planned = wholeBatches(model, data, batch);
    const notes = notesOnRest(data.n - planned, batch);
    for (const note of notes) observer.note(note);
    const batches: Batches = (onTaken) => batchesOf(data, planned, batch, onTaken);
    const [sample] = batches();
    if (sample === undefined) throw new RangeError("analyze: expected at least one batch of data, got none");
    const network = await probe.outline(sample);
    if (initial) earlier = await probeBefore(engine, initial, { probeOptions, network, sample, progress }, options);
    const measuring: MeasureOptions = {
      ...(step !== undefined && { step }),
      source: `${basename(path)} on ${options.inputs.map(withoutFolder).join(", ")}`,
      signal,
      batches: Math.ceil(planned / batch),
    };
    // A network that fits in the smallest part is measured as a whole; others in parts as large as this machine allows.
    const room = options.cost === "economy" ? ECONOMY_BYTES : undefined;
    const means = { probe, earlier, batches, measuring, planned, network, progress };
    const found = isWhole(network, room)
      ? await measuredWhole(means, signal)
      : await measuredInParts(means, room, { given, options, watcher });
    const loss = "measured" in found ? found.measured.loss : found.inParts.result.loss.mean;
    if (loss === null || !Number.isFinite(loss)) {
      const note = await notFiniteNote(engine, model, probeOptions, batches());
      notes.push(note);
      observer.note(note);
    }
    return { ...found, planned, notes };
  } catch (error) {
    throw ofAllSamples(error, data);
  } finally {
    progress.end(false);
    await probe.dispose();
    await earlier?.dispose();
  }
}

/** An iterator over the batches from the first sample on; a new one each time. */
type Batches = (onTaken?: (samples: number) => void) => Generator<Feeds>;

interface Means {
  readonly probe: Probe;
  readonly earlier: Probe | undefined;
  readonly batches: Batches;
  readonly measuring: MeasureOptions;
  /** Number of samples to measure. */
  readonly planned: number;
  readonly network: readonly LayerOutline[];
  readonly progress: Progress;
}

/** The probe of the model before training, with the layer names of the model. */
async function probeBefore(
  engine: Engine,
  initial: Model,
  model: Pick<Means, "network" | "progress"> & { readonly probeOptions: ProbeOptions; readonly sample: Feeds },
  options: AnalyzeOptions,
): Promise<Probe> {
  const { pairs: _, ...withoutPairs } = model.probeOptions;
  const probeOptions = { ...withoutPairs, cross: false, outputPasses: 0 };
  const probe = new Probe(engine, initial, probeOptions);
  let isKept = false;
  try {
    const [layers, before] = [model.network, await probe.outline(model.sample)];
    const rename = options.layers === undefined ? namesByOrder({ layers }, { layers: before }) : undefined;
    if (rename !== undefined) {
      model.progress.say("layers of --initial have other names; they are matched by order, since their shapes agree");
      return new Probe(engine, initial, { ...probeOptions, rename });
    }
    checkSameLayers(`--initial ${basename(options.initial!)}`, { layers }, { layers: before });
    isKept = true;
    return probe;
  } finally {
    if (!isKept) await probe.dispose();
  }
}

async function measuredWhole(means: Means, signal: AbortSignal): Promise<Omit<Whole, "planned" | "notes">> {
  const { probe, earlier, batches, measuring, progress } = means;
  let taken = 0;
  const pass = (of: Probe, from: number) =>
    of.measure(
      batches((samples) => {
        taken = from + samples;
      }),
      { ...measuring, onBatch: () => progress.update(taken) },
    );
  const measured = await pass(probe, 0);
  const done = taken;
  const before = earlier && !signal.aborted ? await pass(earlier, done) : undefined;
  return { measured, before: signal.aborted ? undefined : before, done };
}

async function measuredInParts(
  { probe, earlier, batches, measuring, planned, network, progress }: Means,
  room: number | undefined,
  { given, options, watcher }: { given: Given; options: AnalyzeOptions; watcher: Watcher },
): Promise<Omit<InParts, "planned" | "notes">> {
  const parts = inParts(network, room ?? partBytes(), measuring.batches!);
  progress.end(false);
  let done = 0;
  const pass =
    (of: Probe): Pass =>
    (layers, onShare) => {
      let samples = 0;
      const counted = batches((count) => {
        samples = count;
        done = Math.max(done, count);
      });
      return of.measureSums(counted, { ...measuring, layers, onBatch: () => onShare(samples / planned) });
    };
  const passes = { pass: pass(probe), before: earlier && pass(earlier) };
  const found = await analyzeInParts(parts, passes, options, { ...watcher, known: given.known });
  return { inParts: found, done, layers: network.length };
}

/** The note on samples that do not fill a batch of a model with fixed batch size. */
function notesOnRest(rest: number, batch: number): string[] {
  if (rest === 0) return [];
  const are = rest === 1 ? "sample fills" : `${rest} samples fill`;
  return [`The last ${are} no batch of ${batch}, the only size that the model takes: not measured.`];
}

/** Rewrites an error about a batch's targets in terms of the file's. */
function ofAllSamples(error: unknown, { n }: AnalysisData): unknown {
  return error instanceof TargetMismatch ? new RangeError(error.ofAll(n), { cause: error }) : error;
}

/** The source of a non-finite loss. */
async function notFiniteNote(
  engine: Engine,
  model: Model,
  options: ProbeOptions,
  batches: Iterable<Feeds>,
): Promise<string> {
  let before = 0;
  for (const feeds of batches) {
    const found = await findNotFinite(engine, model, options, feeds);
    if (found !== undefined)
      return `The loss is not finite: that of sample ${before + found.sample} (from 0) is the first, where ${found.where} is the first value that is not: ${found.kind}.`;
    before += Object.entries(feeds).find(([name]) => options.same?.has(name) !== true)?.[1].shape[0] ?? 1;
  }
  return "The loss is not finite: the loss of every sample is finite, but their sum exceeds float32.";
}

/** Batches of `size` of the first n samples. */
function* batchesOf(
  { take }: AnalysisData,
  n: number,
  size: number,
  onTaken: (samples: number) => void = () => {},
): Generator<Feeds> {
  for (let from = 0; from < n; from += size) {
    const to = Math.min(n, from + size);
    onTaken(to);
    yield take(from, to);
  }
}

/** Number of samples measured: those in complete batches for a model with fixed batch size, else all. */
function wholeBatches(model: Model, { n, same }: AnalysisData, size: number): number {
  return declaredBatch(model, same) === size && n >= size ? Math.floor(n / size) * size : n;
}
