/** @file `crh analyze`: measures every linear map and attention head of somebody's trained model on given data. */
import { basename } from "node:path";
import type { Engine } from "../../engine/engine.ts";
import { nodeEngineOn } from "../../engine/node.ts";
import type { Cost } from "../../measure/measured.ts";
import type { Objective, OwnLoss } from "../../objectives/objective.ts";
import type { Model } from "../../onnx/graph.ts";
import { closest } from "../../parameters/suggest.ts";
import { chooseBatch, declaredBatch } from "../../probe/batchSize.ts";
import type { Feeds } from "../../probe/feeds.ts";
import { TargetMismatch } from "../../probe/lossGraph.ts";
import { findNotFinite } from "../../probe/notFinite.ts";
import { inParts, isWhole } from "../../probe/parts.ts";
import { type Measurement, type MeasureOptions, NoneAskedFor, Probe, type ProbeOptions } from "../../probe/probe.ts";
import { rowsNote } from "../../probe/sampledRows.ts";
import { type AnalysisData, analysisData } from "../analysisData.ts";
import { type AnalyzedInParts, analyzeInParts, type Pass } from "../analyzeInParts.ts";
import { chosenLoss } from "../chosenLoss.ts";
import type { AnalyzeOptions } from "../commandOptions.ts";
import { checkDevice } from "../devices.ts";
import { Interrupted, UsageError } from "../errors.ts";
import { checkSameLayers, initialModel, namesByOrder, preparedModel } from "../initialModel.ts";
import { filesOf, type InputWord, inputWords } from "../inputWords.ts";
import type { Io } from "../io.ts";
import { checkGiven } from "../missingWords.ts";
import { measuredForm } from "../modelEnd.ts";
import { type OpenedInputs, openInputs } from "../openedInputs.ts";
import { checkOutputs } from "../outputFiles.ts";
import { presentAnalysis, showAnalysis } from "../presentAnalysis.ts";
import { Progress } from "../progress.ts";
import { partBytes } from "../snapshotInParts.ts";
import { printable } from "../table.ts";

/** chosen: two threads measure wide layers in nearly half the time and leave a laptop usable. */
const THREADS = 2;

/** chosen: exact for up to 16 outputs; random directions of more have an error of a quarter of the trace at most. */
const OUTPUT_PASSES = 16;

export async function analyzeCommand(given: string | undefined, asked: AnalyzeOptions, io: Io): Promise<void> {
  const { path, options } = withModel(given, asked);
  const loss = chosenLoss(options);
  await checkDevice(options.device, "analyze");
  checkOutputs([options.out, options.moments], [path, options.initial, options.targets, ...filesOf(options.inputs)]);
  const whole = await preparedModel(path);
  const opened = openInputs(
    whole,
    inputWords(
      options.inputs,
      whole.graph.inputs.map(({ name }) => name),
    ),
  );
  checkGiven(path, whole, { opened, loss }, options);
  const form = (model: Model) =>
    measuredForm(model, {
      ...{ words: wordsOf(opened), loss: loss!.objective, output: options.output },
      ...{ asExported: options.asExported === true, seed: options.sampleSeed },
    });
  const { model, notes } = form(whole);
  const initial = options.initial === undefined ? undefined : form(await initialModel(options.initial, whole)).model;
  const arrays = analysisData(model, loss!, opened, options);
  const say = (note: string) => {
    if (options.quiet !== true) io.stderr.write(`crh: ${printable(note)}\n`);
  };
  for (const note of [...notes, ...arrays.steps]) say(note);
  const data = { ...arrays, steps: [...notes, ...arrays.steps] };
  const probeOptions = { ...chosenMaps(loss!.objective, options), same: data.same };
  const started = performance.now();
  const signal = io.interruption();
  const found = await measureModels({ path, model, initial, data, probeOptions, signal, say }, options, io).catch(
    (error: unknown) => {
      if (error instanceof TargetMismatch) throw new RangeError(error.ofAll(data.n), { cause: error });
      if (error instanceof NoneAskedFor && options.layers) throw new UsageError(noneOf(options.layers, error.layers));
      throw error;
    },
  );
  const { done } = found;
  const measuredBefore = "inParts" in found ? found.inParts.initial : found.before;
  const durationMs = performance.now() - started;
  const known = { ...data, steps: [...data.steps, ...found.notes] };
  const about = describe(path, options, known, { done, before: measuredBefore !== undefined, durationMs });
  if ("inParts" in found) showAnalysis(found.inParts, about, options, io);
  else {
    const { measured } = found;
    await presentAnalysis(
      measured.total,
      found.before ? { ...measured, before: found.before } : measured,
      about,
      options,
      io,
    );
  }
  if (signal.aborted && done < found.planned)
    throw new Interrupted(
      `crh analyze: stopped after ${done} of ${found.planned} samples; what is printed covers those`,
    );
  if ("inParts" in found && found.inParts.layers < found.layers)
    throw new Interrupted(
      `crh analyze: stopped after ${found.inParts.layers} of ${found.layers} layers; what is printed covers those`,
    );
  if (initial && !measuredBefore)
    throw new Interrupted("crh analyze: stopped before the values before training were measured; they are left out");
}

/**
 * The model's file, also where an option that takes several words has taken it.
 *
 * @throws UsageError where there is none
 */
function withModel(model: string | undefined, asked: AnalyzeOptions): { path: string; options: AnalyzeOptions } {
  const options = { ...asked, inputs: asked.inputs ?? [] };
  if (model !== undefined) return { path: model, options };
  for (const key of ["inputs", "layers", "normalize"] as const) {
    const words = options[key];
    const last = words?.at(-1);
    if (words === undefined || last === undefined || !/^[^=]*\.onnx$/i.test(last)) continue;
    return { path: last, options: { ...options, [key]: words.slice(0, -1) } };
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
  },
  options: AnalyzeOptions,
  io: Io,
): Promise<Whole | InParts> {
  const { path, model, initial, data, probeOptions, signal, say } = given;
  const notes: string[] = [];
  const progress = new Progress(io, "analyze", initial ? 2 * data.n : data.n, {
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
      if (rename === undefined) checkSameLayers(options.initial!, { layers: network }, { layers: found });
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
      const found = await analyzeInParts(parts, passes, options, { io, signal });
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
  } finally {
    progress.end(false);
    await probe.dispose();
    await earlier?.dispose();
  }
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
  { layers, limit, beyond, positions, sampleSeed, cost, threads }: AnalyzeOptions,
): ProbeOptions {
  return {
    objective: loss,
    threads: threads ?? THREADS,
    cross: cost === "full",
    pairs: WIDEST_PAIRS[cost],
    nearestMean: cost !== "economy",
    outputPasses: cost === "full" ? OUTPUT_PASSES : 0,
    ...(layers === undefined ? {} : { select: (name) => layers.some((glob) => matches(name, glob)) }),
    sampleSeed,
    ...(limit === undefined ? {} : { largest: limit, beyond }),
    ...(positions === undefined ? {} : { positions }),
  };
}

/** chosen: values that two maps share up to which the noise of their pair is summed, by cost. */
const WIDEST_PAIRS: Readonly<Record<Cost, number>> = { economy: 0, standard: 1024, full: Number.POSITIVE_INFINITY };

/** "blocks.*.mlp.*": a star stands for any letters, a question mark for one. */
function matches(name: string, glob: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}$`).test(name);
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

/** @param how.before whether the model before training was measured */
function describe(
  path: string,
  options: AnalyzeOptions,
  data: AnalysisData,
  how: { done: number; before: boolean; durationMs: number },
) {
  const { inputs, targets, initial } = options;
  return {
    config: { ...options } as Record<string, unknown>,
    inputs: data.inputs,
    examples: how.done,
    notes: [...data.steps, ...(options.positions === undefined ? [] : [rowsNote(options.positions)])],
    analysis: {
      title: basename(path),
      model: basename(path),
      ...(initial !== undefined && how.before ? { initial: basename(initial) } : {}),
      inputs: inputs.map(withoutFolder),
      ...(targets === undefined ? {} : { targets: [basename(targets)] }),
      ...(how.done < data.n ? { plannedSamples: data.n } : {}),
      durationMs: Math.round(how.durationMs),
      argv: commandLine(path, options),
    },
  };
}

/** A word of --inputs without the folder of its file: "x=x.npy@same". */
function withoutFolder(word: string): string {
  const at = /^[^/\\]*=/.exec(word)?.[0] ?? "";
  return at + basename(word.slice(at.length));
}

/** The command that makes this measurement again. */
function commandLine(path: string, options: AnalyzeOptions): string[] {
  const words = ["analyze", path];
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === false || key === "json" || key === "quiet") continue;
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    for (const one of Array.isArray(value) && key !== "normalize" ? value : [value])
      words.push(flag, ...(one === true ? [] : [one].flat().map(String)));
  }
  return words;
}
