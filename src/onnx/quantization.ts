/**
 * @file The arithmetic of linear quantization (ONNX QuantizeLinear, DequantizeLinear): x = (q - zeroPoint) * scale, per
 * tensor, per axis, or in blocks along an axis.
 */
import { sizeOf, type Tensor, toNumbers } from "./tensor.ts";

/** Limits of the integer types of quantized values. */
const limits: Readonly<Record<string, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-2_147_483_648, 2_147_483_647],
};

export interface Scaling {
  /** One value, one per index of `axis`, or one per block along it (then with the rank of the tensor). */
  readonly scale: Tensor;
  readonly zeroPoint?: Tensor | undefined;
  /** Default 1, as the standard has it. */
  readonly axis?: number;
  /** Values along `axis` that share a scale, where the scale has the rank of the tensor. */
  readonly blockSize?: number;
}

/**
 * The real numbers that quantized ones represent.
 *
 * @param q int8, uint8, int16, uint16 or int32
 * @returns float32 of the same shape
 * @throws Error in one line when the shapes of scale and zero point do not fit
 */
export function dequantize(q: Tensor, scaling: Scaling, name: string): Tensor {
  const scaleAt = indexOfScale(q.shape, scaling, name);
  const [scale, zero] = [toNumbers(scaling.scale), zeroPoints(scaling, name)];
  const values = integers(q, name);
  const data = new Float32Array(values.length);
  for (let i = 0; i < data.length; i++) {
    const at = scaleAt(i);
    data[i] = (Number(values[i]!) - (zero?.[at] ?? 0)) * scale[at]!;
  }
  return { dtype: "float32", shape: q.shape, data };
}

/** The nearest quantized numbers: rounded half to even, saturated; int8 or uint8. */
export function quantize(x: Tensor, scaling: Scaling, dtype: "int8" | "uint8", name: string): Tensor {
  const scaleAt = indexOfScale(x.shape, scaling, name);
  const [scale, zero] = [toNumbers(scaling.scale), zeroPoints(scaling, name)];
  const [least, most] = limits[dtype]!;
  const values = toNumbers(x);
  const data = dtype === "int8" ? new Int8Array(values.length) : new Uint8Array(values.length);
  for (let i = 0; i < data.length; i++) {
    const at = scaleAt(i);
    data[i] = Math.min(Math.max(roundHalfEven(values[i]! / scale[at]!) + (zero?.[at] ?? 0), least), most);
  }
  return { dtype, shape: x.shape, data };
}

/** Smallest and largest real number that a quantized value of one scale can represent. */
export function range(scale: number, zeroPoint: number, dtype: string, name: string): [number, number] {
  const bounds = limits[dtype];
  if (bounds === undefined)
    throw new Error(
      `onnx: expected ${name} to quantize to 8, 16 or 32 bits, got ${dtype}; export the model in float32`,
    );
  return [(bounds[0] - zeroPoint) * scale, (bounds[1] - zeroPoint) * scale];
}

function integers(q: Tensor, name: string): ArrayLike<number | bigint> {
  if (limits[q.dtype] === undefined)
    throw new Error(`onnx: expected integers to dequantize in ${name}, got ${q.dtype}; export the model in float32`);
  return q.data as ArrayLike<number | bigint>;
}

function zeroPoints({ scale, zeroPoint }: Scaling, name: string): number[] | undefined {
  if (zeroPoint === undefined) return undefined;
  const found = toNumbers(zeroPoint);
  const count = sizeOf(scale.shape);
  if (found.length === count) return found;
  if (found.length === 1) return new Array<number>(count).fill(found[0]!);
  throw new Error(`onnx: expected ${count} zero points for ${name}, got ${found.length}; the model is malformed`);
}

/** The index into the scale for flat index i. */
function indexOfScale(shape: readonly number[], scaling: Scaling, name: string): (i: number) => number {
  const { scale, axis = 1, blockSize = 0 } = scaling;
  const count = sizeOf(scale.shape);
  if (count === 1) return () => 0;
  const at = axis < 0 ? axis + shape.length : axis;
  const extent = shape[at];
  const inner = sizeOf(shape.slice(at + 1));
  if (scale.shape.length === 1 && count === extent) return (i) => Math.floor(i / inner) % extent;
  const blocks = scale.shape[at];
  const fits = scale.shape.every((size, k) =>
    k === at ? size === Math.ceil((extent ?? 0) / blockSize) : size === shape[k],
  );
  if (extent === undefined || blocks === undefined || blockSize < 1 || scale.shape.length !== shape.length || !fits)
    throw new Error(
      `onnx: expected one scale for ${name} of shape [${shape.join(", ")}], one per index of axis ${axis}, or blocks, got shape [${scale.shape.join(", ")}]`,
    );
  return (i) => {
    const [outer, along] = [Math.floor(i / (inner * extent)), Math.floor(i / inner) % extent];
    return (outer * blocks + Math.floor(along / blockSize)) * inner + (i % inner);
  };
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
