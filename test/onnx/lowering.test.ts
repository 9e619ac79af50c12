/** @file Fused operators of com.microsoft, run by ONNX Runtime as they are and written out: the same numbers. */
import { describe, expect, it } from "vitest";
import { specialize } from "../../src/engine/specialize.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type Attribute, float, int, type Model } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { lowerings } from "../../src/onnx/lowering/lowerOperators.ts";
import { microsoftLowerings } from "../../src/onnx/lowering/microsoft.ts";
import { float32, int64, sizeOf, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";

type Feeds = Record<string, Tensor>;
type Attributes = Record<string, Attribute>;

/** Rounding of float32 over some ten operations. */
const TOLERANCE = 2e-5;

const random = new Random(1);
const normals = (...shape: number[]): Tensor =>
  float32(
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
    shape,
  );

const [x, vector] = [normals(2, 3, 4), normals(4)];
const floats = (...values: number[]): Attribute => ({ floats: values });
const text = (string: string): Attribute => ({ string });
const tokens = normals(2, 3, 8);
const [cos, sin] = [normals(6, 2), normals(6, 2)];

/** An operator, inputs ("" for one left out), attributes, and which outputs are used. */
type Case = [
  op: string,
  inputs: readonly (Tensor | "")[],
  attributes: Attributes,
  outputs?: readonly number[],
  domain?: string,
];

const cases: readonly Case[] = [
  ["FusedMatMul", [normals(2, 4, 3), normals(2, 5, 4)], { transA: int(1), transB: int(1), alpha: float(0.5) }],
  ["FusedMatMul", [normals(3, 2, 4), normals(2, 4, 5)], { transBatchA: int(1) }],
  ["TransposeMatMul", [normals(2, 3), normals(4, 3)], { transB: int(1) }],
  ["FusedConv", [normals(1, 2, 5, 5), normals(3, 2, 3, 3), normals(3)], { activation: text("Relu") }],
  [
    "FusedConv",
    [normals(1, 2, 5), normals(3, 2, 3)],
    { activation: text("Clip"), activation_params: floats(-0.5, 0.5), pads: { ints: [1, 1] } },
  ],
  [
    "FusedConv",
    [normals(1, 2, 5, 5), normals(3, 2, 3, 3)],
    { activation: text("LeakyRelu"), activation_params: floats(0.25) },
  ],
  ["FusedGemm", [normals(2, 3), normals(4, 3), vector], { transB: int(1), activation: text("Tanh") }],
  [
    "FusedGemm",
    [normals(2, 3), normals(3, 4), vector],
    { activation: text("LeakyRelu"), activation_alpha: float(0.3) },
  ],
  ["Gelu", [x], {}],
  ["BiasGelu", [x, vector], {}],
  ["FastGelu", [x, vector], {}],
  ["FastGelu", [x], {}],
  ["QuickGelu", [x], { alpha: float(1.5) }],
  ["SkipLayerNormalization", [x, normals(2, 3, 4), vector, normals(4), normals(4)], { epsilon: float(1e-3) }, [0, 3]],
  ["SkipLayerNormalization", [x, normals(2, 3, 4), vector], {}, [0]],
  ["SkipSimplifiedLayerNormalization", [x, normals(2, 3, 4), vector, normals(4)], { epsilon: float(1e-3) }, [0, 3]],
  ["SimplifiedLayerNormalization", [x, vector], { axis: int(-1), epsilon: float(1e-3) }, [0], ""],
  ["MultiHeadAttention", [tokens, normals(2, 5, 8), normals(2, 5, 8), normals(24)], { num_heads: int(2) }],
  ["MultiHeadAttention", [tokens, tokens, tokens], { num_heads: int(4), unidirectional: int(1), scale: float(0.3) }],
  ["RotaryEmbedding", [tokens, int64([1, 3, 0, 2, 2, 5], [2, 3]), cos, sin], {}],
  ["RotaryEmbedding", [normals(2, 4, 3, 4), int64([2], [1]), cos, sin], { interleaved: int(1) }],
];

function modelOf([op, inputs, attributes, outputs = [0], domain = "com.microsoft"]: Case): [Model, Feeds] {
  const g = new GraphBuilder("fused");
  const feeds: Feeds = {};
  const names = inputs.map((tensor, i) => {
    if (tensor === "") return "";
    feeds[`x${i}`] = tensor;
    return g.input(`x${i}`, tensor.dtype, tensor.shape);
  });
  const results = Array.from({ length: Math.max(...outputs) + 1 }, (_, i) => (outputs.includes(i) ? `y${i}` : ""));
  g.add({ op, domain, name: "scope/fused", inputs: names, outputs: results, attributes });
  for (const i of outputs) g.output(`y${i}`);
  return [{ graph: g.build(), opset: WORKING_OPSET, domains: { "com.microsoft": 1 } }, feeds];
}

async function run(model: Model, feeds: Feeds) {
  const program = await nodeEngine.compile(model, { optimize: false });
  const results = await program.run(feeds);
  await program.dispose();
  return Object.values(results).map((tensor) => ({ shape: tensor.shape, values: toNumbers(tensor) }));
}

describe("an operator of com.microsoft, written out, gives the same numbers", () => {
  it.each(cases.map((one) => [`${one[0]} ${JSON.stringify(one[2])}`, one] as const))("%s", async (_, one) => {
    const [model, feeds] = modelOf(one);
    const expected = await run(model, feeds);
    const { model: lowered } = await specialize(nodeEngine, model, feeds);
    expect(lowered.graph.nodes.every(({ domain, op }) => lowerings[domain]?.[op] === undefined)).toBe(true);
    expect(lowered.graph.nodes.some(({ name }) => name.startsWith("scope/fused/"))).toBe(true);
    const actual = await run(lowered, feeds);
    actual.forEach(({ shape, values }, k) => {
      expect(shape).toEqual(expected[k]!.shape);
      for (const [i, value] of values.entries())
        expect(Math.abs(value - expected[k]!.values[i]!)).toBeLessThan(TOLERANCE);
    });
  });

  it("has a case for every lowering", () => {
    // ONNX Runtime has no kernel for these two in that domain on the CPU.
    const without = ["BiasAdd", "LayerNormalization"];
    const tested = new Set([...cases.map(([op]) => op), ...without]);
    expect(Object.keys(microsoftLowerings).filter((op) => !tested.has(op))).toEqual([]);
  });
});
