/**
 * @file `crh analyze`: measures every linear map and attention head of somebody's trained model on given data, or of several checkpoints of
 * one model, and keeps what it found in a run folder.
 */
import { basename } from "node:path";
import { nodeEngineOn } from "../../engine/node.ts";
import type { Cost } from "../../measure/measured.ts";
import type { SnapshotOptions } from "../../measure/snapshot.ts";
import { type Objective, type OwnLoss, objective } from "../../objectives/objective.ts";
import type { Model } from "../../onnx/graph.ts";
import { chooseBatch } from "../../probe/batchSize.ts";
import type { Feeds } from "../../probe/feeds.ts";
import { inParts, isWhole, type LayerOutline } from "../../probe/parts.ts";
import { type Measurement, type MeasureOptions, Probe, type ProbeOptions } from "../../probe/probe.ts";
import { rowsNote } from "../../probe/sampledRows.ts";
import type { AnalysisRecord } from "../../runs/analysisRecord.ts";
import { type AnalysisData, analysisData } from "../analysisData.ts";
import { type About, checkSaving } from "../analysisFolder.ts";
import { type AnalyzedInParts, analyzeInParts, type Pass } from "../analyzeInParts.ts";
import { analyzeSeries } from "../analyzeSeries.ts";
import { checkpointSteps, fileNames, seriesTitle } from "../checkpointSteps.ts";
import type { AnalyzeOptions } from "../commandOptions.ts";
import { checkDevice } from "../devices.ts";
import { Interrupted, UsageError } from "../errors.ts";
import { checkpointModel, checkSameLayers, initialModel, namesByOrder, preparedModel } from "../initialModel.ts";
import type { Io } from "../io.ts";
import { layerSelection } from "../layerSelection.ts";
import { evaluationForm, modelEnd, samplesFirst } from "../modelEnd.ts";
import { checkOutputs } from "../outputFiles.ts";
import { measuredSnapshots, showAnalysis } from "../presentAnalysis.ts";
import { Progress } from "../progress.ts";
import { partBytes } from "../snapshotInParts.ts";

/** chosen: two threads measure wide layers in nearly half the time and leave a laptop usable. */
const THREADS = 2;

/** chosen: exact for up to 16 outputs; random directions of more have an error of a quarter of the trace at most. */
const OUTPUT_PASSES = 16;

export async function analyzeCommand(paths: readonly string[], options: AnalyzeOptions, io: Io): Promise<void> {
  const loss = chosenLoss(options);
  await checkDevice(options.device, "analyze");
  checkOutputs([options.out, options.moments], [...paths, options.initial, options.targets, ...options.inputs]);
  checkSaving(options);
  const course = { startedAt: new Date(), signal: io.interruption() };
  if (paths.length > 1) await analyzeCheckpoints(paths, loss, course, options, io);
  else await analyzeModel(paths[0]!, loss, course, options, io);
}

interface Begun {
  readonly startedAt: Date;
  /** Aborted when the user stops the command. */
  readonly signal: AbortSignal;
}

/** A model file in the form that is measured. */
interface Opened {
  readonly model: Model;
  readonly read: Model;
  /** What was done to it. */
  readonly notes: readonly string[];
}

function opened(read: Model, loss: Objective | OwnLoss, options: AnalyzeOptions): Opened {
  const used = evaluationForm(read, { asExported: options.asExported === true, seed: options.sampleSeed });
  const turned = samplesFirst(used.model);
  const end = modelEnd(turned.model, loss, options.output);
  return { model: end.model, read: used.model, notes: [...used.notes, ...turned.notes, ...end.notes] };
}

function sayNotes(notes: readonly string[], { quiet }: AnalyzeOptions, io: Io): void {
  if (quiet !== true) for (const note of notes) io.stderr.write(`crh: ${note}\n`);
}

async function analyzeModel(
  path: string,
  loss: Objective | OwnLoss,
  { startedAt, signal }: Begun,
  options: AnalyzeOptions,
  io: Io,
): Promise<void> {
  const { model, read, notes } = opened(await preparedModel(path), loss, options);
  sayNotes(notes, options, io);
  const initial = options.initial && opened(await initialModel(options.initial, read), loss, options).model;
  const arrays = analysisData(model, loss, options);
  const data = { ...arrays, steps: [...notes, ...arrays.steps] };
  const probeOptions = chosenMaps(loss, options);
  const found = await measureModels(
    { path, model, initial: initial || undefined, data, probeOptions, signal },
    options,
    io,
  );
  const { done } = found;
  const snapshots =
    "inParts" in found
      ? found.inParts
      : await measuredSnapshots(
          found.measured.total,
          { ...found.measured, ...(found.before && { before: found.before }) },
          options,
          io,
        );
  const before = snapshots.initial !== undefined;
  const models = [{ file: basename(path), step: 0 }];
  const isShort = "inParts" in found && found.inParts.layers < found.layers;
  const isStopped = (signal.aborted && done < data.n) || isShort || (initial !== undefined && !before);
  const about = describe([path], options, data, { done, before, models });
  await showAnalysis(snapshots, about, { startedAt, isStopped }, options, io);
  if (signal.aborted && done < data.n)
    throw new Interrupted(`analyze: stopped after ${done} of ${data.n} samples; what is printed covers those`);
  if (isShort)
    throw new Interrupted(
      `analyze: stopped after ${found.inParts.layers} of ${found.layers} layers; what is printed covers those`,
    );
  if (initial && !before)
    throw new Interrupted("analyze: stopped before the values before training were measured; they are left out");
}

/** Several checkpoints, on the data that fit the last of them. */
async function analyzeCheckpoints(
  paths: readonly string[],
  loss: Objective | OwnLoss,
  { startedAt, signal }: Begun,
  options: AnalyzeOptions,
  io: Io,
): Promise<void> {
  if (options.initial !== undefined)
    throw new UsageError(
      "crh analyze: expected --initial with one model, got several, of which the first stands for the start; name it as the first of them",
    );
  const series = checkpointSteps(paths);
  const last = series.checkpoints.at(-1)!;
  const { model, read, notes } = opened(await preparedModel(last.path), loss, options);
  sayNotes([series.stepsFrom, ...notes], options, io);
  const arrays = analysisData(model, loss, options);
  const data = { ...arrays, steps: [series.stepsFrom, ...notes, ...arrays.steps] };
  const probeOptions = chosenMaps(loss, options);
  const files = fileNames(series.checkpoints.map(({ path }) => path));
  const models = series.checkpoints.map(({ step }, i) => ({ file: files[i]!, step }));
  const given = { model, data, probeOptions, signal };
  await analyzeSeries(
    series,
    {
      about: { ...describe(paths, options, data, { done: data.n, before: false, models }) },
      ...{ startedAt, signal, samples: data.n },
      open: async (path) =>
        path === last.path ? model : opened(await checkpointModel(path, read), loss, options).model,
      outline: (of) => outlineOf(of, given, options),
      measure: (of, more) => measureModels({ ...given, ...more, model: of, initial: undefined }, options, io),
    },
    options,
    io,
  );
}

/** The layers of a model on the first samples. */
async function outlineOf(
  model: Model,
  { data, probeOptions }: { readonly data: AnalysisData; readonly probeOptions: ProbeOptions },
  options: AnalyzeOptions,
): Promise<readonly LayerOutline[]> {
  const engine = nodeEngineOn(options.device);
  const probe = new Probe(engine, model, probeOptions);
  try {
    const declared = model.graph.inputs[0]?.shape?.[0];
    return await probe.outline(data.take(0, Math.min(data.n, typeof declared === "number" ? declared : 2)));
  } finally {
    await probe.dispose();
  }
}

/** A model that was measured whole. */
interface Whole {
  readonly measured: Measurement;
  readonly before: Measurement | undefined;
  /** Samples. */
  readonly done: number;
}

interface InParts {
  readonly inParts: AnalyzedInParts;
  /** Samples, and layers in all. */
  readonly done: number;
  readonly layers: number;
}

/** The model, then, unless the user stops it, the model before training over the same batches. */
async function measureModels(
  given: {
    readonly path: string;
    readonly model: Model;
    readonly initial: Model | undefined;
    readonly data: AnalysisData;
    readonly probeOptions: ProbeOptions;
    readonly signal: AbortSignal;
    /** Of a checkpoint: its step, names for its layers, and the first of the series. */
    readonly step?: number;
    readonly rename?: ReadonlyMap<string, string> | undefined;
    readonly known?: SnapshotOptions;
  },
  options: AnalyzeOptions,
  io: Io,
): Promise<Whole | InParts> {
  const { path, model, initial, data, signal, step, rename: names, known } = given;
  const probeOptions = names ? { ...given.probeOptions, rename: names } : given.probeOptions;
  const label = step === undefined ? "analyze" : `step ${step}`;
  const progress = new Progress(io, label, initial ? 2 * data.n : data.n, {
    unit: "samples",
    quiet: options.json === true || options.quiet === true,
  });
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
    const rest = data.n - wholeBatches(model, data.n, batch);
    if (rest > 0)
      progress.say(
        `the last ${rest === 1 ? "sample fills" : `${rest} samples fill`} no batch of ${batch}, the only size that the model takes: not measured`,
      );
    const batches = (onTaken?: (samples: number) => void) => batchesOf(model, data, batch, onTaken);
    const measuring: MeasureOptions = {
      ...(step === undefined ? {} : { step }),
      source: `${basename(path)} on ${options.inputs.map((file) => basename(file)).join(", ")}`,
      signal,
      batches: Math.ceil(data.n / batch),
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
    // What fits in the least part is measured as a whole, in one go with its total; the rest in parts as large as this machine allows.
    if (!isWhole(network)) {
      const parts = inParts(network, partBytes(), measuring.batches!);
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
            onBatch: () => onShare(samples / data.n),
          });
        };
      const passes = { pass: inPart(probe), before: earlier && inPart(earlier) };
      const found = await analyzeInParts(parts, passes, options, { io, signal, known });
      return { inParts: found, done: taken, layers: network.length };
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
    const before = earlier && !signal.aborted ? await pass(earlier, done) : undefined;
    return { measured, before: signal.aborted ? undefined : before, done };
  } finally {
    progress.end(false);
    await probe.dispose();
    await earlier?.dispose();
  }
}

function chosenLoss({ loss, lossOutput }: AnalyzeOptions): Objective | OwnLoss {
  if (lossOutput !== undefined && loss !== undefined)
    throw new UsageError("crh analyze: expected --loss or --loss-output, got both; leave one out");
  if (lossOutput !== undefined) return { name: `output ${lossOutput}`, lossOutput };
  if (loss === undefined)
    throw new UsageError(
      "crh analyze: expected --loss NAME (or --loss-output NAME), got none; crh analyze --help lists the losses",
    );
  return objective(loss);
}

function chosenMaps(
  loss: Objective | OwnLoss,
  { layers, limit, beyond, positions, sampleSeed, cost, threads }: AnalyzeOptions,
): ProbeOptions {
  return {
    objective: loss,
    threads: threads ?? THREADS,
    cross: cost === "full",
    pairs: WIDEST_PAIRS[cost],
    nearestMean: cost !== "economy",
    outputPasses: cost === "full" ? OUTPUT_PASSES : 0,
    ...(layers === undefined ? {} : { select: layerSelection(layers) }),
    sampleSeed,
    ...(limit === undefined ? {} : { largest: limit, beyond }),
    ...(positions === undefined ? {} : { positions }),
  };
}

/** chosen: values that two maps share up to which the noise of their pair is summed, by cost. */
const WIDEST_PAIRS: Readonly<Record<Cost, number>> = { economy: 0, standard: 1024, full: Number.POSITIVE_INFINITY };

/** Batches of `size`; for a model that takes no other size, a rest that does not fill one is left out. */
function* batchesOf(
  model: Model,
  { n, take }: AnalysisData,
  size: number,
  onTaken: (samples: number) => void = () => {},
): Generator<Feeds> {
  const whole = wholeBatches(model, n, size);
  for (let from = 0; from < whole; from += size) {
    const to = Math.min(whole, from + size);
    onTaken(to);
    yield take(from, to);
  }
}

/** Samples that are measured: those of whole batches for a model of one size, else all. */
function wholeBatches(model: Model, n: number, size: number): number {
  const declared = model.graph.inputs[0]?.shape?.[0];
  return declared === size && n >= size ? Math.floor(n / size) * size : n;
}

/** @param how.before whether the model before training was measured */
function describe(
  paths: readonly string[],
  options: AnalyzeOptions,
  data: AnalysisData,
  how: { done: number; before: boolean; models: AnalysisRecord["models"] },
): About {
  const { inputs, targets, initial, sampleSeed } = options;
  const { done, before, models } = how;
  return {
    kind: "analyze",
    config: { models: models.map(({ file }) => file), ...counting(options) },
    notes: [...data.steps, ...(options.positions === undefined ? [] : [rowsNote(options.positions)])],
    record: {
      title: seriesTitle(models.map(({ file }) => file)),
      models,
      ...(initial !== undefined && before ? { initial: basename(initial) } : {}),
      inputs: inputs.map((file) => basename(file)),
      ...(targets === undefined ? {} : { targets: [basename(targets)] }),
      ...(done < data.n ? { plannedSamples: data.n } : {}),
    },
    argv: commandLine(paths, options),
    seed: sampleSeed,
  };
}

/** Options on which no number depends. */
const UNSAID: ReadonlySet<string> = new Set(["json", "quiet", "save", "runs", "open"]);

/** Those on which numbers depend. */
function counting({ out: _, moments: __, ...options }: AnalyzeOptions): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([key]) => !UNSAID.has(key)));
}

/** The command that makes this measurement again. */
function commandLine(paths: readonly string[], options: AnalyzeOptions): string[] {
  const words = ["analyze", ...paths];
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === false || UNSAID.has(key)) continue;
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    for (const one of Array.isArray(value) && key !== "normalize" ? value : [value])
      words.push(flag, ...(one === true ? [] : [one].flat().map(String)));
  }
  return words;
}
