/**
 * @file Element types and their codes in ONNX files, which also occur in attributes of operators (the target of a
 * Cast).
 */
import type { DataType } from "./tensor.ts";

/** TensorProto.DataType codes of the supported element types. */
const codes: Record<DataType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};

/** Element types by the names of TensorProto.DataType ("FLOAT", "INT64"). */
export const elementTypeNames: Readonly<Record<string, DataType>> = Object.fromEntries(
  Object.keys(codes).map((dtype) => [
    dtype === "float32" ? "FLOAT" : dtype === "float64" ? "DOUBLE" : dtype.toUpperCase(),
    dtype as DataType,
  ]),
);

const typesByCode = new Map(Object.entries(codes).map(([dtype, code]) => [code, dtype as DataType]));

/** The code of an element type: TensorProto.DataType. */
export function elementTypeCode(dtype: DataType): number {
  return codes[dtype];
}

/** The element type of a code. @param name of the value, for the error @throws Error where we do not read the type */
export function elementType(code: number, name: string): DataType {
  const dtype = typesByCode.get(code);
  if (dtype === undefined)
    throw new Error(`onnx: expected ${name} to be of a float, integer, bool or string type, got type code ${code}`);
  return dtype;
}
