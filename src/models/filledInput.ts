/**
 * @file Inputs with a constant value: as constants of the model, or as arrays whose shape follows from the other
 * inputs.
 */
import { bytesPerElement, type DataArray, type ElementType, readElements } from "../data/array.ts";
import type { Model, ValueInfo } from "../onnx/graph.ts";
import type { Tensor } from "../onnx/tensor.ts";
import type { NumberWord } from "./inputWord.ts";

/** The known extents of inputs. */
export interface Dimensions {
  /** Extents by the names of free axes after the first. */
  readonly extents: ReadonlyMap<string, number>;
  /** The axis of samples of a constant input, "same" if it has none. */
  axisOf(name: string): number | "same";
}

/** @param sources shapes by input, samples first if there are any */
export function dimensionsOf(
  { graph }: Model,
  sources: ReadonlyMap<string, { readonly n: number | undefined; readonly shape: readonly number[] }>,
): Dimensions {
  const extents = new Map<string, number>();
  for (const { name, shape } of graph.inputs) {
    const source = sources.get(name);
    shape?.forEach((extent, axis) => {
      const isSamples = axis === 0 && source?.n !== undefined;
      if (source && typeof extent === "string" && !isSamples) extents.set(extent, source.shape[axis]!);
    });
  }
  const axisOf = (of: string) => {
    const first = graph.inputs.find(({ name }) => name === of)?.shape?.[0];
    return first === undefined || typeof first === "number" ? "same" : 0;
  };
  return { extents, axisOf };
}

/**
 * An input with equal entries: one for each sample if its first axis is free, else the same for every batch.
 *
 * @param n number of samples of the other inputs
 * @throws RangeError if the model leaves an extent free that no other input determines
 */
export function filled(
  { name, dtype = "float32", shape: declared = [] }: ValueInfo,
  value: number,
  n: number | undefined,
  { extents }: Dimensions,
) {
  const said = (shape: ValueInfo["shape"]) => `(${shape!.map((extent) => extent ?? "?").join(", ")})`;
  const isBySample = declared.length > 0 && typeof declared[0] !== "number";
  const rest = (isBySample ? declared.slice(1) : declared).map((extent) => {
    const known = typeof extent === "string" ? extents.get(extent) : extent;
    if (known !== undefined) return known;
    throw new RangeError(
      `analyze: expected an input of known extents for the number ${value}, got ${name} of shape ${said(declared)}; pass an array: --inputs ${name}=FILE@axis=K or ${name}=FILE@same`,
    );
  });
  if (isBySample && n === undefined)
    throw new RangeError(
      `analyze: expected data that say how many samples there are beside the number for ${name} ${said(declared)}, got none; pass an array of it`,
    );
  const rows = (from: number, to: number): DataArray =>
    constant(dtype, isBySample ? [to - from, ...rest] : rest, value, name);
  return {
    n: isBySample ? n : undefined,
    shape: isBySample ? [n!, ...rest] : rest,
    steps: [`${value} in every entry of ${isBySample ? "every sample" : said(rest)}`],
    rows,
  };
}

/**
 * The model with constant inputs of at most one axis and fixed extents as initializers, so that everything that depends
 * only on them, such as a branch on the sampling rate, is folded. Larger ones stay inputs, since they would be mistaken
 * for weights.
 */
export function withNumbers(model: Model, numbers: readonly NumberWord[]): Model {
  const initializers = new Map(model.graph.initializers);
  const inputs = model.graph.inputs.filter((input) => {
    const { name, shape = [], dtype = "float32" } = input;
    const number = numbers.find((one) => one.name === name);
    if (number === undefined || shape.length > 1 || shape.some((extent) => typeof extent !== "number")) return true;
    initializers.set(name, constant(dtype as ElementType, shape as number[], number.value, name) as Tensor);
    return false;
  });
  return { ...model, graph: { ...model.graph, inputs, initializers } };
}

/** @throws RangeError if the element type cannot represent the number */
function constant(dtype: string, shape: readonly number[], value: number, name: string): DataArray {
  const type = dtype as ElementType;
  const size = shape.reduce((product, extent) => product * extent, 1);
  const data = readElements(new Uint8Array(size * bytesPerElement(type)), type, true);
  const isFloat = type === "float32" || type === "float64";
  const fail = (): never => {
    throw new RangeError(`input ${name}: expected a number that ${dtype} holds, got ${value}; give another one`);
  };
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    if (!Number.isSafeInteger(value)) fail();
    data.fill(BigInt(value));
  } else data.fill(value);
  if (size > 0 && Number(data[0]) !== value && !(isFloat && Number.isFinite(data[0]))) fail();
  return { dtype: type, shape, data };
}
