/**
 * @file Tensors of an ONNX file (TensorProto) to and from Tensor. The length of the data is checked against the shape
 * before anything is allocated; raw bytes are little-endian.
 */
import { create } from "@bufbuild/protobuf";
import { elementType, elementTypeCode } from "./elementType.ts";
import { type ExternalFiles, readExternal } from "./externalData.ts";
import {
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from "./proto/onnx_pb.ts";
import { arrayType, type DataType, sizeOf, type Tensor, type TensorData } from "./tensor.ts";

/**
 * @param files reads the tensor's data where it is not in the model's file
 * @throws Error in one line when the data does not fit the shape, or its file is missing
 */
export function decodeTensor(proto: TensorProto, files?: ExternalFiles): Tensor {
  const name = proto.name || "a tensor";
  const shape = proto.dims.map(Number);
  const size = sizeOf(shape);
  if (![...shape, size].every((extent) => extent >= 0 && Number.isSafeInteger(extent)))
    throw new Error(`onnx: expected a tensor shape, got [${shape.join(", ")}] for ${name}`);
  const dtype = elementType(proto.dataType, name);
  const count = (got: number, unit: string, expected = size) => {
    if (got !== expected)
      throw new Error(
        `onnx: expected ${expected} ${unit} for ${name} of shape [${shape.join(", ")}], got ${got}; the file is torn`,
      );
  };
  const external = proto.dataLocation === TensorProto_DataLocation.EXTERNAL || proto.externalData.length > 0;
  if (dtype === "string") {
    if (external) throw new Error(`onnx: expected the texts of ${name} in the model file, got a reference to another`);
    count(proto.stringData.length, "strings");
    return { dtype, shape, data: proto.stringData.map((bytes) => new TextDecoder().decode(bytes)) };
  }
  const Type = arrayType(dtype);
  if (external) {
    const bytes = readExternal(name, proto.externalData, size * Type.BYTES_PER_ELEMENT, files);
    return { dtype, shape, data: new Type(bytes.buffer, bytes.byteOffset, size) };
  }
  if (proto.rawData.length > 0 || size === 0) {
    count(proto.rawData.length, "bytes", size * Type.BYTES_PER_ELEMENT);
    // a copy: typed arrays need aligned memory (slice of a Node Buffer is none)
    const bytes = new Uint8Array(proto.rawData);
    return { dtype, shape, data: new Type(bytes.buffer, bytes.byteOffset, size) };
  }
  const values = typedValues(proto, dtype);
  count(values.length, "values");
  const data = new Type(size) as Exclude<TensorData, string[]>;
  for (let i = 0; i < size; i++) data[i] = values[i]!;
  return { dtype, shape, data };
}

/** The field that holds the values of a type when they are not raw bytes (onnx.proto, TensorProto). */
function typedValues(proto: TensorProto, dtype: DataType): ArrayLike<number | bigint> {
  if (dtype === "float32") return proto.floatData;
  if (dtype === "float64") return proto.doubleData;
  if (dtype === "int64") return proto.int64Data;
  if (dtype === "uint64") return proto.uint64Data;
  if (dtype === "uint32") return proto.uint64Data.map(Number);
  return proto.int32Data;
}

/** Tensors that a model file refers to instead of containing them. */
export interface Outside {
  /** Tensors of at least this many bytes go outside. */
  readonly fromBytes: number;
  /** Receives their bytes, which share memory with the tensors, by location. */
  readonly files: Map<string, Uint8Array>;
}

/** @param outside takes the data of large tensors; by default the message holds everything */
export function encodeTensor(name: string, tensor: Tensor, outside?: Outside): TensorProto {
  const dims = tensor.shape.map(BigInt);
  const dataType = elementTypeCode(tensor.dtype);
  if (tensor.dtype === "string") {
    const stringData = (tensor.data as string[]).map((text) => new TextEncoder().encode(text));
    return create(TensorProtoSchema, { name, dims, dataType, stringData });
  }
  const { buffer, byteOffset, byteLength } = tensor.data as Exclude<TensorData, string[]>;
  const rawData = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  if (outside === undefined || byteLength < outside.fromBytes)
    return create(TensorProtoSchema, { name, dims, dataType, rawData });
  const location = `weights/${outside.files.size}`;
  outside.files.set(location, rawData);
  const externalData = Object.entries({ location, offset: "0", length: String(byteLength) }).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  const dataLocation = TensorProto_DataLocation.EXTERNAL;
  return create(TensorProtoSchema, { name, dims, dataType, externalData, dataLocation });
}
