/**
 * @file The user's files as batches for the probe: arrays of any format fitted to the model's inputs, labels from the records
 * themselves or from a file of their own, or text through a tokenizer with the next token as target.
 */
import { basename, dirname, join } from "node:path";
import type { DataArray } from "../data/array.ts";
import { type FittedArray, fitArray, type Normalization } from "../data/fitArray.ts";
import { type LoadedArrays, labelFileNames, labelsOf, loadArrays } from "../data/loadArrays.ts";
import { byteTokenizer, encodeText, type Tokenizer } from "../data/tokenizer.ts";
import { loadTokenizer } from "../data/tokenizerFolder.ts";
import { tokenWindows } from "../data/tokenWindows.ts";
import type { Objective, OwnLoss } from "../objectives/objective.ts";
import type { Model, ValueInfo } from "../onnx/graph.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { type Feeds, TARGET } from "../probe/feeds.ts";
import type { AnalyzeOptions } from "./commandOptions.ts";
import { UsageError } from "./errors.ts";
import { readBytes, readIfThere } from "./readBytes.ts";

export interface AnalysisData {
  /** Samples at hand. */
  readonly n: number;
  /** Samples from..to-1 as feeds. */
  take(from: number, to: number): Feeds;
  /** What was done to the arrays, for people. */
  readonly steps: readonly string[];
}

/** @throws Error in one line when a file, its shape or its values do not fit the model */
export function analysisData(model: Model, loss: Objective | OwnLoss, options: AnalyzeOptions): AnalysisData {
  const files = options.inputs.map(splitName);
  const text = files.length === 1 && /\.(txt|text|md)$/i.test(files[0]!.path);
  const fitted = text ? textData(model, loss, files[0]!.path, options) : arrayData(model, loss, files, options);
  const counts = [...fitted.values()].map(({ n }) => n);
  const n = Math.min(options.samples ?? Number.POSITIVE_INFINITY, ...counts);
  checkCounts(fitted);
  return {
    n,
    steps: [...fitted.values()].flatMap(({ steps }) => steps),
    take: (from, to) => Object.fromEntries([...fitted].map(([name, array]) => [name, tensor(array.rows(from, to))])),
  };
}

function checkCounts(fitted: ReadonlyMap<string, FittedArray>): void {
  const [[first, { n }], ...rest] = [...fitted] as [[string, FittedArray], ...[string, FittedArray][]];
  const other = rest.find(([, array]) => array.n !== n);
  if (other === undefined) return;
  const [name, { shape }] = other;
  const what = name === TARGET ? "targets" : `data for ${name}`;
  throw new RangeError(
    `analyze: expected ${what} of shape (${[n, ...shape.slice(1)].join(", ")}), got (${shape.join(", ")}); ` +
      `pass the ${name === TARGET ? "targets" : "values"} of the same ${n} samples of ${first}`,
  );
}

function arrayData(
  model: Model,
  loss: Objective | OwnLoss,
  files: readonly { name: string | undefined; path: string }[],
  options: AnalyzeOptions,
): Map<string, FittedArray> {
  const fitted = new Map<string, FittedArray>();
  let labels: DataArray | undefined;
  for (const { name, path } of files) {
    const loaded = loadArrays(readBytes(path), { name: basename(path) });
    for (const [key, array] of name === undefined ? loaded.arrays : named(loaded, name, path)) {
      const input = inputFor(model, name ?? key, loaded.arrays.size === 1 && files.length === 1);
      fitted.set(input.name, fitArray(array, input, fitOptions(loaded, options)));
    }
    labels ??= options.targets === undefined ? ownLabels(loaded, path) : undefined;
  }
  for (const { name } of model.graph.inputs)
    if (!fitted.has(name))
      throw new RangeError(
        `analyze: expected data for the input "${name}", got ${[...fitted.keys()].join(", ") || "none"}; pass --inputs ${name}=FILE`,
      );
  const targets = options.targets === undefined ? labels : soleArray(options.targets);
  if (loss.lossOutput !== undefined) return fitted;
  if (targets === undefined)
    throw new RangeError("analyze: expected targets, got none (the inputs carry no labels); pass --targets FILE");
  const classes = loss.classAxis === undefined ? targets : classTargets(targets, model.graph.outputs[0]?.shape);
  fitted.set(TARGET, fitArray(classes, { name: TARGET, dtype: loss.targetType }));
  return fitted;
}

/** The one array of a file that is meant for an input: the only one, or the one of the input's name. */
function named({ arrays }: LoadedArrays, name: string, path: string): readonly (readonly [string, DataArray])[] {
  const found = arrays.size === 1 ? [...arrays.values()][0] : arrays.get(name);
  if (found !== undefined) return [[name, found]];
  throw new RangeError(
    `analyze: expected one array in ${basename(path)}, or one called ${name}, got ${[...arrays.keys()].join(", ")}; ` +
      "save the one that is meant in a file of its own",
  );
}

function textData(
  model: Model,
  loss: Objective | OwnLoss,
  path: string,
  { samples, tokenizer, context }: AnalyzeOptions,
): Map<string, FittedArray> {
  const input = inputFor(model, undefined, true);
  const window = context === undefined ? {} : { context };
  const declared = context ?? (typeof input.shape?.[1] === "number" ? input.shape[1] : undefined);
  const limit = samples === undefined || declared === undefined ? {} : { maxTokens: samples * declared + 1 };
  const tokens = encodeText(readBytes(path), readTokenizer(tokenizer), { where: basename(path), ...limit });
  const { inputs, targets } = tokenWindows(tokens, input, samples === undefined ? window : { ...window, samples });
  const fitted = new Map([[input.name, inputs]]);
  return loss.lossOutput === undefined ? fitted.set(TARGET, targets) : fitted;
}

/** Bytes, or GPT-2's byte pairs from a folder with encoder.json and vocab.bpe (or merges.txt). */
function readTokenizer(folder: string | undefined): Tokenizer {
  if (folder === undefined || folder === "bytes") return byteTokenizer;
  const tokenizer = loadTokenizer((name) => readIfThere(join(folder, name)));
  if (tokenizer !== undefined) return tokenizer;
  throw new Error(
    `analyze: expected "bytes" or a folder with encoder.json and vocab.bpe as --tokenizer, got ${folder}; GPT-2's two files are meant`,
  );
}

function inputFor(model: Model, name: string | undefined, sole: boolean): ValueInfo {
  const { inputs } = model.graph;
  const found = inputs.find((input) => input.name === name);
  if (found !== undefined) return found;
  if (sole && inputs.length === 1) return inputs[0]!;
  const names = inputs.map((input) => input.name).join(", ");
  throw new RangeError(
    `analyze: expected data for the model's inputs (${names}), got ${name === undefined ? "one file" : `"${name}"`}; ` +
      "name each file: --inputs NAME=FILE",
  );
}

function fitOptions(loaded: LoadedArrays, { normalize, pixels }: AnalyzeOptions) {
  return {
    isPixels: loaded.isPixels,
    ...(loaded.layout === undefined ? {} : { layout: loaded.layout }),
    ...(pixels === undefined ? {} : { pixels }),
    ...(normalize === undefined ? {} : { normalize: normalization(normalize) }),
  };
}

/** Labels in the records, or in the IDX file that belongs to these images. */
function ownLabels(loaded: LoadedArrays, path: string): DataArray | undefined {
  if (loaded.labels !== undefined) return labelArray(loaded.labels);
  const n = loaded.arrays.get("data")?.shape[0];
  if (loaded.format !== "idx" || n === undefined) return undefined;
  for (const name of labelFileNames(basename(path))) {
    const bytes = readIfThere(join(dirname(path), name));
    if (bytes !== undefined) return labelArray(labelsOf(loadArrays(bytes, { name }), name, n));
  }
  return undefined;
}

function labelArray(labels: Int32Array): DataArray {
  return { dtype: "int32", shape: [labels.length], data: Int32Array.from(labels) };
}

/**
 * Class indices of targets of one more axis than there are samples and positions: a column of indices, as Keras hands them out, or one-hot
 * rows. Anything else is left for the loss to refuse.
 *
 * @param output shape that the model declares of its output, (n, classes) where there is one target a sample
 */
function classTargets(targets: DataArray, output: ValueInfo["shape"]): DataArray {
  const [n, width, ...more] = targets.shape;
  const isFloat = targets.dtype === "float32" || targets.dtype === "float64";
  // Whole numbers (n, T) may be tokens, where the model does not say that it has one output a sample.
  const mayBe = output === undefined ? width === 1 || isFloat : output.length === 2;
  if (!mayBe || n === undefined || width === undefined || more.length > 0) return targets;
  if (width === 1) return { ...targets, shape: [n] };
  const values = Array.from(targets.data as ArrayLike<number | bigint>, Number);
  const classes = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const row = values.slice(i * width, (i + 1) * width);
    classes[i] = row.indexOf(1);
    if (classes[i] === -1 || row.some((value, k) => value !== (k === classes[i] ? 1 : 0)))
      throw new RangeError(
        `analyze: expected a class index for each sample, or one-hot rows, got targets (${targets.shape.join(", ")}) whose row ${i} is neither; ` +
          "take the argmax, or --loss with a target for each output",
      );
  }
  return labelArray(classes);
}

function soleArray(path: string): DataArray {
  const { arrays, labels } = loadArrays(readBytes(path), { name: basename(path) });
  if (labels !== undefined) return labelArray(labels);
  const [array, ...others] = arrays.values();
  if (array === undefined || others.length > 0)
    throw new RangeError(
      `analyze: expected one array of targets in ${basename(path)}, got ${arrays.size}; save them in a file of their own`,
    );
  return array;
}

/** "name=file" or "file"; a name has no slash, so that paths with an equals sign still work. */
function splitName(text: string): { name: string | undefined; path: string } {
  const at = text.indexOf("=");
  if (at < 1 || /[/\\]/.test(text.slice(0, at))) return { name: undefined, path: text };
  return { name: text.slice(0, at), path: text.slice(at + 1) };
}

/** ["mean=0.4,0.5,0.6", "std=0.2"] -> numbers. */
function normalization(words: readonly string[]): Normalization {
  const values = new Map<string, number[]>();
  for (const word of words) {
    const [, key, list] = /^(mean|std)=(.+)$/.exec(word) ?? [];
    const numbers = list?.split(",").map(Number) ?? [];
    if (key === undefined || values.has(key) || !numbers.every(Number.isFinite))
      throw new UsageError(`analyze: expected --normalize mean=A,B,C std=D,E,F, got "${word}"`);
    values.set(key, numbers);
  }
  return { mean: values.get("mean") ?? [0], std: values.get("std") ?? [1] };
}

function tensor({ dtype, shape, data }: DataArray): Tensor {
  return { dtype, shape, data } as Tensor;
}
