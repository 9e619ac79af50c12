/**
 * @file The user's files as batches for the probe: arrays of any format fitted to the model's inputs, labels from the
 * records or from a separate file, text through a tokenizer with the next token as target, and arrays shared by all
 * samples.
 */
import { basename, join } from "node:path";
import type { DataArray } from "../../data/array.ts";
import { type FitOptions, type FittedArray, fitArray, type Normalization } from "../../data/fitArray.ts";
import { moveAxis } from "../../data/moveAxis.ts";
import { byteTokenizer, encodeText, type Tokenizer } from "../../data/tokenizer.ts";
import { loadTokenizer } from "../../data/tokenizerFolder.ts";
import { tokenWindows } from "../../data/tokenWindows.ts";
import { readBytes, readIfThere } from "../../disk/readBytes.ts";
import { type Dimensions, dimensionsOf, filled } from "../../models/filledInput.ts";
import { classTargets, nextTokens } from "../../models/targets.ts";
import type { Model, ValueInfo } from "../../onnx/graph.ts";
import type { Tensor } from "../../onnx/tensor.ts";
import { type Feeds, TARGET } from "../../probe/feeds.ts";
import { UsageError } from "../errors.ts";
import { targetArray } from "./analysisTargets.ts";
import type { AnalyzeOptions } from "./analyzeOptions.ts";
import type { ChosenLoss } from "./chosenLoss.ts";
import type { GivenInput } from "./givenInput.ts";
import { targetsWord } from "./inputWords.ts";
import type { OpenedArray, OpenedInputs, OpenedText } from "./openedInputs.ts";

export interface AnalysisData {
  /** Number of samples available. */
  readonly n: number;
  /** Samples from..to-1 as feeds of the model. */
  take(from: number, to: number): Feeds;
  /** Notes for the user on conversions of the arrays. */
  readonly steps: readonly string[];
  readonly inputs: readonly GivenInput[];
  /** Names of the inputs that are fed unsplit with every batch. */
  readonly same: ReadonlySet<string>;
}

/** One feed. */
interface Source {
  /** Undefined where there is no axis of samples; the whole array is then fed with every batch. */
  readonly n: number | undefined;
  readonly shape: readonly number[];
  readonly steps: readonly string[];
  rows(from: number, to: number): DataArray;
}

/**
 * @param model with sample axes first, and without scalar inputs
 * @throws Error in one line when a file, its shape or its values do not fit the model
 */
export function analysisData(
  model: Model,
  loss: ChosenLoss,
  opened: OpenedInputs,
  options: AnalyzeOptions,
): AnalysisData {
  const sources = new Map<string, Source>();
  const { text } = opened;
  const windows = text && textWindows(inputOf(model, text.name)!, text, options);
  if (windows !== undefined) sources.set(text!.name, windows.inputs);
  for (const one of opened.arrays) sources.set(one.name, arraySource(one, inputOf(model, one.name)!, options));
  const counted = [...sources].find(([, { n }]) => n !== undefined);
  const dimensions = dimensionsOf(model, sources);
  for (const { name, value } of opened.numbers) {
    const input = inputOf(model, name);
    if (input !== undefined) sources.set(name, filled(input, value, counted?.[1].n, dimensions));
  }
  const target = targetsOf({ model, loss, opened, windows, isWhole: counted === undefined }, sources, options);
  if (target !== undefined) sources.set(TARGET, target);
  checkCounts(sources, opened);
  const n = Math.min(options.samples ?? Number.POSITIVE_INFINITY, counted?.[1].n ?? 1);
  return {
    n,
    steps: [...stepsOf(sources), ...(counted === undefined ? [wholeNote(target)] : [])],
    take: (from, to) => Object.fromEntries([...sources].map(([name, source]) => [name, tensor(source.rows(from, to))])),
    inputs: givenInputs(opened, dimensions),
    same: new Set([...sources].flatMap(([name, { n }]) => (n === undefined ? [name] : []))),
  };
}

function inputOf(model: Model, name: string): ValueInfo | undefined {
  return model.graph.inputs.find((input) => input.name === name);
}

function stepsOf(sources: ReadonlyMap<string, Source>): string[] {
  const all = [...sources].flatMap(([name, { steps }]) =>
    steps.map((step) => (name === TARGET ? `Targets: ${step}.` : `Input ${name}: ${step}.`)),
  );
  return [...new Set(all)];
}

/** The samples of a network whose inputs are all fed unsplit: the nodes of a graph. */
function wholeNote(target: Source | undefined): string {
  const rows = target === undefined ? "its rows" : `its ${target.shape.slice(0, 1).join("")} rows of targets`;
  return `All inputs are fed unsplit: the data are one example, its loss is the sum over ${rows}, and every gradient is that of the sum.`;
}

function givenInputs({ arrays, text, numbers }: OpenedInputs, dimensions: Dimensions): GivenInput[] {
  return [
    ...(text ? [{ name: text.name, from: basename(text.path), samples: 0 }] : []),
    ...arrays.map(({ name, word: { path, axis = 0, same } }) => ({
      ...{ name, from: basename(path) },
      samples: same ? ("same" as const) : axis,
    })),
    ...numbers.map(({ name, value }) => ({ name, from: String(value), samples: dimensions.axisOf(name) })),
  ];
}

function checkCounts(sources: ReadonlyMap<string, Source>, { arrays }: OpenedInputs): void {
  const counted = [...sources].filter(([, { n }]) => n !== undefined);
  const [first, ...rest] = counted;
  const other = rest.find(([, { n }]) => n !== first![1].n);
  if (first === undefined || other === undefined) return;
  const [name, { shape }] = other;
  const { n } = first[1];
  const what = name === TARGET ? "targets" : `data for ${name}`;
  const given = arrays.find((one) => one.name === name);
  const isTargets = name === TARGET && shape.length > 1;
  const otherAxis = isTargets ? "; --targets FILE@axis=1 has its samples along axis 1" : "";
  const cure =
    given === undefined ? otherAxis : `, or state that they are along another axis or the same: ${saying(given)}`;
  throw new RangeError(
    `analyze: expected ${what} of shape (${[n, ...shape.slice(1)].join(", ")}), got (${shape.join(", ")}); ` +
      `pass the ${name === TARGET ? "targets" : "values"} of the same ${n} samples of ${first[0]}${cure}`,
  );
}

/** The suggestion "h=h.npy@axis=1 or h=h.npy@same", or a number for a scalar. */
function saying({ name, array, word: { path } }: OpenedArray): string {
  const file = `${name}=${path}`;
  const size = array.data.length;
  const number = size === 1 && array.dtype !== "float16" ? ` or ${name}=${Number(array.data[0])}` : "";
  return array.shape.length < 2 ? `--inputs ${file}@same${number}` : `--inputs ${file}@axis=1 or ${file}@same`;
}

function arraySource(one: OpenedArray, input: ValueInfo, options: AnalyzeOptions): Source {
  const { array, loaded, word, name } = one;
  const { axis = 0, same, path } = word;
  if (same) return wholeSource(array, input);
  if (array.shape.length === 0 || axis >= array.shape.length)
    throw new RangeError(
      axis > 0
        ? `analyze: expected an axis of ${basename(path)}, of shape (${array.shape.join(", ")}), as @axis in --inputs, got ${axis}; axes count from 0`
        : `input ${name}: expected samples along the first axis, got shape (); values shared by all samples are given as ${saying(one)}`,
    );
  try {
    const fitted = fitArray(moveAxis(array, axis), input, fitOptions(one, options));
    const isTaken = array.dtype === "uint8" && array.shape.length === 2 && fitted.dtype.startsWith("float");
    if (!isTaken || loaded.isPixels || options.pixels !== undefined) return fitted;
    return { ...fitted, steps: [...fitted.steps, "bytes taken as they are; --pixels unit scales them to [0, 1]"] };
  } catch (error) {
    if (!(error instanceof RangeError) || array.shape.length < 2 || loaded.isPixels || axis > 0) throw error;
    if (!/^input [^:]*: expected shape /u.test(error.message)) throw error;
    throw new RangeError(`${error.message}, or state that samples are along another axis or the same: ${saying(one)}`);
  }
}

/** An array that is fed unchanged with every batch. */
function wholeSource(array: DataArray, { shape: declared, ...input }: ValueInfo): Source {
  const one = { ...array, shape: [1, ...array.shape] };
  const fitted = fitArray(one, declared === undefined ? input : { ...input, shape: [1, ...declared] });
  const { shape, ...rest } = fitted.rows(0, 1);
  const whole = { ...rest, shape: shape.slice(1) };
  return { n: undefined, shape: whole.shape, steps: fitted.steps, rows: () => whole };
}

function targetsOf(
  given: {
    readonly model: Model;
    readonly loss: ChosenLoss;
    readonly opened: OpenedInputs;
    readonly windows: { readonly targets: FittedArray } | undefined;
    readonly isWhole: boolean;
  },
  sources: ReadonlyMap<string, Source>,
  options: AnalyzeOptions,
): Source | undefined {
  const { model, loss, opened, windows, isWhole } = given;
  const { objective } = loss;
  if (objective.lossOutput !== undefined) return undefined;
  if (loss.nextToken !== undefined) return windows?.targets ?? nextTokenSource(model, loss.nextToken, sources);
  if (options.targets === undefined && windows !== undefined) return windows.targets;
  if (isWhole && options.targets !== undefined && targetsWord(options.targets).axis > 0)
    throw new UsageError(
      `crh analyze: expected targets of one example in --targets, for all inputs are given whole, got ${options.targets}; leave @axis out`,
    );
  const targets = options.targets === undefined ? opened.labels : targetArray(options.targets);
  if (targets === undefined)
    throw new RangeError("analyze: expected targets, got none (the inputs carry no labels); pass --targets FILE");
  const output = model.graph.outputs[0]?.shape;
  const classes = objective.classAxis === undefined ? targets : classTargets(targets, output);
  const input = { name: TARGET, dtype: objective.targetType };
  return isWhole ? wholeSource(classes, input) : fitArray(classes, input);
}

const WHOLE_NUMBERS: ReadonlySet<string> = new Set(["int64", "int32"]);

/** The tokens of an input shifted by one. @param named the input, if the user names it */
function nextTokenSource(model: Model, named: string | true, sources: ReadonlyMap<string, Source>): Source {
  const tokens = model.graph.inputs.filter(
    ({ name, dtype }) => sources.get(name)?.shape.length === 2 && WHOLE_NUMBERS.has(dtype ?? ""),
  );
  const [found, ...others] = named === true ? tokens : tokens.filter(({ name }) => name === named);
  if (found === undefined || others.length > 0) {
    const names = tokens.map(({ name }) => name).join(", ") || "none";
    throw new RangeError(
      `analyze: expected one input of tokens (n, T), int64 or int32, for --loss next-token, got ${named === true ? names : named}; ` +
        (tokens.length > 0
          ? `say which: --loss next-token=${tokens[0]!.name}`
          : "pass --targets with --loss cross-entropy"),
    );
  }
  const source = sources.get(found.name)!;
  return {
    ...source,
    steps: [`${found.name} one position further along; the last position of a sample has none`],
    rows: (from, to) => nextTokens(source.rows(from, to)),
  };
}

function textWindows(
  input: ValueInfo,
  { path }: OpenedText,
  { samples, tokenizer, context }: AnalyzeOptions,
): { readonly inputs: FittedArray; readonly targets: FittedArray } {
  const window = context === undefined ? {} : { context };
  const declared = context ?? (typeof input.shape?.[1] === "number" ? input.shape[1] : undefined);
  const limit = samples === undefined || declared === undefined ? {} : { maxTokens: samples * declared + 1 };
  const tokens = encodeText(readBytes(path), readTokenizer(tokenizer), { where: basename(path), ...limit });
  return tokenWindows(tokens, input, samples === undefined ? window : { ...window, samples });
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

function fitOptions({ loaded, word }: OpenedArray, { normalize, pixels }: AnalyzeOptions): FitOptions {
  const isMoved = (word.axis ?? 0) > 0;
  return {
    isPixels: loaded.isPixels,
    ...(loaded.layout === undefined || isMoved ? {} : { layout: loaded.layout }),
    ...(pixels === undefined ? {} : { pixels }),
    ...(normalize === undefined ? {} : { normalize: normalization(normalize) }),
  };
}

/** ["mean=0.4,0.5,0.6", "std=0.2"] -> numbers. */
function normalization(words: readonly string[]): Normalization {
  const values = new Map<string, number[]>();
  for (const word of words) {
    const [, key, list] = /^(mean|std)=(.+)$/.exec(word) ?? [];
    const numbers = list?.split(",").map(Number) ?? [];
    if (key === undefined || values.has(key) || !numbers.every(Number.isFinite))
      throw new UsageError(`crh analyze: expected --normalize mean=A,B,C std=D,E,F, got "${word}"`);
    values.set(key, numbers);
  }
  return { mean: values.get("mean") ?? [0], std: values.get("std") ?? [1] };
}

function tensor({ dtype, shape, data }: DataArray): Tensor {
  return { dtype, shape, data } as Tensor;
}
