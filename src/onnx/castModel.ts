/**
 * @file Converts a model that computes in 16-bit or 64-bit floats to float32, the type in which everything is measured.
 * ONNX Runtime's CPU kernels leave no other choice. It has few kernels for float16 and casts around the others, which
 * rounds every intermediate value. For bfloat16 it has no arithmetic at all, and for float64 it lacks some operators.
 *
 * Every float value changes its type: weights, inputs, outputs, constants, casts, also in bodies. Casts between float
 * types become casts from float32 to itself. Results differ from the original by the rounding of its own type. A finite
 * float64 beyond float32's range becomes the largest float32 (exporters write masks as -1.8e308). Functions of the
 * model must be inlined before.
 */
import { bfloat16ToFloat32, halfToFloat32 } from "../formats/halfPrecision.ts";
import { elementTypeCode } from "./elementType.ts";
import type { Attribute, Graph, Model, Node, ValueInfo } from "./graph.ts";
import type { DataType, Tensor } from "./tensor.ts";

const LARGEST_FLOAT32 = 3.4028234663852886e38;

/** Attributes that hold the code of an element type. */
const TYPE_ATTRIBUTES: readonly string[] = [
  "to",
  "dtype",
  "output_datatype",
  "output_dtype",
  "softmax_precision",
  "stash_type",
];

const otherFloats: readonly DataType[] = ["float16", "bfloat16", "float64"];
const otherCodes: ReadonlySet<number> = new Set(otherFloats.map(elementTypeCode));

/** The model in float32; the same object where it already is. Weights in float32 are shared, not copied. */
export function castModel(model: Model): Model {
  return usesOtherFloats(model.graph) ? { ...model, graph: castGraph(model.graph) } : model;
}

/** A float tensor's values in float32; any other tensor is returned unchanged. */
export function castTensor(tensor: Tensor): Tensor {
  const { dtype, shape, data } = tensor;
  if (dtype === "float16") return { dtype: "float32", shape, data: halfToFloat32(data as Uint16Array) };
  if (dtype === "bfloat16") return { dtype: "float32", shape, data: bfloat16ToFloat32(data as Uint16Array) };
  if (dtype === "float64") return { dtype: "float32", shape, data: narrow(data as Float64Array) };
  return tensor;
}

function narrow(values: Float64Array): Float32Array {
  const out = Float32Array.from(values);
  for (let i = 0; i < out.length; i++)
    if (!Number.isFinite(out[i]) && Number.isFinite(values[i])) out[i] = Math.sign(values[i]!) * LARGEST_FLOAT32;
  return out;
}

function usesOtherFloats(graph: Graph): boolean {
  const isOther = (value: { dtype?: DataType }) => value.dtype !== undefined && otherFloats.includes(value.dtype);
  return (
    [...graph.inputs, ...graph.outputs, ...graph.initializers.values()].some(isOther) ||
    graph.nodes.some(({ attributes }) =>
      Object.entries(attributes).some(([name, value]) => {
        if ("tensor" in value) return isOther(value.tensor);
        if ("graph" in value) return usesOtherFloats(value.graph);
        return "int" in value && TYPE_ATTRIBUTES.includes(name) && otherCodes.has(value.int);
      }),
    )
  );
}

function castGraph(graph: Graph): Graph {
  return {
    name: graph.name,
    nodes: graph.nodes.map(castNode),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [name, castTensor(tensor)])),
    inputs: graph.inputs.map(castInfo),
    outputs: graph.outputs.map(castInfo),
  };
}

function castInfo(info: ValueInfo): ValueInfo {
  return info.dtype !== undefined && otherFloats.includes(info.dtype) ? { ...info, dtype: "float32" } : info;
}

function castNode(node: Node): Node {
  const entries = Object.entries(node.attributes).map(([name, value]) => [name, castAttribute(name, value)] as const);
  return { ...node, attributes: Object.fromEntries(entries) };
}

function castAttribute(name: string, value: Attribute): Attribute {
  if ("tensor" in value) return { tensor: castTensor(value.tensor) };
  if ("graph" in value) return { graph: castGraph(value.graph) };
  if ("int" in value && TYPE_ATTRIBUTES.includes(name) && otherCodes.has(value.int))
    return { int: elementTypeCode("float32") };
  return value;
}
