/**
 * @file How operators of the standard set changed their form from version 6 on, and how an old node is rewritten. Only
 * changes to the meaning or the layout of a node are listed; new types, new optional inputs and new attributes whose
 * default keeps the old meaning need no rewriting. Source: https://onnx.ai/onnx/operators, version history of each
 * operator.
 *
 * To add one: an entry with the version that changed and a function from the old node to the new one, and a case in
 * test/onnx/upgrade.test.ts.
 */

import { elementTypeCode, elementTypeNames } from "./elementType.ts";
import { type Attribute, int, intAttribute, intsAttribute, type Node, stringAttribute } from "./graph.ts";
import type { GraphBuilder } from "./graphBuilder.ts";
import { type DataType, float32, int64, type Tensor } from "./tensor.ts";

/** What a rewrite may use besides the node. */
export interface RewriteContext {
  /** Takes constants and helper nodes, in the form of the working version. */
  readonly g: GraphBuilder;
  /** The model's float type; old attributes became inputs of this type. */
  readonly floatType: DataType;
}

/**
 * A version at which an operator changed, and the node in its new form; undefined for an old form without a known
 * rewrite.
 */
export interface Change {
  readonly since: number;
  readonly rewrite: ((node: Node, around: RewriteContext) => Node | undefined) | "unknown";
}

function without(node: Node, ...names: readonly string[]): Record<string, Attribute> {
  return Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !names.includes(name)));
}

/** An integer-list attribute that became input `position`. */
const intsToInput =
  (attribute: string, position: number) =>
  (node: Node, { g }: RewriteContext): Node => {
    const values = intsAttribute(node, attribute);
    if (values === undefined) return node;
    const inputs = [...node.inputs];
    while (inputs.length < position) inputs.push("");
    inputs[position] = g.ints(values);
    return { ...node, inputs, attributes: without(node, attribute) };
  };

/** A number as a constant of the model's float type. */
export function floatConstant({ g, floatType }: RewriteContext, value: number): string {
  const constant = g.constant(float32([value], []));
  return floatType === "float32" ? constant : g.op("Cast", [constant], { to: int(elementTypeCode(floatType)) });
}

function floatOf(node: Node, name: string): number | undefined {
  const attribute = node.attributes[name];
  return attribute !== undefined && "float" in attribute ? attribute.float : undefined;
}

/** Clip-6: limits as attributes. */
const clip = (node: Node, around: RewriteContext): Node => {
  const limit = (name: string) => {
    const value = floatOf(node, name);
    return value === undefined ? "" : floatConstant(around, value);
  };
  return { ...node, inputs: [node.inputs[0]!, limit("min"), limit("max")], attributes: {} };
};

/** Dropout-7: the ratio as an attribute; without the input training_mode it is the identity. */
const dropout = (node: Node, around: RewriteContext): Node => {
  const ratio = floatOf(node, "ratio");
  const inputs = ratio === undefined ? node.inputs : [node.inputs[0]!, floatConstant(around, ratio)];
  return { ...node, inputs, attributes: without(node, "ratio") };
};

/** Softmax before 13 flattened its input to a matrix at `axis` (default 1) and normalized the rows. */
const flattenedSoftmax = (node: Node, { g }: RewriteContext): Node => {
  const axis = intAttribute(node, "axis", 1);
  if (axis === -1) return node;
  const rows = g.op("Flatten", [node.inputs[0]!], { axis: int(axis) });
  const result = g.op(node.op, [rows], { axis: int(-1) });
  return { ...node, op: "Reshape", inputs: [result, g.op("Shape", [node.inputs[0]!])], attributes: {} };
};

/** Slice-1: starts, ends and axes as attributes. */
const slice = (node: Node, { g }: RewriteContext): Node => {
  const lists = ["starts", "ends", "axes"].map((name) => intsAttribute(node, name));
  const inputs = [node.inputs[0]!, ...lists.map((values) => (values === undefined ? "" : g.ints(values)))];
  return { ...node, inputs, attributes: {} };
};

/** Pad-2: pads and the constant as attributes. */
const pad = (node: Node, around: RewriteContext): Node => {
  const value = floatOf(node, "value") ?? 0;
  const filler = value === 0 ? [] : [floatConstant(around, value)];
  const pads = around.g.ints(intsAttribute(node, "pads") ?? []);
  return { ...node, inputs: [node.inputs[0]!, pads, ...filler], attributes: without(node, "pads", "value") };
};

/** Split-13 counted its outputs when no sizes were given; Split-18 wants the number. */
const numOutputs = (node: Node): Node =>
  node.inputs[1] ? node : { ...node, attributes: { ...node.attributes, num_outputs: int(node.outputs.length) } };

/** TopK-1: k as an attribute. */
const topK = (node: Node, { g }: RewriteContext): Node => ({
  ...node,
  inputs: [node.inputs[0]!, g.ints([intAttribute(node, "k", 1)])],
  attributes: without(node, "k"),
});

/** Upsample and Resize-10 computed source positions without half-pixel centres and rounded down. */
const resize = (node: Node, { g }: RewriteContext): Node => {
  const list = node.attributes.scales;
  const attributeScales = list !== undefined && "floats" in list ? g.constant(float32(list.floats)) : undefined;
  return {
    ...node,
    op: "Resize",
    inputs: [node.inputs[0]!, "", attributeScales ?? node.inputs[1]!],
    attributes: {
      mode: { string: stringAttribute(node, "mode", "nearest") },
      coordinate_transformation_mode: { string: "asymmetric" },
      nearest_mode: { string: "floor" },
    },
  };
};

/** BatchNormalization-7 could normalize per entry (spatial = 0), and its further outputs indicated training. */
const batchNormalization = (node: Node): Node | undefined => {
  const training = node.outputs.slice(1).some((name) => name !== "");
  if (training || intAttribute(node, "spatial", 1) !== 1) return undefined;
  return { ...node, outputs: node.outputs.slice(0, 1), attributes: without(node, "spatial") };
};

/** The target type by name, as in Cast before 6 and in later files of some exporters. */
const castByName = (node: Node): Node | undefined => {
  const to = node.attributes.to;
  if (to === undefined || !("string" in to)) return node;
  const dtype = elementTypeNames[to.string];
  return dtype && { ...node, attributes: { ...node.attributes, to: int(elementTypeCode(dtype)) } };
};

/** GroupNormalization-18 had one scale per group of channels; since 21 there is one per channel. */
const groupNormalization = (node: Node, { g }: RewriteContext): Node => {
  const groups = g.ints([intAttribute(node, "num_groups", 1)]);
  const channels = g.op("Shape", [node.inputs[0]!], { start: int(1), end: int(2) });
  const shape = g.op("Concat", [groups, g.op("Div", [channels, groups])], { axis: int(0) });
  const perChannel = node.inputs.slice(1).map((name) => {
    const column = g.op("Unsqueeze", [name, g.ints([1])]);
    return g.op("Reshape", [g.op("Expand", [column, shape]), g.ints([-1])]);
  });
  return { ...node, inputs: [node.inputs[0]!, ...perChannel] };
};

/** A shape of `count` ones; `count` is a computed list of one number. */
const onesOf = (g: GraphBuilder, count: string) => {
  const one: Tensor = { dtype: "int64", shape: [1], data: BigInt64Array.of(1n) };
  return g.op("ConstantOfShape", [g.op("Max", [count, g.ints([0])])], { value: { tensor: one } });
};
const rankOf = (g: GraphBuilder, name: string) => g.op("Shape", [g.op("Shape", [name])]);

/** Before 7, B lay along the axes of A from `axis` on, and only if `broadcast` was set. */
const broadcastAxis = (node: Node, { g }: RewriteContext): Node => {
  const attributes = without(node, "broadcast", "axis", "consumed_inputs");
  if (intAttribute(node, "broadcast", 0) === 0 || node.attributes.axis === undefined) return { ...node, attributes };
  const [A, B] = node.inputs as [string, string];
  const trailing = g.op("Sub", [g.op("Sub", [rankOf(g, A), rankOf(g, B)]), g.ints([intAttribute(node, "axis", 0)])]);
  const shape = g.op("Concat", [g.op("Shape", [B]), onesOf(g, trailing)], { axis: int(0) });
  return { ...node, inputs: [A, g.op("Reshape", [B, shape])], attributes };
};

/** PRelu-6: one slope, or one for each channel, which is axis 1. */
const prelu = (node: Node, { g }: RewriteContext): Node => {
  const [x, slope] = node.inputs as [string, string];
  const trailing = g.op("Sub", [rankOf(g, x), g.ints([2])]);
  const shape = g.op("Concat", [g.ints([-1]), onesOf(g, trailing)], { axis: int(0) });
  return { ...node, inputs: [x, g.op("Reshape", [slope, shape])], attributes: without(node, "consumed_inputs") };
};

/** Before 7 the attribute is_test selected the inference form. */
const isTest = (node: Node): Node | undefined => {
  const training = intAttribute(node, "is_test", 0) === 0 && node.outputs.slice(1).some((name) => name !== "");
  return training ? undefined : { ...node, attributes: without(node, "is_test", "consumed_inputs") };
};

const renamedModes: Readonly<Record<string, string>> = { bilinear: "linear", bicubic: "cubic" };

const gridSample = (node: Node): Node => {
  const mode = stringAttribute(node, "mode", "bilinear");
  return { ...node, attributes: { ...node.attributes, mode: { string: renamedModes[mode] ?? mode } } };
};

/** DFT-17: the axis as an attribute, 1 by default. */
const dft = (node: Node, { g }: RewriteContext): Node => {
  const axis = g.constant(int64([intAttribute(node, "axis", 1)], []));
  return {
    ...node,
    inputs: [node.inputs[0]!, node.inputs[1] ?? "", axis],
    attributes: without(node, "axis"),
  };
};

/** RoiAlign-10 took regions without half-pixel centres. */
const roiAlign = (node: Node): Node => ({
  ...node,
  attributes: { ...node.attributes, coordinate_transformation_mode: { string: "output_half_pixel" } },
});

const axesToInput = intsToInput("axes", 1);
const binary: readonly Change[] = [{ since: 7, rewrite: broadcastAxis }];
const reduction: readonly Change[] = [{ since: 18, rewrite: axesToInput }];
const softmax: readonly Change[] = [{ since: 13, rewrite: flattenedSoftmax }];

/** The changes of each operator, oldest first. */
export const operatorChanges: Readonly<Record<string, readonly Change[]>> = {
  ...Object.fromEntries(
    ["Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less"].map((op) => [op, binary]),
  ),
  BatchNormalization: [
    { since: 7, rewrite: isTest },
    { since: 14, rewrite: batchNormalization },
  ],
  Cast: [{ since: 9, rewrite: castByName }],
  Clip: [{ since: 11, rewrite: clip }],
  DFT: [{ since: 20, rewrite: dft }],
  Dropout: [
    { since: 7, rewrite: isTest },
    { since: 12, rewrite: dropout },
  ],
  Gemm: [{ since: 9, rewrite: (node) => ({ ...node, attributes: without(node, "broadcast") }) }],
  GridSample: [{ since: 20, rewrite: gridSample }],
  GroupNormalization: [{ since: 21, rewrite: groupNormalization }],
  Hardmax: softmax,
  LogSoftmax: softmax,
  PRelu: [{ since: 7, rewrite: prelu }],
  Pad: [{ since: 11, rewrite: pad }],
  ReduceL1: reduction,
  ReduceL2: reduction,
  ReduceLogSum: reduction,
  ReduceLogSumExp: reduction,
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ReduceSum: [{ since: 13, rewrite: axesToInput }],
  ReduceSumSquare: reduction,
  Resize: [{ since: 11, rewrite: resize }],
  RoiAlign: [{ since: 16, rewrite: roiAlign }],
  Scan: [{ since: 9, rewrite: "unknown" }],
  Scatter: [{ since: 11, rewrite: (node) => ({ ...node, op: "ScatterElements" }) }],
  Slice: [{ since: 10, rewrite: slice }],
  Softmax: softmax,
  Split: [
    { since: 13, rewrite: intsToInput("split", 1) },
    { since: 18, rewrite: numOutputs },
  ],
  Squeeze: [{ since: 13, rewrite: axesToInput }],
  TopK: [{ since: 10, rewrite: topK }],
  Unsqueeze: [{ since: 13, rewrite: axesToInput }],
  Upsample: [{ since: 11, rewrite: resize }],
};
