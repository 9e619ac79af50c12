/**
 * @file `crh analyze`: measures every linear map and attention head of somebody's trained model on given data, or of several checkpoints of
 * one model, and keeps what it found in a run folder.
 */
import { basename } from "node:path";
import type { Engine } from "../../engine/engine.ts";
import { nodeEngineOn } from "../../engineNode/nodeEngine.ts";
import type { Cost } from "../../measure/measured.ts";
import type { SnapshotOptions } from "../../measure/snapshot.ts";
import type { Objective, OwnLoss } from "../../objectives/objective.ts";
import type { Model } from "../../onnx/graph.ts";
import { closest } from "../../parameters/suggest.ts";
import { chooseBatch, declaredBatch } from "../../probe/batchSize.ts";
import type { Feeds } from "../../probe/feeds.ts";
import { TargetMismatch } from "../../probe/lossGraph.ts";
import { findNotFinite } from "../../probe/notFinite.ts";
import { inParts, isWhole, type LayerOutline } from "../../probe/parts.ts";
import { type Measurement, type MeasureOptions, NoneAskedFor, Probe, type ProbeOptions } from "../../probe/probe.ts";
import { rowsNote } from "../../probe/sampledRows.ts";
import type { AnalysisRecord } from "../../runs/analysisRecord.ts";
import { type AnalysisData, analysisData } from "../analysisData.ts";
import { type About, checkSaving } from "../analysisFolder.ts";
import { type AnalyzedInParts, analyzeInParts, type Pass } from "../analyzeInParts.ts";
import { analyzeSeries } from "../analyzeSeries.ts";
import { checkpointSteps, fileNames, seriesTitle } from "../checkpointSteps.ts";
import { type ChosenLoss, chosenLoss } from "../chosenLoss.ts";
import type { AnalyzeOptions } from "../commandOptions.ts";
import { checkDevice } from "../devices.ts";
import { Interrupted, UsageError } from "../errors.ts";
import { checkpointModel, checkSameLayers, initialModel, namesByOrder, preparedModel } from "../initialModel.ts";
import { filesOf, type InputWord, inputWords } from "../inputWords.ts";
import type { Io } from "../io.ts";
import { layerSelection } from "../layerSelection.ts";
import { checkGiven } from "../missingWords.ts";
import { measuredForm } from "../modelEnd.ts";
import { type OpenedInputs, openInputs } from "../openedInputs.ts";
import { checkOutputs } from "../outputFiles.ts";
import { measuredSnapshots, showAnalysis } from "../presentAnalysis.ts";
import { Progress } from "../progress.ts";
import { partBytes } from "../snapshotInParts.ts";
import { printable } from "../table.ts";

/** chosen: two threads measure wide layers in nearly half the time and leave a laptop usable. */
const THREADS = 2;

/** chosen: exact for up to 16 outputs; random directions of more have an error of a quarter of the trace at most. */
const OUTPUT_PASSES = 16;

export async function analyzeCommand(given: readonly string[], asked: AnalyzeOptions, io: Io): Promise<void> {
  const { paths, options } = withModels(given, asked);
  const loss = chosenLoss(options);
  await checkDevice(options.device, "analyze");
  checkOutputs(
    [options.out, options.moments],
    [...paths, options.initial, options.targets, ...filesOf(options.inputs)],
  );
  checkSaving(options);
  const begun = { startedAt: new Date(), signal: io.interruption() };
  await (paths.length > 1 ? analyzeCheckpoints : analyzeModel)(paths, loss, begun, options, io).catch(
    (error: unknown) => {
      if (error instanceof NoneAskedFor && options.layers) throw new UsageError(noneOf(options.layers, error.layers));
      throw error;
    },
  );
}

interface Begun {
  readonly startedAt: Date;
  /** Aborted when the user stops the command. */
  readonly signal: AbortSignal;
}

/** A model and its data, in the form that is measured. */
interface Opened {
  /** As it was read. */
  readonly whole: Model;
  readonly model: Model;
  readonly data: AnalysisData;
  readonly probeOptions: ProbeOptions;
  /** Another file of the same model in that form. */
  form(model: Model): Model;
  say(note: string): void;
}

/** @param notes to say before those on the model */
async function opened(
  path: string,
  loss: ChosenLoss | undefined,
  options: AnalyzeOptions,
  { io, notes: first = [] }: { readonly io: Io; readonly notes?: readonly string[] },
): Promise<Opened> {
  const whole = await preparedModel(path);
  const inputs = openInputs(
    whole,
    inputWords(
      options.inputs,
      whole.graph.inputs.map(({ name }) => name),
    ),
  );
  checkGiven(path, whole, { opened: inputs, loss }, options);
  const form = (model: Model) =>
    measuredForm(model, {
      ...{ words: wordsOf(inputs), loss: loss!.objective, output: options.output },
      ...{ asExported: options.asExported === true, seed: options.sampleSeed },
    });
  const { model, notes } = form(whole);
  const arrays = analysisData(model, loss!, inputs, options);
  const say = (note: string) => {
    if (options.quiet !== true) io.stderr.write(`crh: ${printable(note)}\n`);
  };
  const data = { ...arrays, steps: [...first, ...notes, ...arrays.steps] };
  data.steps.forEach(say);
  const probeOptions = { ...chosenMaps(loss!.objective, options, data.n), same: data.same };
  return { whole, model, data, probeOptions, form: (of) => form(of).model, say };
}

async function analyzeModel(
  [path]: readonly string[],
  loss: ChosenLoss | undefined,
  { startedAt, signal }: Begun,
  options: AnalyzeOptions,
  io: Io,
): Promise<void> {
  const { whole, model, data, probeOptions, form, say } = await opened(path!, loss, options, { io });
  const initial = options.initial === undefined ? undefined : form(await initialModel(options.initial, whole));
  const found = await measureModels({ path: path!, model, initial, data, probeOptions, signal, say }, options, io);
  const { done, planned } = found;
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
  const models = [{ file: basename(path!), step: 0 }];
  const isShort = "inParts" in found && found.inParts.layers < found.layers;
  const isStopped = (signal.aborted && done < planned) || isShort || (initial !== undefined && !before);
  const known = { ...data, steps: [...data.steps, ...found.notes] };
  const about = describe([path!], options, known, { done, before, models });
  await showAnalysis(snapshots, about, { startedAt, isStopped }, options, io);
  if (signal.aborted && done < planned)
    throw new Interrupted(`crh analyze: stopped after ${done} of ${planned} samples; what is printed covers those`);
  if (isShort)
    throw new Interrupted(
      `crh analyze: stopped after ${found.inParts.layers} of ${found.layers} layers; what is printed covers those`,
    );
  if (initial && !before)
    throw new Interrupted("crh analyze: stopped before the values before training were measured; they are left out");
}

/** Several checkpoints, on the data that fit the last of them. */
async function analyzeCheckpoints(
  paths: readonly string[],
  loss: ChosenLoss | undefined,
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
  const { whole, model, data, probeOptions, form, say } = await opened(last.path, loss, options, {
    io,
    notes: [series.stepsFrom],
  });
  const files = fileNames(series.checkpoints.map(({ path }) => path));
  const models = series.checkpoints.map(({ step }, i) => ({ file: files[i]!, step }));
  const { keepRowsOf: _, ...ofSums } = probeOptions; // the change since the model before is of sums
  const given = { data, probeOptions: ofSums, signal, say };
  await analyzeSeries(
    series,
    {
      about: { ...describe(paths, options, data, { done: data.n, before: false, models }) },
      ...{ startedAt, signal },
      open: async (path) => (path === last.path ? model : form(await checkpointModel(path, whole))),
      outline: (of) => outlineOf(of, given, options),
      measure: (of, place) => measureModels({ ...given, ...place, model: of, initial: undefined }, options, io),
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
    return await probe.outline(data.take(0, Math.min(data.n, declaredBatch(model, data.same) ?? 2)));
  } catch (error) {
    throw ofAllSamples(error, data);
  } finally {
    await probe.dispose();
  }
}

/**
 * The files of the model, also where an option that takes several words has taken one.
 *
 * @throws UsageError where there is none
 */
function withModels(
  paths: readonly string[],
  asked: AnalyzeOptions,
): { paths: readonly string[]; options: AnalyzeOptions } {
  const options = { ...asked, inputs: asked.inputs ?? [] };
  if (paths.length > 0) return { paths, options };
  for (const key of ["inputs", "layers", "normalize"] as const) {
    const words = options[key];
    const last = words?.at(-1);
    if (words === undefined || last === undefined || !/^[^=]*\.onnx$/i.test(last)) continue;
    return { paths: [last], options: { ...options, [key]: words.slice(0, -1) } };
  }
  throw new UsageError(
    "crh analyze: expected the file of a model, got none; crh analyze model.onnx --inputs x.npy --targets y.npy --loss mse is an example",
  );
}

/** Each with the name of its input. */
function wordsOf({ arrays, numbers }: OpenedInputs): InputWord[] {
  return [...arrays.map(({ name, word }) => ({ ...word, name })), ...numbers];
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
async function measureModels(
  given: {
    readonly path: string;
    readonly model: Model;
    readonly initial: Model | undefined;
    readonly data: AnalysisData;
    readonly probeOptions: ProbeOptions;
    readonly signal: AbortSignal;
    readonly say: (note: string) => void;
    /** Of a checkpoint: its step, names for its layers, and the first of the series. */
    readonly step?: number;
    readonly rename?: ReadonlyMap<string, string> | undefined;
    readonly known?: SnapshotOptions;
  },
  options: AnalyzeOptions,
  io: Io,
): Promise<Whole | InParts> {
  const { path, model, initial, data, signal, say, step, rename: names, known } = given;
  const notes: string[] = [];
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
            onBatch: () => onShare(samples / planned),
          });
        };
      const passes = { pass: inPart(probe), before: earlier && inPart(earlier) };
      const found = await analyzeInParts(parts, passes, options, { io, signal, known });
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

/** chosen: names in a message. */
const NAMED = 3;

function noneOf(globs: readonly string[], layers: readonly string[]): string {
  const near = closest(globs[0]!, layers);
  const some = near === undefined ? layers.slice(0, NAMED).join(", ") : `${near}?`;
  return (
    `crh analyze: expected a layer that --layers ${globs.join(" ")} names, got none of ${layers.length}: ` +
    `${near === undefined ? `there are ${some}` : `did you mean ${some}`}${near === undefined && layers.length > NAMED ? ", .." : ""}; without --layers all are measured and listed`
  );
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

function chosenMaps(
  loss: Objective | OwnLoss,
  { layers, limit, beyond, positions, sampleSeed, cost, threads, moments }: AnalyzeOptions,
  samples: number,
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
    // Rows say all that is measured at that cost, but a file of moments holds sums.
    ...(cost === "economy" && moments === undefined ? { keepRowsOf: samples } : {}),
  };
}

/** chosen: values that two maps share up to which the noise of their pair is summed, by cost. */
const WIDEST_PAIRS: Readonly<Record<Cost, number>> = { economy: 0, standard: 1024, full: Number.POSITIVE_INFINITY };

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
    inputs: data.inputs,
    examples: done,
    notes: [...data.steps, ...(options.positions === undefined ? [] : [rowsNote(options.positions)])],
    record: {
      title: seriesTitle(models.map(({ file }) => file)),
      models,
      ...(initial !== undefined && before ? { initial: basename(initial) } : {}),
      inputs: inputs.map(withoutFolder),
      ...(targets === undefined ? {} : { targets: [basename(targets)] }),
      ...(done < data.n ? { plannedSamples: data.n } : {}),
    },
    argv: commandLine(paths, options),
    seed: sampleSeed,
  };
}

/** A word of --inputs without the folder of its file: "x=x.npy@same". */
function withoutFolder(word: string): string {
  const at = /^[^/\\]*=/.exec(word)?.[0] ?? "";
  return at + basename(word.slice(at.length));
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
