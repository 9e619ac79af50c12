/**
 * @file Fused operators of the domain com.microsoft, found in models optimized by ONNX Runtime, as their original
 * operators. Source: ContribOperators.md of ONNX Runtime.
 */
import { type Attribute, int } from "../graph.ts";
import type { Lowering, Site } from "./loweringSite.ts";
import { microsoftRotaryEmbedding } from "./rotaryEmbedding.ts";

/** The same operator in the standard set. */
const standard =
  (op: string, attributes: (s: Site) => Record<string, Attribute> = ({ node }) => node.attributes): Lowering =>
  (s) => [s.op(op, s.node.inputs, attributes(s))];

/** alpha op(A) op(B), op swapping the last two axes, or with transBatch moving the first axis before the last. */
const fusedMatMul: Lowering = (s) => {
  const operand = (i: number, side: "A" | "B") => {
    const rank = s.shape(i).length;
    if (rank < 2) return s.x(i);
    const perm = Array.from({ length: rank }, (_, axis) => axis);
    if (s.int(`transBatch${side}`, 0) === 1) perm.splice(rank - 2, 0, perm.shift()!);
    if (s.int(`trans${side}`, 0) === 1) perm.push(...perm.splice(rank - 2, 1));
    return perm.every((axis, at) => axis === at) ? s.x(i) : s.transpose(s.x(i), perm);
  };
  return [s.scale(s.op("MatMul", [operand(0, "A"), operand(1, "B")]), s.float("alpha", 1))];
};

const without = (s: Site, ...names: readonly string[]) =>
  Object.fromEntries(Object.entries(s.node.attributes).filter(([name]) => !names.includes(name)));

/** The activation by name, with its parameters in the order listed. */
function activated(s: Site, name: string): string | undefined {
  const activation = s.string("activation", "");
  if (activation === "") return name;
  const list = s.node.attributes.activation_params;
  const [first, second] = list !== undefined && "floats" in list ? list.floats : [];
  if (activation === "Clip")
    return s.op("Clip", [name, ...[first, second].map((limit) => (limit === undefined ? "" : s.scalar(limit)))]);
  const alpha = s.node.attributes.activation_alpha ?? (first === undefined ? undefined : { float: first });
  const beta = s.node.attributes.activation_beta ?? (second === undefined ? undefined : { float: second });
  if (!["Relu", "LeakyRelu", "Tanh", "Sigmoid", "HardSigmoid", "Elu"].includes(activation)) return undefined;
  const takesBoth = activation === "HardSigmoid";
  return s.op(activation, [name], {
    ...(alpha === undefined || !(takesBoth || activation.endsWith("lu")) || activation === "Relu" ? {} : { alpha }),
    ...(beta === undefined || !takesBoth ? {} : { beta }),
  });
}

const activationNames = ["activation", "activation_params", "activation_alpha", "activation_beta", "activation_gamma"];

const fusedConv: Lowering = (s) => {
  const conv = s.op(
    "Conv",
    s.node.inputs.slice(0, 3).filter((name) => name !== ""),
    without(s, ...activationNames),
  );
  const result = activated(s, s.has(3) ? s.add(conv, s.x(3)) : conv);
  return result === undefined ? undefined : [result];
};

const fusedGemm: Lowering = (s) => {
  const result = activated(s, s.op("Gemm", s.node.inputs, without(s, ...activationNames)));
  return result === undefined ? undefined : [result];
};

const withBias = (s: Site) => (s.has(1) ? s.add(s.x(0), s.x(1)) : s.x(0));
const approximate = { approximate: { string: "tanh" } };

/** Normalization of x + skip + bias, which is output 3. */
const skipped =
  (op: string, centred: boolean): Lowering =>
  (s) => {
    if (s.wants(1) || s.wants(2)) return undefined;
    const bias = centred ? 4 : 3;
    const sum = s.add(s.x(0), s.x(1));
    const total = s.has(bias) ? s.add(sum, s.x(bias)) : sum;
    const shift = centred && s.has(3) ? [s.x(3)] : [];
    const attributes = { axis: int(-1), epsilon: { float: s.float("epsilon", centred ? 1e-12 : 1e-6) } };
    const Y = s.op(op, [total, s.x(2), ...shift], attributes);
    return [Y, "", "", total];
  };

/**
 * Attention over Q, K, V of (batch, length, width) with a bias each, as torch.nn.MultiheadAttention after its
 * projections.
 */
const multiHeadAttention: Lowering = (s) => {
  if ([4, 6, 7].some((i) => s.has(i)) || s.wants(1) || !s.has(1) || !s.has(2)) return undefined;
  if ([0, 1, 2].some((i) => s.shape(i).length !== 3)) return undefined;
  const heads = s.int("num_heads", 1);
  const widths = [0, 1, 2].map((i) => s.shape(i)[2]!);
  const bias = (i: number) => {
    const start = widths.slice(0, i).reduce((sum, width) => sum + width, 0);
    return s.has(3) ? s.add(s.x(i), s.slice(s.x(3), start, start + widths[i]!, 0)) : s.x(i);
  };
  const causal = { is_causal: int(s.int("unidirectional", 0)) };
  const scale = s.node.attributes.scale === undefined ? {} : { scale: { float: s.float("scale", 1) } };
  const mask = s.has(5) ? [s.x(5)] : [];
  return [
    s.op("Attention", [bias(0), bias(1), bias(2), ...mask], {
      ...{ q_num_heads: int(heads), kv_num_heads: int(heads) },
      ...causal,
      ...scale,
    }),
  ];
};

export const microsoftLowerings: Readonly<Record<string, Lowering>> = {
  FusedMatMul: fusedMatMul,
  TransposeMatMul: fusedMatMul,
  FusedConv: fusedConv,
  FusedGemm: fusedGemm,
  Gelu: standard("Gelu"),
  BiasGelu: (s) => [s.op("Gelu", [withBias(s)])],
  FastGelu: (s) => [s.op("Gelu", [withBias(s)], approximate)],
  QuickGelu: (s) => [s.op("Swish", [s.x(0)], { alpha: { float: s.float("alpha", 1.702) } })],
  BiasAdd: (s) => [s.add(withBias(s), s.x(2))],
  SkipLayerNormalization: skipped("LayerNormalization", true),
  SkipSimplifiedLayerNormalization: skipped("RMSNormalization", false),
  SimplifiedLayerNormalization: (s) =>
    s.wants(1) ? undefined : standard("RMSNormalization", (t) => without(t, "stash_type"))(s),
  LayerNormalization: standard("LayerNormalization"),
  MultiHeadAttention: multiHeadAttention,
  RotaryEmbedding: microsoftRotaryEmbedding,
};
