/**
 * @file A tensor in an ONNX file, or at the inputs and outputs of a graph: element type, shape and a typed array.
 * Row-major, as in ONNX. Half-precision values stay as their 16-bit patterns; nothing is converted silently.
 */

/** ONNX element types by the names of ONNX Runtime's JavaScript API. */
export type DataType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint64"
  | "uint32"
  | "uint16"
  | "uint8"
  | "bool"
  | "string";

export type TensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | string[];

export interface Tensor {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

type NumericArrayConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): Exclude<TensorData, string[]>;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Exclude<TensorData, string[]>;
};

/** Array type that holds each element type; 16-bit floats as their bit patterns, booleans as bytes. */
const arrayTypes: Record<Exclude<DataType, "string">, NumericArrayConstructor> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

export function arrayType(dtype: Exclude<DataType, "string">): NumericArrayConstructor {
  return arrayTypes[dtype];
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A float32 tensor over the given values (copied unless already a Float32Array). */
export function float32(values: ArrayLike<number>, shape: readonly number[] = [values.length]): Tensor {
  const data = values instanceof Float32Array ? values : Float32Array.from(values);
  checkSize("float32", data.length, shape);
  return { dtype: "float32", shape, data };
}

/** A float64 tensor over the given values (copied unless already a Float64Array). */
export function float64(values: ArrayLike<number>, shape: readonly number[] = [values.length]): Tensor {
  const data = values instanceof Float64Array ? values : Float64Array.from(values);
  checkSize("float64", data.length, shape);
  return { dtype: "float64", shape, data };
}

/** An int64 tensor over whole numbers. */
export function int64(values: ArrayLike<number>, shape: readonly number[] = [values.length]): Tensor {
  checkSize("int64", values.length, shape);
  return { dtype: "int64", shape, data: BigInt64Array.from(Array.from(values), (value) => BigInt(value)) };
}

/** The values of a numeric tensor as JavaScript numbers (64-bit integers must be within ±2^53). */
export function toNumbers(tensor: Tensor): number[] {
  return Array.from(plainValues(tensor), Number);
}

/** The same as a new array, fast for large tensors. */
export function toFloat64(tensor: Tensor): Float64Array {
  const values = plainValues(tensor);
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float64Array.from(values, Number)
    : new Float64Array(values as ArrayLike<number>);
}

function plainValues({ dtype, data }: Tensor): ArrayLike<number | bigint> {
  if (dtype === "string" || dtype === "float16" || dtype === "bfloat16")
    throw new TypeError(`toNumbers: expected a tensor of plain numbers, got ${dtype}`);
  return data as ArrayLike<number | bigint>;
}

function checkSize(where: string, length: number, shape: readonly number[]): void {
  if (length !== sizeOf(shape))
    throw new RangeError(`${where}: expected ${sizeOf(shape)} values for shape [${shape.join(", ")}], got ${length}`);
}
