/**
 * @file Measures a user's model on given arrays, as `crh analyze` does, but from bytes only. The numbers agree up to
 * the engine's rounding. It runs in a worker, and in Node for tests.
 */
import type { DataArray } from "../../data/array.ts";
import { type FitOptions, fitArray } from "../../data/fitArray.ts";
import type { LoadedArrays } from "../../data/loadArrays.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Cost } from "../../measure/measured.ts";
import { type Snapshot, snapshot } from "../../measure/snapshot.ts";
import { costOptions } from "../../models/costOptions.ts";
import { dimensionsOf, filled } from "../../models/filledInput.ts";
import { measuredForm } from "../../models/modelEnd.ts";
import { classTargets, labelArray, nextTokens } from "../../models/targets.ts";
import type { Moments } from "../../moments/moments.ts";
import { type Objective, type OwnLoss, objective } from "../../objectives/objective.ts";
import { isBlocked, plainLayout, possibleBlocks } from "../../onnx/blockedLayout.ts";
import { castModel } from "../../onnx/castModel.ts";
import { dequantizeModel } from "../../onnx/dequantizeModel.ts";
import type { Model, ValueInfo } from "../../onnx/graph.ts";
import type { Tensor } from "../../onnx/tensor.ts";
import { upgradeModel } from "../../onnx/upgrade.ts";
import { chooseBatch, declaredBatch } from "../../probe/batchSize.ts";
import { type Feeds, TARGET } from "../../probe/feeds.ts";
import { Probe } from "../../probe/probe.ts";

/** The available losses, named as in `crh analyze --loss`. */
export const losses = ["mse", "squared-error", "cross-entropy", "nll", "bce", "bce-with-logits", "next-token"] as const;
export type LossName = (typeof losses)[number];

/** The source of values: an array in a file, the labels in a file's records, or one number. */
export type Given =
  | { readonly file: string; readonly array: string }
  | { readonly file: string; readonly labels: true }
  | { readonly value: number };

/** A measurement request; files are given by name. */
export interface ModelRequest {
  readonly inputs: Readonly<Record<string, Given>>;
  readonly targets?: Given;
  /** One of `losses`, or an output of the model that is a loss per sample. */
  readonly loss: LossName | { readonly output: string };
  /** The output from which the loss is computed, if there are several. */
  readonly output?: string;
  readonly samples?: number;
  readonly batch?: number;
  readonly pixels?: "unit" | "raw";
  readonly normalize?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly cost: Cost;
}

export interface ModelFound {
  readonly snapshot: Snapshot;
  readonly moments: Moments;
  /** What was chosen or changed, one sentence each. */
  readonly notes: readonly string[];
  /** Number of samples measured. */
  readonly samples: number;
}

/** Progress of a measurement. */
export interface ModelProgress {
  readonly what: "preparing" | "samples" | "measures";
  readonly done: number;
  readonly of: number;
}

/** The model in the form that is measured. @throws Error in one line if it cannot be brought into that form */
export function preparedModel(model: Model): Model {
  const block = possibleBlocks(model);
  if (isBlocked(model) && block.length !== 1)
    throw new Error(
      `open: expected a model in plain operators, got one that was laid out for a processor; optimize it to the level "extended" instead`,
    );
  return castModel(dequantizeModel(upgradeModel(isBlocked(model) ? plainLayout(model, block[0]!) : model)));
}

/** One feed. */
interface Source {
  /** Undefined if every batch gets the same values. */
  readonly n: number | undefined;
  readonly shape: readonly number[];
  readonly steps: readonly string[];
  rows(from: number, to: number): DataArray;
}

/**
 * Measures a model.
 *
 * @param prepared by `preparedModel`
 * @param files by name
 * @throws Error in one line if model, arrays and loss do not fit together
 */
export async function measureModel(
  engine: Engine,
  prepared: Model,
  files: ReadonlyMap<string, LoadedArrays>,
  request: ModelRequest,
  onProgress: (progress: ModelProgress) => void = () => {},
): Promise<ModelFound> {
  const { cost } = request;
  const loss = lossOf(request);
  const words = Object.entries(request.inputs).map(([name, given]) =>
    "value" in given ? { name, value: given.value } : { name, path: given.file },
  );
  const { model, notes } = measuredForm(prepared, {
    ...{ words, loss, output: request.output, targetAxis: 0, asExported: false, seed: 0 },
  });
  const { sources, n } = sourcesOf(model, loss, files, request);
  const same = new Set([...sources].flatMap(([name, source]) => (source.n === undefined ? [name] : [])));
  const take = (from: number, to: number): Feeds =>
    Object.fromEntries([...sources].map(([name, source]) => [name, tensor(source.rows(from, to))]));
  const options = { objective: loss, threads: 1, same, ...costOptions(cost) };
  onProgress({ what: "preparing", done: 0, of: n });
  const batch = await chooseBatch(engine, model, options, (count) => take(0, count), n, request.batch);
  const planned = declaredBatch(model, same) === batch && n >= batch ? Math.floor(n / batch) * batch : n;
  const probe = new Probe(engine, model, options);
  try {
    let taken = 0;
    function* batches(): Generator<Feeds> {
      for (let from = 0; from < planned; from += batch) {
        taken = Math.min(planned, from + batch);
        yield take(from, taken);
      }
    }
    const measured = await probe.measure(batches(), {
      source: Object.values(request.inputs).map(givenWords).join(", "),
      batches: Math.ceil(planned / batch),
      onBatch: () => onProgress({ what: "samples", done: taken, of: planned }),
    });
    const { total, ...rest } = measured;
    onProgress({ what: "measures", done: 0, of: total.layers.length });
    const found = await snapshot(total, { ...rest, cost });
    return {
      snapshot: found,
      moments: total,
      notes: [...notes, ...stepsOf(sources), ...left(n, planned, batch)],
      samples: planned,
    };
  } finally {
    await probe.dispose();
  }
}

function lossOf({ loss }: ModelRequest): Objective | OwnLoss {
  if (typeof loss !== "string") return { name: `output ${loss.output}`, lossOutput: loss.output };
  return objective(loss === "next-token" ? "cross-entropy" : loss);
}

function sourcesOf(
  model: Model,
  loss: Objective | OwnLoss,
  files: ReadonlyMap<string, LoadedArrays>,
  request: ModelRequest,
): { sources: Map<string, Source>; n: number } {
  const { samples = Number.POSITIVE_INFINITY } = request;
  const sources = new Map<string, Source>();
  for (const input of model.graph.inputs) {
    const given = request.inputs[input.name];
    if (given === undefined)
      throw new RangeError(`open: expected data for the input ${input.name}, got none; choose some`);
    if (!("value" in given)) sources.set(input.name, fitted(files, given, input, request));
  }
  const [, first] = [...sources].find(([, { n }]) => n !== undefined) ?? [];
  if (first === undefined) throw new RangeError("open: expected an array for one of the inputs, got numbers alone");
  const dimensions = dimensionsOf(model, sources);
  for (const input of model.graph.inputs) {
    const given = request.inputs[input.name]!;
    if ("value" in given) sources.set(input.name, filled(input, given.value, first.n, dimensions));
  }
  const target = targetOf(model, loss, files, request, sources);
  if (target !== undefined) sources.set(TARGET, target);
  for (const [name, { n, shape }] of sources)
    if (n !== undefined && n !== first.n)
      throw new RangeError(
        `open: expected ${first.n} samples of ${name === TARGET ? "the targets" : name}, got ${n} in shape (${shape.join(", ")}); choose the values of the same samples`,
      );
  return { sources, n: Math.min(samples, first.n!) };
}

function targetOf(
  model: Model,
  loss: Objective | OwnLoss,
  files: ReadonlyMap<string, LoadedArrays>,
  { loss: name, targets }: ModelRequest,
  sources: ReadonlyMap<string, Source>,
): Source | undefined {
  if (loss.lossOutput !== undefined) return undefined;
  if (name === "next-token") return nextTokenSource(model, sources);
  if (targets === undefined || "value" in targets)
    throw new RangeError("open: expected targets, got none; choose an array with one for each sample");
  const { array } = arrayOf(files, targets);
  const classes = loss.classAxis === undefined ? array : classTargets(array, model.graph.outputs[0]?.shape);
  return fitArray(classes, { name: TARGET, dtype: loss.targetType });
}

const WHOLE_NUMBERS: ReadonlySet<string> = new Set(["int64", "int32"]);

function nextTokenSource(model: Model, sources: ReadonlyMap<string, Source>): Source {
  const tokens = model.graph.inputs.filter(
    ({ name, dtype }) => sources.get(name)?.shape.length === 2 && WHOLE_NUMBERS.has(dtype ?? ""),
  );
  if (tokens.length !== 1)
    throw new RangeError(
      `open: expected one input of tokens (n, T) for the loss next-token, got ${tokens.map(({ name }) => name).join(", ") || "none"}; choose cross-entropy with targets`,
    );
  const source = sources.get(tokens[0]!.name)!;
  return { ...source, steps: [], rows: (from, to) => nextTokens(source.rows(from, to)) };
}

function fitted(
  files: ReadonlyMap<string, LoadedArrays>,
  given: Exclude<Given, { value: number }>,
  input: ValueInfo,
  { pixels, normalize }: ModelRequest,
): Source {
  const { array, loaded } = arrayOf(files, given);
  const options: FitOptions = {
    isPixels: loaded.isPixels,
    ...(loaded.layout && { layout: loaded.layout }),
    ...(pixels && { pixels }),
    ...(normalize && { normalize }),
  };
  return fitArray(array, input, options);
}

function arrayOf(
  files: ReadonlyMap<string, LoadedArrays>,
  given: Exclude<Given, { value: number }>,
): { array: DataArray; loaded: LoadedArrays } {
  const loaded = files.get(given.file);
  const array = "labels" in given ? loaded?.labels && labelArray(loaded.labels) : loaded?.arrays.get(given.array);
  if (loaded === undefined || array === undefined)
    throw new RangeError(`open: expected ${givenWords(given)}, got no such array; choose another`);
  return { array, loaded };
}

/** "x.npz, array x". */
export function givenWords(given: Given): string {
  if ("value" in given) return String(given.value);
  if ("labels" in given) return `labels of ${given.file}`;
  return given.array === "data" ? given.file : `${given.file}, array ${given.array}`;
}

function stepsOf(sources: ReadonlyMap<string, Source>): string[] {
  return [...sources].flatMap(([name, { steps }]) =>
    steps.map((step) => (name === TARGET ? `Targets: ${step}.` : `Input ${name}: ${step}.`)),
  );
}

function left(n: number, planned: number, batch: number): string[] {
  return n === planned
    ? []
    : [
        `The last ${n - planned} of ${n} samples fill no batch of ${batch}, the only size that the model takes: not measured.`,
      ];
}

function tensor({ dtype, shape, data }: DataArray): Tensor {
  return { dtype, shape, data } as Tensor;
}
