/**
 * @file Linear maps that contract axes of a value with a constant: Gemm, MatMul with the constant on either side, and
 * Einsum. All have one form. Axes of x are samples or contracted, axes of W are contracted or outputs, axes of y are
 * samples or outputs. An axis that all three share (the experts of a mixture, heads with their own matrices) makes one
 * map per index.
 */
import { matrix } from "../../linalg/matrix.ts";
import { floatAttribute, intAttribute, type Node, stringAttribute } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { sizeOf, type Tensor, toFloat64, toNumbers } from "../../onnx/tensor.ts";
import { addedConstant, behindRounding, soleUser } from "./addedBias.ts";
import { einsumLetters } from "./einsumLetters.ts";
import { type Found, type GraphContext, MAX_GROUPS, type MapInput, type Measurable } from "./linearMap.ts";
import { matmulAxes } from "./matmulAxes.ts";
import type { Axis } from "./valueLayout.ts";

/** y = x W in letters, as in Einsum: the index that each axis of each operand carries. */
interface Contraction {
  readonly node: Node;
  readonly x: string;
  readonly xAxes: string;
  readonly weight: string;
  readonly wAxes: string;
  readonly yAxes: string;
  /** Added by the node itself, times `biasScale`. */
  readonly bias?: string | undefined;
  readonly biasScale?: number | undefined;
  /** y is this times the contraction (alpha of Gemm). */
  readonly scale: number;
}

/** The role of each index of a contraction; `units` are axes of extent 1 that only one operand has. */
interface Roles {
  readonly samples: string;
  readonly contracted: string;
  readonly outputs: string;
  readonly group: string;
  readonly xUnits: string;
  readonly wUnits: string;
}

export function findGemm(node: Node, s: GraphContext): Found {
  const [A, B, bias] = node.inputs as [string, string, string?];
  const weightLeft = s.isWeight(A);
  if (weightLeft && s.isWeight(B)) return "both operands are constant";
  if (!weightLeft && !s.isWeight(B)) return "both operands depend on the data";
  if (bias !== undefined && bias !== "" && !s.isWeight(bias))
    return "the term added to the product depends on the data";
  const addendRows = bias ? s.values.get(bias)!.shape.at(weightLeft ? -1 : -2) : 1;
  if ((addendRows ?? 1) > 1) return "the term added to the product differs from sample to sample";
  const a = intAttribute(node, "transA", 0) ? "ki" : "ik";
  const b = intAttribute(node, "transB", 0) ? "jk" : "kj";
  const scale = floatAttribute(node, "alpha", 1);
  const [x, xAxes, weight, wAxes] = weightLeft ? [B, b, A, a] : [A, a, B, b];
  const biasScale = floatAttribute(node, "beta", 1);
  return contractionMaps({ node, x, xAxes, weight, wAxes, yAxes: "ij", bias: bias || undefined, biasScale, scale }, s);
}

export function findMatMul(node: Node, s: GraphContext): Found {
  const [A, B] = node.inputs as [string, string];
  const weightLeft = s.isWeight(A);
  if (weightLeft && s.isWeight(B)) return "both operands are constant";
  if (!weightLeft && !s.isWeight(B)) return "both operands depend on the data";
  const shapes = [A, B].map((name) => s.values.get(name)!.shape) as [readonly number[], readonly number[]];
  const [a, b, yAxes] = matmulAxes(...shapes, weightLeft);
  const [x, weight, xAxes, wAxes] = weightLeft ? [B, A, b, a] : [A, B, a, b];
  return contractionMaps({ node, x, xAxes, weight, wAxes, yAxes, scale: 1 }, s);
}

export function findEinsum(node: Node, s: GraphContext): Found {
  const weights = node.inputs.filter(s.isWeight);
  if (weights.length === 0) return "both operands depend on the data";
  if (node.inputs.length !== 2 || weights.length !== 1) return "an Einsum of other than one value and one constant";
  const letters = einsumLetters(node);
  if (letters === undefined) return `an Einsum of a form that is not read (${stringAttribute(node, "equation", "")})`;
  const [first, second, yAxes] = letters;
  const [A, B] = node.inputs as [string, string];
  const [x, weight, xAxes, wAxes] = s.isWeight(A) ? [B, A, second, first] : [A, B, first, second];
  return contractionMaps({ node, x, xAxes, weight, wAxes, yAxes, scale: 1 }, s);
}

function contractionMaps(c: Contraction, s: GraphContext): Found {
  const shapeOf = (name: string) => s.values.get(name)!.shape;
  const roles = rolesOf(c, shapeOf(c.x), shapeOf(c.weight));
  if (typeof roles === "string") return roles;
  const extent = (axes: string, of: string, shape: readonly number[]) =>
    [...of].reduce((n, letter) => n * shape[axes.indexOf(letter)]!, 1);
  const groups = extent(c.wAxes, roles.group, shapeOf(c.weight));
  if (groups > MAX_GROUPS) return `a constant of ${groups} matrices; at most ${MAX_GROUPS} are measured, one map each`;
  const [dIn, dOut] = [roles.contracted, roles.outputs].map((of) => extent(c.wAxes, of, shapeOf(c.weight))) as [
    number,
    number,
  ];
  const rows = extent(c.xAxes, roles.samples, shapeOf(c.x));
  const own = { hb: c.node.outputs[0]!, bias: c.bias, biasScale: c.biasScale };
  const { hb, bias, biasScale } = c.bias === undefined ? withBias(c, roles, s) : own;
  const name = s.moduleName(c.node, c.weight, bias);
  return Array.from({ length: groups }, (_, group) => {
    const suffix = groups === 1 ? "" : `.group${group}`;
    const known = groups === 1 ? biasOf({ ...c, biasScale }, roles, bias, dOut, s) : undefined;
    const layout = groups === 1 && c.scale === 1 ? outputLayout(c, roles, shapeOf(c.node.outputs[0]!)) : undefined;
    return contractionMap(
      c,
      roles,
      { name: name + suffix, group, dIn, dOut, rows, hb, ...(layout && { layout }) },
      known,
    );
  });
}

function contractionMap(
  c: Contraction,
  { samples, contracted, outputs, group: shared, xUnits, wUnits }: Roles,
  {
    name,
    group,
    dIn,
    dOut,
    rows,
    hb,
    layout,
  }: Pick<Measurable, "name" | "dOut" | "rows" | "hb" | "layout"> & Record<"group" | "dIn", number>,
  bias: MapInput["bias"],
): Measurable {
  /** Lays a value out as (n, d), the group's part only. */
  const rowsOf = (builder: GraphBuilder, value: string, axes: string, last: string, d: number) => {
    const own = shared === "" ? value : part(builder, value, axes.indexOf(shared), group);
    return builder.op("Reshape", [permuted(builder, own, axes, shared + samples + last), builder.ints([-1, d])]);
  };
  const wOrder = shared + outputs + contracted + wUnits;
  const inputRows = (builder: GraphBuilder, value: string) => rowsOf(builder, value, c.xAxes, contracted + xUnits, dIn);
  return {
    name,
    kind: "linear",
    dOut,
    rows,
    hb,
    ...(layout && { layout }),
    outputRows: (builder, value) => rowsOf(builder, value, c.yAxes, outputs, dOut),
    input: {
      dIn,
      ...(layout && { reads: { node: c.node, value: c.x, axes: columnAxes(c, contracted), inner: 1 } }),
      ...(bias !== undefined && { bias }),
      inputRows: (builder) => inputRows(builder, c.x),
      gradientRows(builder, added) {
        const value = added.get(c.node)?.[c.node.inputs.indexOf(c.x)];
        return value === undefined ? undefined : inputRows(builder, value);
      },
      weightRows(builder) {
        const own = shared === "" ? c.weight : part(builder, c.weight, c.wAxes.indexOf(shared), group);
        const W = builder.op("Reshape", [permuted(builder, own, c.wAxes, wOrder), builder.ints([dOut, dIn])]);
        return c.scale === 1 ? W : builder.op("Mul", [W, builder.scalar(c.scale)]);
      },
      weight(value) {
        const all = permutedValues(value(c.weight), c.wAxes, wOrder);
        const W = all.subarray(group * dOut * dIn, (group + 1) * dOut * dIn);
        return matrix(dOut, dIn, c.scale === 1 ? W : W.map((entry) => entry * c.scale));
      },
    },
  };
}

/** Axes of x that run over the columns of W, in their order. */
function columnAxes({ xAxes }: Contraction, contracted: string): number[] {
  return [...contracted].map((letter) => xAxes.indexOf(letter));
}

/** The product in memory: which of its axes run over outputs. */
function outputLayout({ yAxes }: Contraction, { outputs }: Roles, shape: readonly number[]): Axis[] {
  const extents = new Map([...yAxes].map((letter, i) => [letter, shape[i]!]));
  const step = (letter: string) =>
    [...outputs.slice(outputs.indexOf(letter) + 1)].reduce((product, other) => product * extents.get(other)!, 1);
  return [...yAxes].map((letter) => ({
    extent: extents.get(letter)!,
    step: outputs.includes(letter) ? step(letter) : null,
  }));
}

/** The term added to W h_a; undefined where its values are not in the order of the outputs. */
function biasOf(
  { biasScale = 1, ...c }: Contraction,
  { outputs }: Roles,
  bias: string | undefined,
  dOut: number,
  s: GraphContext,
): MapInput["bias"] {
  if (bias === undefined) return null;
  const count = sizeOf(s.values.get(bias)!.shape);
  const inOrder = [...c.yAxes].filter((letter) => outputs.includes(letter)).join("") === outputs;
  if (count !== 1 && (count !== dOut || !inOrder)) return undefined;
  return (value) => {
    const values = toNumbers(value(bias));
    return Float64Array.from({ length: dOut }, (_, i) => biasScale * (count === 1 ? values[0]! : values[i]!));
  };
}

/** @returns the reason where the contraction is no linear map */
function rolesOf({ xAxes, wAxes, yAxes }: Contraction, x: readonly number[], W: readonly number[]): Roles | string {
  if ([xAxes, wAxes, yAxes].some((axes) => new Set(axes).size !== axes.length))
    return "an index that repeats in one operand";
  const pick = (axes: string, inOther: string, inResult: boolean, other: boolean) =>
    [...axes].filter((l) => inOther.includes(l) === other && yAxes.includes(l) === inResult).join("");
  const roles = {
    samples: pick(xAxes, wAxes, true, false),
    contracted: pick(wAxes, xAxes, false, true),
    outputs: pick(wAxes, xAxes, true, false),
    group: pick(wAxes, xAxes, true, true),
    xUnits: pick(xAxes, wAxes, false, false),
    wUnits: pick(wAxes, xAxes, false, false),
  };
  const isUnit = (axes: string, shape: readonly number[]) => (letter: string) => shape[axes.indexOf(letter)] === 1;
  if (![...roles.xUnits].every(isUnit(xAxes, x)) || ![...roles.wUnits].every(isUnit(wAxes, W)))
    return "a sum over an index of one operand alone";
  if (roles.contracted === "") return "no index is summed over";
  if (roles.group.length > 1) return "a constant with two indices that run over samples as well";
  if (roles.samples === "") return "the input has no axis of samples";
  return roles;
}

/**
 * The output after the bias, where the only use of a product is the addition of a constant along the outputs. A Reshape
 * may lie between the two, as in Keras; rows and outputs then keep their order in memory.
 */
function withBias(c: Contraction, roles: Roles, s: GraphContext): { hb: string; bias?: string; biasScale?: number } {
  const product = c.node.outputs[0]!;
  const plain = { hb: product };
  const next = soleUser(s.graph, behindRounding(product, s.graph));
  const inRows = roles.group === "" && c.yAxes === roles.samples + roles.outputs;
  const reshaped = next?.op === "Reshape" && inRows ? next.outputs[0]! : undefined;
  const summand = reshaped ?? product;
  const added = addedConstant(summand, s);
  if (added === undefined) return plain;
  const { sum, constant: bias, sign } = added;
  const [shape, of] = [s.values.get(bias)!.shape, s.values.get(summand)!.shape];
  const isOutput =
    reshaped === undefined
      ? (axis: number) => (roles.outputs + roles.group).includes(c.yAxes[axis]!)
      : trailing(of, s.values.get(product)!.shape.slice(roles.samples.length));
  const offset = of.length - shape.length;
  const alongOutputs = offset >= 0 && shape.every((extent, i) => extent === 1 || isOutput(offset + i));
  return alongOutputs ? { hb: sum, bias, biasScale: sign } : plain;
}

/** The last axes of a shape that together hold `outputs` values; empty where there are none. */
function trailing(shape: readonly number[], outputs: readonly number[]): (axis: number) => boolean {
  let wanted = outputs.reduce((product, extent) => product * extent, 1);
  let first = shape.length;
  while (wanted > 1 && first > 0 && wanted % shape[first - 1]! === 0) wanted /= shape[--first]!;
  return (axis) => wanted === 1 && axis >= first;
}

/** Index `at` of an axis; the axis stays, with extent 1. */
function part(builder: GraphBuilder, value: string, axis: number, at: number): string {
  return builder.op("Slice", [value, builder.ints([at]), builder.ints([at + 1]), builder.ints([axis])]);
}

/** The value with its axes in the given order; unchanged where they already are. */
function permuted(builder: GraphBuilder, value: string, axes: string, order: string): string {
  if (axes === order) return value;
  return builder.op("Transpose", [value], { perm: { ints: [...order].map((letter) => axes.indexOf(letter)) } });
}

/** The same for numbers in memory, in float64. */
function permutedValues(tensor: Tensor, axes: string, letters: string): Float64Array {
  const values = toFloat64(tensor);
  const { shape } = tensor;
  const order = [...letters].map((letter) => axes.indexOf(letter));
  if (order.every((axis, i) => axis === i)) return values;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const out = new Float64Array(values.length);
  const outer = order.slice(0, -1);
  const last = order.at(-1)!;
  const [run, stride] = [shape[last]!, strides[last]!];
  const index = outer.map(() => 0);
  for (let to = 0; to < out.length; to += run) {
    let from = 0;
    for (let i = 0; i < outer.length; i++) from += index[i]! * strides[outer[i]!]!;
    for (let k = 0; k < run; k++) out[to + k] = values[from + k * stride]!;
    for (let i = outer.length - 1; i >= 0 && ++index[i]! === shape[outer[i]!]!; i--) index[i] = 0;
  }
  return out;
}
