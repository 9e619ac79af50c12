/**
 * @file An analysis: measures every linear map and attention head of a given trained model, or of several checkpoints
 * of one model, on given data, and keeps the result in a run folder.
 */
import { basename } from "node:path";
import { checkOutputs } from "../../disk/outputFiles.ts";
import { costOptions } from "../../models/costOptions.ts";
import type { InputWord } from "../../models/inputWord.ts";
import { measuredForm } from "../../models/modelEnd.ts";
import type { NamedLayer } from "../../moments/moments.ts";
import type { Objective, OwnLoss } from "../../objectives/objective.ts";
import type { Model } from "../../onnx/graph.ts";
import { rowsNote } from "../../probe/maps/sampledRows.ts";
import { NoneAskedFor } from "../../probe/prepare.ts";
import type { ProbeOptions } from "../../probe/probeOptions.ts";
import type { AnalysisRecord } from "../../runs/analysisRecord.ts";
import { checkDevice } from "../devices.ts";
import { UsageError } from "../errors.ts";
import type { Observer, Watcher } from "../observer.ts";
import { type AnalysisData, analysisData } from "./analysisData.ts";
import { type About, checkSaving } from "./analysisFolder.ts";
import type { AnalyzeOptions } from "./analyzeOptions.ts";
import { type Analyzed, analyzeSeries } from "./analyzeSeries.ts";
import { checkpointSteps, fileNames, seriesTitle } from "./checkpointSteps.ts";
import { type ChosenLoss, chosenLoss } from "./chosenLoss.ts";
import { checkpointModel, initialModel, preparedModel } from "./initialModel.ts";
import { filesOf, inputWords, targetsWord, withoutFolder } from "./inputWords.ts";
import { keepMeasurement } from "./keepAnalysis.ts";
import { layerSelection, nearestLayer, someLayers } from "./layerSelection.ts";
import { measuredSnapshots } from "./measuredSnapshots.ts";
import { measureModels, outlineOf } from "./measureModels.ts";
import { checkGiven } from "./missingWords.ts";
import { type OpenedInputs, openInputs } from "./openedInputs.ts";

/** chosen: two threads nearly halve the time for wide layers and leave a laptop usable. */
const THREADS = 2;

/**
 * Analyzes a model, or several checkpoints of one.
 *
 * @throws UsageError naming everything that is missing
 */
export async function analyze(paths: readonly string[], options: AnalyzeOptions, watcher: Watcher): Promise<Analyzed> {
  const loss = chosenLoss(options);
  await checkDevice(options.device, "analyze");
  checkOutputs(
    [options.out, options.moments],
    [...paths, options.initial, options.targets && targetsWord(options.targets).path, ...filesOf(options.inputs)],
  );
  checkSaving(options);
  try {
    return await (paths.length > 1 ? analyzeCheckpoints : analyzeModel)(paths, loss, options, watcher);
  } catch (error) {
    if (error instanceof NoneAskedFor && options.layers) throw new UsageError(noneOf(options.layers, error.layers));
    throw error;
  }
}

/** chosen: most names in a message. */
const NAMED = 3;

function noneOf(globs: readonly string[], layers: readonly NamedLayer[]): string {
  const near = nearestLayer(globs[0]!, layers);
  const some = near === undefined ? `there are ${someLayers(layers, NAMED)}` : `did you mean ${near}?`;
  return (
    `crh analyze: expected a layer that --layers ${globs.join(" ")} names, got none of ${layers.length}: ` +
    `${some}; without --layers all are measured and listed`
  );
}

/** A model and its data, in the form that is measured. */
interface Opened {
  /** The model as read. */
  readonly whole: Model;
  readonly model: Model;
  readonly data: AnalysisData;
  readonly probeOptions: ProbeOptions;
  /** Prepares another file of the same model. */
  form(model: Model): Model;
}

/** @param notes notes that precede those on the model */
async function opened(
  path: string,
  loss: ChosenLoss | undefined,
  options: AnalyzeOptions,
  { observer, notes: first = [] }: { readonly observer: Observer; readonly notes?: readonly string[] },
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
      targetAxis: options.targets === undefined ? 0 : targetsWord(options.targets).axis,
      ...{ asExported: options.asExported === true, seed: options.sampleSeed },
    });
  const { model, notes } = form(whole);
  const arrays = analysisData(model, loss!, inputs, options);
  const data = { ...arrays, steps: [...first, ...notes, ...arrays.steps] };
  for (const note of data.steps) observer.note(note);
  const probeOptions = { ...chosenMaps(loss!.objective, options, data.n), same: data.same };
  return { whole, model, data, probeOptions, form: (of) => form(of).model };
}

async function analyzeModel(
  [path]: readonly string[],
  loss: ChosenLoss | undefined,
  options: AnalyzeOptions,
  watcher: Watcher,
): Promise<Analyzed> {
  const startedAt = new Date();
  const { observer, signal } = watcher;
  const { whole, model, data, probeOptions, form } = await opened(path!, loss, options, { observer });
  const initial = options.initial === undefined ? undefined : form(await initialModel(options.initial, whole));
  const found = await measureModels({ path: path!, model, initial, data, probeOptions }, options, watcher);
  const { done, planned } = found;
  const snapshots =
    "inParts" in found
      ? found.inParts
      : await measuredSnapshots(
          found.measured.total,
          { ...found.measured, ...(found.before && { before: found.before }) },
          options,
          observer,
        );
  const before = snapshots.initial !== undefined;
  const models = [{ file: basename(path!), step: 0 }];
  const isShort = "inParts" in found && found.inParts.layers < found.layers;
  const isStopped = (signal.aborted && done < planned) || isShort || (initial !== undefined && !before);
  const known = { ...data, steps: [...data.steps, ...found.notes] };
  const about = describe([path!], options, known, { done, before, models });
  const kept = keepMeasurement(snapshots, about, { startedAt, isStopped }, options);
  if (signal.aborted && done < planned)
    return { kept, stopped: `crh analyze: stopped after ${done} of ${planned} samples; what is printed covers those` };
  if (isShort)
    return {
      kept,
      stopped: `crh analyze: stopped after ${found.inParts.layers} of ${found.layers} layers; the output covers those`,
    };
  if (initial && !before)
    return {
      kept,
      stopped: "crh analyze: stopped before the model before training was measured; its values are left out",
    };
  return { kept };
}

/** Several checkpoints, on the data that fit the last of them. */
async function analyzeCheckpoints(
  paths: readonly string[],
  loss: ChosenLoss | undefined,
  options: AnalyzeOptions,
  watcher: Watcher,
): Promise<Analyzed> {
  const startedAt = new Date();
  if (options.initial !== undefined)
    throw new UsageError(
      "crh analyze: expected --initial with one model, got several, of which the first is the start; list that model first instead",
    );
  const series = checkpointSteps(paths);
  const last = series.checkpoints.at(-1)!;
  const { whole, model, data, probeOptions, form } = await opened(last.path, loss, options, {
    observer: watcher.observer,
    notes: [series.stepsFrom],
  });
  const files = fileNames(series.checkpoints.map(({ path }) => path));
  const models = series.checkpoints.map(({ step }, i) => ({ file: files[i]!, step }));
  const { keepRowsOf: _, ...ofSums } = probeOptions; // the change since the previous model needs sums
  const given = { data, probeOptions: ofSums };
  return analyzeSeries(
    series,
    {
      about: { ...describe(paths, options, data, { done: data.n, before: false, models }) },
      startedAt,
      open: async (path) => (path === last.path ? model : form(await checkpointModel(path, whole))),
      outline: (of) => outlineOf(of, given, options),
      measure: (of, place) => measureModels({ ...given, ...place, model: of, initial: undefined }, options, watcher),
    },
    options,
    watcher,
  );
}

/** Given data by input name. */
function wordsOf({ arrays, numbers }: OpenedInputs): InputWord[] {
  return [...arrays.map(({ name, word }) => ({ ...word, name })), ...numbers];
}

function chosenMaps(
  loss: Objective | OwnLoss,
  { layers, limit, beyond, positions, sampleSeed, cost, threads, moments }: AnalyzeOptions,
  samples: number,
): ProbeOptions {
  return {
    objective: loss,
    threads: threads ?? THREADS,
    ...costOptions(cost),
    ...(layers === undefined ? {} : { select: layerSelection(layers) }),
    sampleSeed,
    ...(limit === undefined ? {} : { largest: limit, beyond }),
    ...(positions === undefined ? {} : { positions }),
    // Rows suffice for all measures at that cost, but a file of moments holds sums.
    ...(cost === "economy" && moments === undefined ? { keepRowsOf: samples } : {}),
  };
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
    ...(models.length > 1 && { series: { models } }),
  };
}

/** Options that change no number. */
const UNSAID: ReadonlySet<string> = new Set(["save", "runs"]);

/** Options that change numbers. */
function counting({ out: _, moments: __, ...options }: AnalyzeOptions): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([key]) => !UNSAID.has(key)));
}

/** The command that reproduces this measurement. */
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
