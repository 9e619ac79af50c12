/**
 * @file Damage to an ONNX model that leaves the protobuf readable, so that it reaches what stands behind the parser:
 * shapes, types, names, attributes, weights, nodes left out or doubled.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  StringStringEntryProtoSchema,
  type TensorProto,
  type ValueInfoProto,
} from "../../src/onnx/proto/onnx_pb.ts";
import type { Random } from "../../src/random/random.ts";

const NUMBERS = [
  0,
  1,
  2,
  3,
  7,
  10,
  11,
  16,
  64,
  255,
  1e4,
  1e6,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 40,
  2 ** 53,
  2 ** 63 - 1024,
  -1,
  -2,
  -(2 ** 31),
  -(2 ** 63),
];
const LOCATIONS = ["w", "../w", "/dev/zero", ""];
const INT64 = 7;
const FLOATS = [0, -0, 1, -1, 1e-45, 3e38, Number.NaN, Number.POSITIVE_INFINITY, 0.5];
const OPERATORS =
  "Relu Add MatMul Gemm Conv Reshape Transpose Softmax Loop If Tile Expand Resize Pad ConstantOfShape Range Cast Gather QuantizeLinear DequantizeLinear MatMulInteger Einsum NoSuchOperator TopK CumSum".split(
    " ",
  );

/** One to three changes; bytes that are no model are returned as they are. */
export function mutateModel(bytes: Uint8Array, random: Random): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph!;
  for (let count = 1 + random.below(3); count > 0; count--)
    if (random.below(12) === 0) model.opsetImport[0]!.version = whole(random);
    else change(graph, random);
  return toBinary(ModelProtoSchema, model);
}

function change(graph: GraphProto, random: Random): void {
  const what = random.below(10);
  if (what < 3 && graph.initializer.length > 0) changeTensor(pick(graph.initializer, random), random);
  else if (what < 7) changeNode(graph, random);
  else if (what === 7 && graph.input.length > 0) changeInfo(pick(graph.input, random), random);
  else if (what === 8) changeInfo(pick(graph.output, random), random);
  else renameSomething(graph, random);
}

function changeTensor(tensor: TensorProto, random: Random): void {
  const what = random.below(6);
  if (what === 0) tensor.dataType = random.below(25);
  else if (what === 1 && tensor.dims.length > 0) tensor.dims[random.below(tensor.dims.length)] = whole(random);
  else if (what === 2) tensor.dims.push(BigInt(random.below(3)));
  else if (what === 3) tensor.dims.reverse();
  else if (what === 4)
    tensor.externalData = [create(StringStringEntryProtoSchema, { key: "location", value: pick(LOCATIONS, random) })];
  else if (tensor.dataType === INT64 && tensor.rawData.length >= 8) {
    tensor.rawData = new Uint8Array(tensor.rawData);
    new DataView(tensor.rawData.buffer).setBigInt64(8 * random.below(tensor.rawData.length / 8), whole(random), true);
  } else if (tensor.rawData.length > 0) {
    tensor.rawData = new Uint8Array(tensor.rawData);
    for (let i = 0; i < 4; i++) tensor.rawData[random.below(tensor.rawData.length)] = random.below(256);
  }
}

function changeNode(graph: GraphProto, random: Random): void {
  const at = random.below(graph.node.length);
  const node = graph.node[at]!;
  const what = random.below(8);
  if (what === 0) graph.node.splice(at, 1);
  else if (what === 1) graph.node.splice(at, 0, node);
  else if (what === 2) node.opType = pick(OPERATORS, random);
  else if (what === 3 && node.input.length > 0) node.input[random.below(node.input.length)] = anyName(graph, random);
  else if (what === 4) node.input.push(anyName(graph, random));
  else if (what === 5 && node.input.length > 0) node.input.splice(random.below(node.input.length), 1);
  else changeAttribute(node, random);
}

function changeAttribute(node: NodeProto, random: Random): void {
  if (node.attribute.length === 0) return;
  const attribute: AttributeProto = pick(node.attribute, random);
  const what = random.below(5);
  if (what === 0) attribute.type = random.below(15);
  else if (what === 1) node.attribute.splice(node.attribute.indexOf(attribute), 1);
  else if (what === 2 && attribute.t !== undefined) changeTensor(attribute.t, random);
  else if (attribute.ints.length > 0) attribute.ints[random.below(attribute.ints.length)] = whole(random);
  else {
    attribute.i = whole(random);
    attribute.f = pick(FLOATS, random);
  }
}

function changeInfo(info: ValueInfoProto, random: Random): void {
  const kind = info.type?.value;
  if (kind?.case !== "tensorType") return;
  const dims = kind.value.shape?.dim ?? [];
  if (random.below(3) === 0 || dims.length === 0) kind.value.elemType = random.below(25);
  else dims[random.below(dims.length)]!.value = { case: "dimValue", value: whole(random) };
}

function renameSomething(graph: GraphProto, random: Random): void {
  const node = pick(graph.node, random);
  const name = pick(
    ["", "x", "y", "\u0007\u009b31m", "a".repeat(70_000), "__proto__", "../../x", anyName(graph, random)],
    random,
  );
  if (random.below(2) === 0) node.name = name;
  else node.output[0] = name;
}

function anyName(graph: GraphProto, random: Random): string {
  const names = [...graph.initializer, ...graph.input].map(({ name }) => name);
  return pick([...names, ...graph.node.flatMap(({ output }) => output), ""], random);
}

function whole(random: Random): bigint {
  return BigInt(pick(NUMBERS, random));
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[random.below(list.length)]!;
}
