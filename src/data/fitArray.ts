/**
 * @file Converts an array for a model's input: arranges it, scales bytes to [0, 1], normalizes per channel, and
 * converts to the model's element type. All checks and decisions are made once; values are converted batch by batch.
 */
import { halfToFloat32 } from "../formats/halfPrecision.ts";
import { type Arrangement, arrange, type DeclaredShape } from "./arrangement.ts";
import { type ArrayValues, bytesPerElement, type DataArray, type ElementType, readElements } from "./array.ts";

/** A model's declaration of an input: name, element type, shape (the first axis over samples). */
export interface InputDeclaration {
  readonly name: string;
  readonly dtype?: string;
  readonly shape?: DeclaredShape;
}

/** Per-channel numbers, or one for all: x -> (x - mean) / std. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export interface FitOptions {
  /** Bytes are pixels: scaled to [0, 1] for a float input unless `pixels` says otherwise. */
  readonly isPixels?: boolean;
  /**
   * "unit" first scales bytes 0..255 to [0, 1]; "raw" keeps them, for models that scale their inputs.
   */
  readonly pixels?: "unit" | "raw";
  readonly normalize?: Normalization;
  /** Position of the array's channels, if known. */
  readonly layout?: "NCHW" | "NHWC";
}

/** An array that fits an input. */
export interface FittedArray {
  readonly name: string;
  /** samples */
  readonly n: number;
  readonly dtype: ElementType;
  /** (n, ...) as the model takes it */
  readonly shape: readonly number[];
  /** Notes for the user on the conversions: "moved channels to the front", "scaled bytes to [0, 1]" ... */
  readonly steps: readonly string[];
  /**
   * Copies of samples from..to-1. @throws RangeError in one line if a value is not finite, or not an integer where
   * required
   */
  rows(from: number, to: number): DataArray;
}

const integerTypes: ReadonlySet<string> = new Set([
  "int64",
  "int32",
  "int16",
  "int8",
  "uint64",
  "uint32",
  "uint16",
  "uint8",
]);

/**
 * Fits an array to an input of a model.
 *
 * @param array (n, ...) samples along the first axis
 * @throws RangeError or TypeError in one line, with both shapes and the cure, if they do not fit
 */
export function fitArray(array: DataArray, input: InputDeclaration, options: FitOptions = {}): FittedArray {
  const { name, shape: declared, dtype: wanted = "float32" } = input;
  const [n, ...sample] = array.shape;
  if (n === undefined || n === 0)
    throw new RangeError(
      `input ${name}: expected samples along the first axis, got shape ${text(array.shape)}; pass at least one sample`,
    );
  const dtype = targetType(wanted, name);
  const arrangement =
    declared === undefined ? { shape: sample } : arranged(array.shape, declared, name, options.layout);
  const isFloat = dtype === "float32" || dtype === "float64";
  const scaled = isFloat && (options.pixels === "unit" || (options.pixels !== "raw" && options.isPixels === true));
  if (scaled && array.dtype !== "uint8")
    throw new TypeError(`input ${name}: expected bytes to scale to [0, 1], got ${array.dtype}; leave the scaling out`);
  if (options.normalize !== undefined && !isFloat)
    throw new TypeError(
      `input ${name}: expected a float input to normalize, got ${dtype}; leave the normalization out`,
    );
  const affine = channelwise(sample, arrangement, scaled, options, name);
  const steps = [
    ...(arrangement.order ? [`moved channels to the ${arrangement.order[0] === 2 ? "front" : "back"}`] : []),
    ...(!arrangement.order && arrangement.shape.length !== sample.length
      ? [`reshaped samples from ${text(sample)} to ${text(arrangement.shape)}`]
      : []),
    ...(scaled ? ["scaled bytes to [0, 1]"] : []),
    ...(options.normalize ? ["normalized"] : []),
  ];
  const rows = (from: number, to: number): DataArray => {
    const shape = [to - from, ...arrangement.shape];
    return { dtype, shape, data: convert(array, from, to, sample, arrangement, affine, dtype, name) };
  };
  return { name, n, dtype, shape: [n, ...arrangement.shape], steps, rows };
}

function targetType(wanted: string, name: string): ElementType {
  if (wanted === "float32" || wanted === "float64" || wanted === "bool" || integerTypes.has(wanted))
    return wanted as ElementType;
  throw new TypeError(
    `input ${name}: expected a model input of floats or integers, got ${wanted}; cast the model first`,
  );
}

function arranged(
  shape: readonly number[],
  declared: DeclaredShape,
  name: string,
  layout: "NCHW" | "NHWC" | undefined,
): Arrangement {
  const found = declared.length === 0 ? undefined : arrange(shape.slice(1), declared.slice(1), layout);
  if (found !== undefined && found !== "ambiguous") return found;
  const expected = declared.map((extent, axis) => (axis === 0 ? "n" : (extent ?? "?"))).join(", ");
  const cure =
    found === "ambiguous"
      ? "state whether it is NCHW or NHWC"
      : shape.length === declared.length - 1 &&
          declared.slice(1).every((extent, axis) => typeof extent !== "number" || extent === shape[axis])
        ? "put samples along a first axis"
        : "pass samples as the model takes them";
  throw new RangeError(`input ${name}: expected shape (${expected}), got ${text(shape)}; ${cure}`);
}

/** value -> value * scale[c] + shift[c] for the channel c of each stored value. */
interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  /** Stride in stored values between channels. */
  readonly inner: number;
}

function channelwise(
  sample: readonly number[],
  arrangement: Arrangement,
  scaled: boolean,
  { normalize, layout }: FitOptions,
  name: string,
): Affine | undefined {
  const unit = scaled ? 1 / 255 : 1;
  if (normalize === undefined)
    return scaled ? { scale: Float64Array.of(unit), shift: Float64Array.of(0), inner: 1 } : undefined;
  const { mean, std } = normalize;
  const count = Math.max(mean.length, std.length);
  const wrong = [...mean, ...std].find((value) => !Number.isFinite(value)) ?? std.find((value) => value <= 0);
  if (wrong !== undefined || mean.length === 0 || std.length === 0)
    throw new RangeError(
      `normalize: expected finite means and positive standard deviations, got ${wrong ?? "none"}; give mean and std in units of [0, 1] pixels`,
    );
  const { channels, inner } = channelAxis(sample, arrangement, layout);
  if ([mean.length, std.length].some((length) => length !== 1 && length !== channels))
    throw new RangeError(
      `normalize: expected 1 ${channels === 1 ? "number" : `or ${channels} numbers`} for the channels of ${name} of shape ${text(["n", ...sample])}, got ${mean.length} for mean and ${std.length} for std; give one per channel`,
    );
  const [scale, shift] = [new Float64Array(count), new Float64Array(count)];
  for (let c = 0; c < count; c++) {
    const deviation = std[std.length === 1 ? 0 : c]!;
    scale[c] = unit / deviation;
    shift[c] = -mean[mean.length === 1 ? 0 : c]! / deviation;
  }
  return { scale, shift, inner: count === 1 ? 1 : inner };
}

/** Numbers of channels by which a channel axis is recognised: grey, colour, colour with alpha. */
const CHANNELS: readonly (number | undefined)[] = [1, 3, 4];

/**
 * The stored axis of channels: by layout, by the move, else the first one (ONNX's convention) unless only the last
 * looks like channels.
 */
function channelAxis(
  sample: readonly number[],
  { order }: Arrangement,
  layout: "NCHW" | "NHWC" | undefined,
): { channels: number; inner: number } {
  if (sample.length === 2) return { channels: 1, inner: 1 }; // one grey image
  const known = layout ?? (order === undefined ? undefined : order[0] === 2 ? "NHWC" : "NCHW");
  const looksLast = !CHANNELS.includes(sample[0]) && CHANNELS.includes(sample.at(-1));
  const axis = known === "NHWC" || (known === undefined && looksLast) ? sample.length - 1 : 0;
  return {
    channels: sample[axis] ?? 1,
    inner: sample.slice(axis + 1).reduce((product, extent) => product * extent, 1),
  };
}

function convert(
  array: DataArray,
  from: number,
  to: number,
  sample: readonly number[],
  { order }: Arrangement,
  affine: Affine | undefined,
  dtype: ElementType,
  name: string,
): ArrayValues {
  const size = sample.reduce((product, extent) => product * extent, 1);
  const stored = array.data.subarray(from * size, to * size);
  const source = array.dtype === "float16" ? halfToFloat32(stored as Uint16Array) : stored;
  const out = readElements(new Uint8Array(source.length * bytesPerElement(dtype)), dtype, true);
  const positions = order === undefined ? undefined : readingOrder(sample, order);
  const fail = (expected: string, at: number): never => {
    throw new RangeError(
      `input ${name}: expected ${expected}, got ${source[at]} in sample ${from + Math.floor(at / size)}; check the file`,
    );
  };
  const big = out instanceof BigInt64Array || out instanceof BigUint64Array;
  const isFloat = dtype === "float32" || dtype === "float64";
  for (let i = 0; i < out.length; i++) {
    const within = i % size;
    const at = positions === undefined ? i : i - within + positions[within]!;
    let value = Number(source[at]!);
    if (!Number.isFinite(value)) fail("finite numbers", at);
    if (affine !== undefined) {
      const c = Math.floor((at % size) / affine.inner) % affine.scale.length;
      value = value * affine.scale[c]! + affine.shift[c]!;
    }
    if (big) {
      if (!Number.isSafeInteger(value) || (dtype === "uint64" && value < 0)) fail("whole numbers (indices)", at);
      (out as BigInt64Array)[i] = BigInt(value);
    } else {
      (out as Float64Array)[i] = value;
      if (!isFloat && out[i] !== value) fail(`whole numbers that ${dtype} holds`, at);
    }
  }
  return out;
}

/** For each position in a rearranged sample, its position in the stored one. */
function readingOrder(sample: readonly number[], order: readonly number[]): Uint32Array {
  const strides = sample.map((_, axis) => sample.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const [rows, cols, depth] = order.map((axis) => sample[axis]!) as [number, number, number];
  const [s, t, u] = order.map((axis) => strides[axis]!) as [number, number, number];
  const out = new Uint32Array(rows * cols * depth);
  let i = 0;
  for (let a = 0; a < rows; a++)
    for (let b = 0; b < cols; b++) for (let c = 0; c < depth; c++) out[i++] = a * s + b * t + c * u;
  return out;
}

function text(shape: readonly (number | string)[]): string {
  return `(${shape.join(", ")})`;
}
