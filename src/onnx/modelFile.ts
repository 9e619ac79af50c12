/**
 * @file Reads and writes ONNX model files (protobuf, https://onnx.ai/onnx/repo-docs/IR.html) to and from Model. A
 * stranger's file is checked before anything is allocated for it: tensor lengths against shapes, nesting, names.
 * Weights in separate files are read through the caller's reader (externalData.ts).
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { elementType, elementTypeCode } from "./elementType.ts";
import type { ExternalFiles } from "./externalData.ts";
import type { Attribute, Graph, Model, Node, ValueInfo } from "./graph.ts";
import { inlineFunctions, MAX_NODES } from "./inlineFunctions.ts";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./proto/onnx_pb.ts";
import { decodeTensor, encodeTensor, type Outside } from "./tensorProto.ts";

/** chosen: control-flow bodies nest a few levels in real models; deeper is refused. */
const MAX_NESTING = 16;

/** Metadata key in which PyTorch's exporter lists the modules of a node. */
const SCOPES = "pkg.torch.onnx.name_scopes";

/** chosen: a line that a terminal still shows. */
const MAX_MESSAGE = 300;

/**
 * Reads an ONNX model.
 *
 * @param files reads separate files that hold the model's weights, if there are any
 * @throws Error in one line when the bytes are no ONNX model, a tensor's data does not fit its shape, or a name is used
 *   twice
 */
export function decodeModel(bytes: Uint8Array, files?: ExternalFiles): Model {
  try {
    return readModel(bytes, files);
  } catch (error) {
    throw new Error(printable((error as Error).message), { cause: error });
  }
}

/** Names in a stranger's file may contain anything and have any length. */
function printable(message: string): string {
  const line = message.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line;
}

function readModel(bytes: Uint8Array, files: ExternalFiles | undefined): Model {
  let proto: ModelProto;
  try {
    proto = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new Error(
      `onnx: expected an ONNX model, got ${bytes.length} bytes that are not one (${(error as Error).message})`,
    );
  }
  if (proto.graph === undefined || proto.opsetImport.length === 0)
    throw new Error(
      "onnx: expected an ONNX model with a graph and an operator set, got neither; is the file complete?",
    );
  const domains: Record<string, number> = {};
  let opset = 0;
  for (const { domain, version } of proto.opsetImport) {
    if (domain === "" || domain === "ai.onnx") opset = Number(version);
    else domains[domain] = Number(version);
  }
  if (opset === 0) throw new Error("onnx: expected a version of the standard operator set, got none");
  return {
    graph: decodeGraph(inlineFunctions(proto, proto.graph), 0, new Set(), files),
    opset,
    domains,
    producer: proto.producerName,
  };
}

/** Writes a model as the bytes of an ONNX file. */
export function encodeModel(model: Model): Uint8Array<ArrayBuffer> {
  return writeModel(model);
}

/**
 * Writes a model with its large weights outside the file, so that they are not copied and the file stays below the 2
 * GiB limit of a protobuf message.
 *
 * @param fromBytes tensors of at least this many bytes stay outside
 * @returns the file, and the bytes of each outside tensor by its location in the file; they share memory with the model
 */
export function encodeModelParts(
  model: Model,
  fromBytes: number,
): { bytes: Uint8Array<ArrayBuffer>; external: ReadonlyMap<string, Uint8Array> } {
  const external = new Map<string, Uint8Array>();
  return { bytes: writeModel(model, { fromBytes, files: external }), external };
}

function writeModel(model: Model, outside?: Outside): Uint8Array<ArrayBuffer> {
  const opsetImport = [
    { domain: "", version: BigInt(model.opset) },
    ...Object.entries(model.domains ?? {}).map(([domain, version]) => ({ domain, version: BigInt(version) })),
  ];
  const proto = create(ModelProtoSchema, {
    irVersion: 10n,
    producerName: model.producer ?? "crh-lab",
    opsetImport: opsetImport as ModelProto["opsetImport"],
    graph: encodeGraph(model.graph, outside),
  });
  return toBinary(ModelProtoSchema, proto) as Uint8Array<ArrayBuffer>;
}

/** @param outer names of the enclosing graphs, which a body may read but not produce again */
/** Names of values known at a point in the graph. */
type Names = Pick<ReadonlySet<string>, "has">;

function decodeGraph(proto: GraphProto, depth: number, outer: Names, files?: ExternalFiles): Graph {
  if (depth > MAX_NESTING) throw new Error(`onnx: expected at most ${MAX_NESTING} nested graphs, got more`);
  if (proto.node.length > MAX_NODES)
    throw new Error(`onnx: expected at most ${MAX_NODES} nodes, got ${proto.node.length}; analyze a part of the model`);
  if (proto.sparseInitializer.length > 0)
    throw new Error("onnx: expected dense initializers, got a sparse one; export the model with dense weights");
  const initializers = new Map(proto.initializer.map((tensor) => [tensor.name, decodeTensor(tensor, files)] as const));
  // Before IR version 4 the inputs listed every initializer too; a value with data is no input here.
  const typed = depth === 0;
  const inputs = proto.input
    .filter(({ name }) => !initializers.has(name))
    .map((value) => decodeValueInfo(value, typed));
  const own = new Set<string>();
  // a copy for each body would take quadratic time
  const known: Names = { has: (name) => own.has(name) || outer.has(name) };
  const produce = (name: string) => {
    if (known.has(name)) throw new Error(`onnx: expected every value to be produced once, got "${name}" twice`);
    own.add(name);
  };
  for (const { name } of [...proto.initializer, ...inputs]) produce(name);
  const nodes = proto.node.map((node) => {
    const decoded = decodeNode(node, depth, known, files);
    for (const name of decoded.inputs)
      if (name !== "" && !known.has(name))
        throw new Error(`onnx: node ${decoded.name || decoded.op} reads "${name}", which nothing before it produces`);
    for (const name of decoded.outputs) if (name !== "") produce(name);
    return decoded;
  });
  const outputs = proto.output.map((value) => decodeValueInfo(value, false));
  for (const { name } of outputs)
    if (!known.has(name)) throw new Error(`onnx: graph output "${name}" is produced by no node; is the file complete?`);
  return { name: proto.name, nodes, initializers, inputs, outputs };
}

function decodeNode(proto: NodeProto, depth: number, known: Names, files?: ExternalFiles): Node {
  const attributes = proto.attribute.map((one) => [one.name, decodeAttribute(one, depth, known, files)] as const);
  const scope = scopeOf(proto);
  return {
    op: proto.opType,
    domain: proto.domain === "ai.onnx" ? "" : proto.domain,
    name: proto.name,
    inputs: proto.input,
    outputs: proto.output,
    attributes: Object.fromEntries(attributes),
    ...(scope === undefined ? {} : { scope }),
  };
}

/** The innermost module in the scopes of PyTorch's exporter: "['', 'layers.0', 'layers.0.mlp', 'linear_3']". */
function scopeOf({ metadataProps }: NodeProto): string | undefined {
  const scopes = metadataProps.find(({ key }) => key === SCOPES)?.value;
  const parts = [...(scopes ?? "").matchAll(/'([^']*)'/g)].map(([, part]) => part!);
  return parts.at(-2) || undefined;
}

function decodeAttribute(proto: AttributeProto, depth: number, known: Names, files?: ExternalFiles): Attribute {
  const { type, name } = proto;
  if (type === AttributeType.INT) return { int: wholeNumber(proto.i) };
  if (type === AttributeType.INTS) return { ints: proto.ints.map(wholeNumber) };
  if (type === AttributeType.FLOAT) return { float: proto.f };
  if (type === AttributeType.FLOATS) return { floats: proto.floats };
  if (type === AttributeType.STRING) return { string: new TextDecoder().decode(proto.s) };
  if (type === AttributeType.STRINGS) return { strings: proto.strings.map((bytes) => new TextDecoder().decode(bytes)) };
  if (type === AttributeType.TENSOR && proto.t !== undefined) return { tensor: decodeTensor(proto.t, files) };
  if (type === AttributeType.GRAPH && proto.g !== undefined)
    return { graph: decodeGraph(proto.g, depth + 1, known, files) };
  throw new Error(
    `onnx: expected attribute ${name} to be a number, string, tensor or graph, got type ${AttributeType[type]}`,
  );
}

/**
 * Exporters write the end of a slice as the largest 64-bit integer; numbers beyond ±2^53 become the nearest exact one.
 */
function wholeNumber(value: bigint): number {
  return Math.min(Math.max(Number(value), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** @param typed whether a type is required; outputs and the inputs of bodies may leave it to the engine */
function decodeValueInfo(proto: ValueInfoProto, typed: boolean): ValueInfo {
  const kind = proto.type?.value;
  if (kind?.case === undefined && !typed) return { name: proto.name };
  if (kind?.case !== "tensorType")
    throw new Error(`onnx: expected ${proto.name} to be a tensor, got ${kind?.case ?? "no type"}`);
  const dtype = elementType(kind.value.elemType, proto.name);
  const shape = kind.value.shape?.dim.map(({ value }) => {
    if (value.case === "dimValue") {
      const extent = Number(value.value);
      if (extent === -1) return undefined; // as old exporters write a free dimension
      if (extent < 0 || !Number.isSafeInteger(extent))
        throw new Error(`onnx: expected a dimension of ${proto.name} to be 0 or more, got ${extent}`);
      return extent;
    }
    return value.case === "dimParam" && AXIS_NAME.test(value.value) ? value.value : undefined;
  });
  return shape === undefined ? { name: proto.name, dtype } : { name: proto.name, dtype, shape };
}

/** Names of axes are printed with shapes: one that no exporter writes counts as no name. */
const AXIS_NAME = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,200}$/u;

/** @param outside takes the large initializers of the top graph; bodies and attributes stay in the file */
function encodeGraph(graph: Graph, outside?: Outside): GraphProto {
  return create(GraphProtoSchema, {
    name: graph.name,
    node: graph.nodes.map(encodeNode),
    initializer: [...graph.initializers].map(([name, tensor]) => encodeTensor(name, tensor, outside)),
    input: graph.inputs.map(encodeValueInfo),
    output: graph.outputs.map(encodeValueInfo),
  });
}

function encodeNode(node: Node): NodeProto {
  return create(NodeProtoSchema, {
    opType: node.op,
    domain: node.domain,
    name: node.name,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, attribute]) => encodeAttribute(name, attribute)),
    metadataProps: (node.scope === undefined
      ? []
      : [{ key: SCOPES, value: `['', '${node.scope}', '']` }]) as NodeProto["metadataProps"],
  });
}

function encodeAttribute(name: string, value: Attribute): AttributeProto {
  const text = new TextEncoder();
  if ("int" in value) return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value.int) });
  if ("ints" in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.ints.map(BigInt) });
  if ("float" in value) return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  if ("floats" in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOATS, floats: [...value.floats] });
  if ("string" in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: text.encode(value.string) });
  if ("strings" in value) {
    const strings = value.strings.map((part) => text.encode(part));
    return create(AttributeProtoSchema, { name, type: AttributeType.STRINGS, strings });
  }
  if ("tensor" in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.TENSOR, t: encodeTensor("", value.tensor) });
  return create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g: encodeGraph(value.graph) });
}

function encodeValueInfo(info: ValueInfo): ValueInfoProto {
  if (info.dtype === undefined) return create(ValueInfoProtoSchema, { name: info.name });
  const dim = info.shape?.map((extent) => {
    if (typeof extent === "number") return { value: { case: "dimValue" as const, value: BigInt(extent) } };
    if (typeof extent === "string") return { value: { case: "dimParam" as const, value: extent } };
    return {};
  });
  const tensorType = { elemType: elementTypeCode(info.dtype), ...(dim === undefined ? {} : { shape: { dim } }) };
  return create(ValueInfoProtoSchema, {
    name: info.name,
    type: { value: { case: "tensorType", value: tensorType } },
  } as Parameters<typeof create<typeof ValueInfoProtoSchema>>[1]);
}
