/** @file Names of layers from what exporters leave: parameters, names of nodes, scopes in the metadata. */
import { describe, expect, test } from "vitest";
import type { Node } from "../../src/onnx/graph.ts";
import { GraphBuilder } from "../../src/onnx/graphBuilder.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { givenName, moduleNames, scopeName } from "../../src/probe/maps/moduleName.ts";

interface Layer {
  readonly weight: string;
  readonly bias?: string;
  readonly node?: string;
  readonly scope?: string;
}

/** Names of layers of one weight and bias each; parameters of the same name are one. */
function names(...layers: Layer[]): string[] {
  const g = new GraphBuilder("m");
  g.input("x", "float32");
  const parameters = new Set(layers.flatMap(({ weight, bias }) => (bias === undefined ? [weight] : [weight, bias])));
  for (const name of parameters) g.initializer(name, float32([1], [1, 1]));
  const nodes = layers.map(({ weight, bias, node = "", scope }, i): Node => {
    const inputs = ["x", weight, ...(bias === undefined ? [] : [bias])];
    const plain = { op: "Gemm", domain: "", name: node, inputs, outputs: [`y${i}`], attributes: {} };
    return scope === undefined ? plain : { ...plain, scope };
  });
  const nameOf = moduleNames({ ...g.build(), nodes });
  return nodes.map((node, i) => nameOf(node, layers[i]!.weight, layers[i]!.bias));
}

describe("a layer is named", () => {
  test.each<[string, Layer, string]>([
    ["by its weight", { weight: "blocks.1.fc.weight", node: "/blocks/Gemm" }, "blocks.1.fc"],
    ["by a weight that is a parameter of a module", { weight: "attn.in_proj_weight", scope: "attn" }, "attn.in_proj"],
    ["by a weight of any name within its module", { weight: "attn.w_q", scope: "attn" }, "attn.w_q"],
    ["by its bias, where the weight lost its name", { weight: "val_7", bias: "fc.bias", node: "node_1" }, "fc"],
    ["by the bias within its module", { weight: "val_7", bias: "attn.in_proj_bias", scope: "attn" }, "attn.in_proj"],
    ["by the scope in its metadata", { weight: "val_7", node: "node_linear_3", scope: "layers.0.up" }, "layers.0.up"],
    ["by the scope in its name", { weight: "onnx::MatMul_9", node: "/layers.0/up/MatMul" }, "layers.0.up"],
    ["by a weight of any name, where there is no module", { weight: "spatial", node: "node_matmul" }, "spatial"],
    ["by its node, where the weight has only a number", { weight: "Parameter5", node: "Times212" }, "Times212"],
  ])("%s", (_, layer, name) => {
    expect(names(layer)).toEqual([name]);
  });

  test("by the module of each use of a tied weight", () => {
    const tied = { weight: "embed.weight" };
    expect(names({ ...tied, node: "/encoder/MatMul" }, { ...tied, node: "/head/MatMul" })).toEqual(["encoder", "head"]);
  });

  test("by its module again when that is called twice", () => {
    const weight = "onnx::MatMul_3";
    expect(names({ weight, node: "/fc/MatMul" }, { weight, node: "/fc_1/MatMul" })).toEqual(["fc", "fc"]);
  });

  test("by TensorFlow's scopes, without the model's that all share and the action at the end", () => {
    const layers = ["up_1/Tensordot/MatMul", "attn_1/query_1/einsum/MatMul", "c1/BiasAdd"].map((path) => ({
      weight: `functional_1/${path}/ReadVariableOp:0`,
      node: `functional_1/${path}`,
    }));
    expect(names(...layers)).toEqual(["up_1", "attn_1.query_1", "c1"]);
    expect(names(layers[0]!, { ...layers[1]!, node: "other/down/MatMul" })).toEqual([
      "functional_1.up_1",
      "other.down",
    ]);
  });

  test("not by a bias that other layers share", () => {
    const bias = "a.bias"; // equal biases are stored once
    const layers = ["a", "b"].map((module, i) => ({ weight: `val_${i}`, bias, scope: module }));
    expect(names(...layers)).toEqual(["a", "b"]);
  });
});

test("scopes of PyTorch's exporter become module names", () => {
  expect(scopeName("/layers.0/Gemm")).toBe("layers.0");
  expect(scopeName("/blocks/blocks.1/c2/Conv")).toBe("blocks.1.c2");
  expect(scopeName("/encoder/layers/layers.3/self_attn/MatMul_1")).toBe("encoder.layers.3.self_attn");
  expect(scopeName("Conv_7")).toBeUndefined();
});

test("what was added to a name is taken off in time linear in its length", () => {
  const long = "a".repeat(500_000); // by a quadratic search minutes, past the limit of a test
  expect(givenName(long)).toBe(long);
  expect(givenName(`${long}/${long}Fusion/x`)).toBe(long);
  expect(givenName("layer.weight/MatMulAddFusion/y")).toBe("layer.weight");
  expect(givenName("MatMulAddFusion/y")).toBe("");
  for (const weight of [`${"_".repeat(500_000)}x`, `const${"1".repeat(500_000)}x`])
    expect(names({ weight })).toEqual([weight]);
});
