/**
 * @file Linear maps that contract axes of a value with a constant: Gemm, MatMul with the constant on either side, and Einsum. All
 * are one form: axes of x are samples or contracted, axes of W are contracted or outputs, axes of y are samples or outputs.
 */
import { matrix } from "../linalg/matrix.ts";
import { floatAttribute, intAttribute, type Node, stringAttribute } from "../onnx/graph.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { type Tensor, toNumbers } from "../onnx/tensor.ts";
import type { Found, Measurable, Surroundings } from "./linearMap.ts";

/** y = x W in letters: which axis of each operand carries which index, as in Einsum. */
interface Contraction {
  readonly node: Node;
  readonly x: string;
  readonly xAxes: string;
  readonly weight: string;
  readonly wAxes: string;
  readonly yAxes: string;
  readonly bias?: string | undefined;
  /** y is this times the contraction (alpha of Gemm). */
  readonly scale: number;
}

/** Letters for the axes of samples; a model has far fewer axes. */
const SAMPLE_LETTERS = "abcdefghijklm";

export function findGemm(node: Node, s: Surroundings): Found {
  const [A, B] = node.inputs as [string, string];
  const weightLeft = s.isWeight(A);
  if (weightLeft && s.isWeight(B)) return "both operands are constant";
  if (!weightLeft && !s.isWeight(B)) return "both operands depend on the data";
  const a = intAttribute(node, "transA", 0) ? "ki" : "ik";
  const b = intAttribute(node, "transB", 0) ? "jk" : "kj";
  const scale = floatAttribute(node, "alpha", 1);
  const [x, xAxes, weight, wAxes] = weightLeft ? [B, b, A, a] : [A, a, B, b];
  return contractionMap(
    { node, x, xAxes, weight, wAxes, yAxes: "ij", bias: node.inputs[2], scale },
    node.outputs[0]!,
    s,
  );
}

export function findMatMul(node: Node, s: Surroundings): Found {
  const [A, B] = node.inputs as [string, string];
  const weightLeft = s.isWeight(A);
  if (weightLeft && s.isWeight(B)) return "both operands are constant";
  if (!weightLeft && !s.isWeight(B)) return "both operands depend on the data";
  const [x, weight] = weightLeft ? [B, A] : [A, B];
  const rankX = s.values.get(x)!.shape.length;
  if (s.values.get(weight)!.shape.length !== 2) return "a product with a constant that is no matrix";
  if (rankX < 2) return "the input has no axis of samples";
  const lead = SAMPLE_LETTERS.slice(0, rankX - 2);
  const axes = weightLeft
    ? { xAxes: `${lead}kn`, wAxes: "ok", yAxes: `${lead}on` }
    : { xAxes: `${lead}nk`, wAxes: "ko", yAxes: `${lead}no` };
  const { hb, bias } = withBias(node, axes.yAxes, s);
  return contractionMap({ node, x, weight, scale: 1, bias, ...axes }, hb, s);
}

export function findEinsum(node: Node, s: Surroundings): Found {
  const weights = node.inputs.filter(s.isWeight);
  if (weights.length === 0) return "all operands depend on the data";
  if (node.inputs.length !== 2 || weights.length !== 1) return "an Einsum of other than one value and one constant";
  const parsed = /^([A-Za-z]+),([A-Za-z]+)->([A-Za-z]+)$/.exec(
    stringAttribute(node, "equation", "").replaceAll(" ", ""),
  );
  if (parsed === null) return `an Einsum of a form that is not read (${stringAttribute(node, "equation", "")})`;
  const [first, second, yAxes] = parsed.slice(1) as [string, string, string];
  const weightFirst = s.isWeight(node.inputs[0]!);
  const [xAxes, wAxes] = weightFirst ? [second, first] : [first, second];
  const [x, weight] = weightFirst ? [node.inputs[1]!, node.inputs[0]!] : [node.inputs[0]!, node.inputs[1]!];
  return contractionMap({ node, x, xAxes, weight, wAxes, yAxes, scale: 1 }, node.outputs[0]!, s);
}

function contractionMap(c: Contraction, hb: string, s: Surroundings): Found {
  const { xAxes, wAxes, yAxes } = c;
  if ([xAxes, wAxes, yAxes].some((axes) => new Set(axes).size !== axes.length))
    return "an index that repeats in one operand";
  const contracted = letters(wAxes, (letter) => xAxes.includes(letter) && !yAxes.includes(letter));
  const outputs = letters(wAxes, (letter) => !xAxes.includes(letter) && yAxes.includes(letter));
  const samples = letters(xAxes, (letter) => !wAxes.includes(letter) && yAxes.includes(letter));
  if (contracted.length + outputs.length !== wAxes.length) return "a constant whose index runs over samples as well";
  if (contracted.length + samples.length !== xAxes.length) return "a sum over an index of the input alone";
  if (contracted.length === 0) return "no index is summed over";
  const shape = (name: string) => s.values.get(name)!.shape;
  const extent = (axes: string, of: string) => letters(axes, (l) => of.includes(l)).reduce((n, l) => n * shapeAt(l), 1);
  const shapeAt = (letter: string) => {
    const at = wAxes.indexOf(letter);
    return at >= 0 ? shape(c.weight)[at]! : shape(c.x)[xAxes.indexOf(letter)]!;
  };
  const [dIn, dOut] = [extent(wAxes, contracted.join("")), extent(wAxes, outputs.join(""))];
  const rowsOf = (axes: string, last: readonly string[], d: number) => (builder: GraphBuilder, value: string) => {
    const order = [...samples, ...last].map((letter) => axes.indexOf(letter));
    return builder.op("Reshape", [permuted(builder, value, order), builder.ints([-1, d])]);
  };
  const weightOrder = [...outputs, ...contracted].map((letter) => wAxes.indexOf(letter));
  const map: Measurable = {
    name: s.moduleName(c.node, c.weight, c.bias),
    kind: "linear",
    dOut,
    rows: extent(xAxes, samples.join("")),
    hb,
    outputRows: rowsOf(yAxes, outputs, dOut),
    input: {
      dIn,
      inputRows: (builder) => rowsOf(xAxes, contracted, dIn)(builder, c.x),
      weightRows(builder) {
        const W = builder.op("Reshape", [permuted(builder, c.weight, weightOrder), builder.ints([dOut, dIn])]);
        return c.scale === 1 ? W : builder.op("Mul", [W, builder.scalar(c.scale)]);
      },
      weight(value) {
        const stored = value(c.weight);
        const W = permutedValues(stored, weightOrder);
        return matrix(dOut, dIn, c.scale === 1 ? W : W.map((entry) => entry * c.scale));
      },
    },
  };
  return [map];
}

function letters(axes: string, keep: (letter: string) => boolean): string[] {
  return [...axes].filter(keep);
}

/** The value with its axes in the given order; itself where they are. */
function permuted(builder: GraphBuilder, value: string, order: readonly number[]): string {
  if (order.every((axis, i) => axis === i)) return value;
  return builder.op("Transpose", [value], { perm: { ints: order } });
}

/** The same for values at hand, in float64. */
function permutedValues(tensor: Tensor, order: readonly number[]): Float64Array {
  const values = toNumbers(tensor);
  const { shape } = tensor;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const out = new Float64Array(values.length);
  const index = order.map(() => 0);
  for (let to = 0; to < out.length; to++) {
    let from = 0;
    for (let i = 0; i < order.length; i++) from += index[i]! * strides[order[i]!]!;
    out[to] = values[from]!;
    for (let i = order.length - 1; i >= 0 && ++index[i]! === shape[order[i]!]!; i--) index[i] = 0;
  }
  return out;
}

/** The output after the bias, where the only use of a product is the addition of a constant along the outputs. */
function withBias(node: Node, yAxes: string, { graph, values, isWeight }: Surroundings): { hb: string; bias?: string } {
  const product = node.outputs[0]!;
  const users = graph.nodes.filter((other) => other.inputs.includes(product));
  const add = users[0];
  if (users.length !== 1 || add?.op !== "Add") return { hb: product };
  const bias = add.inputs.find((name) => name !== product);
  if (bias === undefined || !isWeight(bias)) return { hb: product };
  const shape = values.get(bias)!.shape;
  const y = values.get(product)!.shape;
  const alongOutputs = shape.every((extent, i) => {
    const axis = y.length - shape.length + i;
    return extent === 1 || yAxes[axis] === "o";
  });
  return alongOutputs && shape.length <= y.length ? { hb: add.outputs[0]!, bias } : { hb: product };
}
