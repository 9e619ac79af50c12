/**
 * @file A model streamed through the probe, whole or a part of its layers at a time, and the model before training over
 * the same batches.
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
import type { Watcher } from "../observer.ts";
import type { AnalysisData } from "./analysisData.ts";
import { type AnalyzedInParts, analyzeInParts, type Pass } from "./analyzeInParts.ts";
import type { AnalyzeOptions } from "./analyzeOptions.ts";
import { checkSameLayers, namesByOrder } from "./initialModel.ts";
import { withoutFolder } from "./inputWords.ts";

/** chosen: memory of sums at cost "economy", so that an analysis with its passes and measures stays within 4 GB. */
const ECONOMY_BYTES = 2 ** 30;

/** The layers of a model on the first samples. */
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

/** What was said and found on the way. */
interface Found {
  /** Samples that were measured, and those that were to be. */
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
  /** Layers in all. */
  readonly layers: number;
}

/** The model, then, unless the user stops it, the model before training over the same batches. */
export async function measureModels(
  given: {
    readonly path: string;
    readonly model: Model;
    readonly initial: Model | undefined;
    readonly data: AnalysisData;
    readonly probeOptions: ProbeOptions;
    /** Of a checkpoint: its step, names for its layers, and the first of the series. */
    readonly step?: number;
    readonly rename?: ReadonlyMap<string, string> | undefined;
    readonly known?: SnapshotOptions;
  },
  options: AnalyzeOptions,
  { observer, signal }: Watcher,
): Promise<Whole | InParts> {
  const { path, model, initial, data, step, rename: names, known } = given;
  const say = (note: string) => observer.note(note);
  const notes: string[] = [];
  const probeOptions = names ? { ...given.probeOptions, rename: names } : given.probeOptions;
  const label = step === undefined ? "analyze" : `step ${step}`;
  const progress = observer.progress(label, initial ? 2 * data.n : data.n, { unit: "samples" });
  const engine = nodeEngineOn(options.device);
  const probe = new Probe(engine, model, probeOptions);
  const { pairs: _, ...withoutPairs } = probeOptions;
  const optionsBefore = { ...withoutPairs, cross: false, outputPasses: 0 };
  let earlier = initial && new Probe(engine, initial, optionsBefore);
  let taken = 0;
  try {
    progress.activity("preparing");
    const first = (count: number) => data.take(0, count);
    const batch = await chooseBatch(engine, model, probeOptions, first, data.n, options.batch);
    const planned = wholeBatches(model, data, batch);
    const rest = data.n - planned;
    if (rest > 0) {
      const are = rest === 1 ? "sample fills" : `${rest} samples fill`;
      notes.push(`The last ${are} no batch of ${batch}, the only size that the model takes: not measured.`);
      notes.forEach(say);
    }
    const batches = (onTaken?: (samples: number) => void) => batchesOf(data, planned, batch, onTaken);
    const measuring: MeasureOptions = {
      ...(step === undefined ? {} : { step }),
      source: `${basename(path)} on ${options.inputs.map(withoutFolder).join(", ")}`,
      signal,
      batches: Math.ceil(planned / batch),
    };
    const [sample] = batches();
    if (sample === undefined) throw new RangeError("analyze: expected at least one batch of data, got none");
    const network = await probe.outline(sample);
    if (earlier) {
      const found = await earlier.outline(sample);
      const rename = options.layers === undefined ? namesByOrder({ layers: network }, { layers: found }) : undefined;
      if (rename === undefined)
        checkSameLayers(`--initial ${basename(options.initial!)}`, { layers: network }, { layers: found });
      else {
        progress.say("layers of --initial have other names, and are taken in their order: their shapes agree");
        await earlier.dispose();
        earlier = new Probe(engine, initial!, { ...optionsBefore, rename });
      }
    }
    const sayWhere = async () => {
      const note = await notFiniteNote(engine, model, probeOptions, batches());
      notes.push(note);
      say(note);
    };
    // What fits in the least part is measured as a whole, in one go with its total; the rest in parts, as large as this
    // machine allows.
    const room = options.cost === "economy" ? ECONOMY_BYTES : undefined;
    if (!isWhole(network, room)) {
      const parts = inParts(network, room ?? partBytes(), measuring.batches!);
      progress.end(false);
      const inPart =
        (of: Probe): Pass =>
        (layers, onShare) => {
          let samples = 0;
          const counted = batches((count) => {
            samples = count;
            taken = Math.max(taken, count);
          });
          return of.measureSums(counted, {
            ...measuring,
            layers,
            onBatch: () => onShare(samples / planned),
          });
        };
      const passes = { pass: inPart(probe), before: earlier && inPart(earlier) };
      const found = await analyzeInParts(parts, passes, options, { observer, signal, known });
      if (found.result.loss.mean === null) await sayWhere();
      return { inParts: found, done: taken, planned, notes, layers: network.length };
    }
    const pass = (of: Probe, from: number) =>
      of.measure(
        batches((samples) => {
          taken = from + samples;
        }),
        { ...measuring, onBatch: () => progress.update(taken) },
      );
    const measured = await pass(probe, 0);
    const done = taken;
    if (!Number.isFinite(measured.loss)) await sayWhere();
    const before = earlier && !signal.aborted ? await pass(earlier, done) : undefined;
    return { measured, before: signal.aborted ? undefined : before, done, planned, notes };
  } catch (error) {
    throw ofAllSamples(error, data);
  } finally {
    progress.end(false);
    await probe.dispose();
    await earlier?.dispose();
  }
}

/** An error on the targets of a batch in terms of the file's. */
function ofAllSamples(error: unknown, { n }: AnalysisData): unknown {
  return error instanceof TargetMismatch ? new RangeError(error.ofAll(n), { cause: error }) : error;
}

/** Where a loss that is not finite comes from. */
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
  return "The loss is not finite: that of every sample is, but their sum leaves float32.";
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

/** Samples that are measured: those of whole batches for a model of one size, else all. */
function wholeBatches(model: Model, { n, same }: AnalysisData, size: number): number {
  return declaredBatch(model, same) === size && n >= size ? Math.floor(n / size) * size : n;
}
