/** @file Models of other float types become the same model in float32. */
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { castModel, castTensor } from "../../src/onnx/castModel.ts";
import { type Attribute, type Graph, int, type Model } from "../../src/onnx/graph.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import { float32, float64, type Tensor } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import reference from "./quantizedModels.json" with { type: "json" };

/** Largest relative error of one weight in each type; outputs of order 1 add up some of it. */
const roundings: Readonly<Record<string, number>> = { float16: 2 ** -11, bfloat16: 2 ** -8, double: 2 ** -22 };

describe("castModel", () => {
  it.each(reference.cast)("computes a $name model in float32", async ({ name, bytes }) => {
    const model = castModel(upgradeModel(decodeModel(new Uint8Array(Buffer.from(bytes, "base64")))));
    const types = [...model.graph.inputs, ...model.graph.outputs, ...model.graph.initializers.values()];
    expect(new Set(types.map(({ dtype }) => dtype))).toEqual(new Set(["float32"]));
    const { shape, values } = reference.inputs.cnn;
    const program = await nodeEngine.compile(model);
    const { y } = await program.run({ x: float32(values, shape) });
    await program.dispose();
    const expected = reference.original[0]!.y;
    const most = Math.max(...expected.map(Math.abs));
    for (const [i, value] of expected.entries())
      expect(Math.abs((y!.data as Float32Array)[i]! - value)).toBeLessThan(4 * roundings[name]! * most);
  });

  it("leaves a float32 model as it is", () => {
    const model = decodeModel(new Uint8Array(Buffer.from(reference.original[0]!.bytes, "base64")));
    expect(castModel(model)).toBe(model);
  });

  it("casts constants, type attributes and bodies, and nothing else", () => {
    const half: Tensor = { dtype: "float16", shape: [1], data: Uint16Array.of(0x3c00) };
    const cast = { op: "Cast", domain: "", name: "", inputs: ["x"], outputs: ["c"], attributes: { to: int(10) } };
    const graph = (attributes: Record<string, Attribute>): Graph => ({
      name: "g",
      nodes: [cast, { ...cast, op: "If", outputs: ["d"], attributes }],
      initializers: new Map([["w", half]]),
      inputs: [
        { name: "x", dtype: "float64", shape: ["N"] },
        { name: "i", dtype: "int64" },
      ],
      outputs: [{ name: "d", dtype: "bfloat16" }, { name: "c" }],
    });
    const model: Model = { opset: 24, graph: graph({ a: { tensor: half }, k: int(10), body: { graph: graph({}) } }) };
    const found = castModel(model).graph;
    const one = { dtype: "float32", shape: [1], data: Float32Array.of(1) };
    for (const g of [found, (found.nodes[1]!.attributes.body as { graph: Graph }).graph]) {
      expect(g.nodes[0]!.attributes.to).toEqual({ int: 1 });
      expect(g.initializers.get("w")).toEqual(one);
      expect(g.inputs.map(({ dtype }) => dtype)).toEqual(["float32", "int64"]);
      expect(g.outputs.map(({ dtype }) => dtype)).toEqual(["float32", undefined]);
    }
    expect(found.nodes[1]!.attributes.a).toEqual({ tensor: one });
    expect(found.nodes[1]!.attributes.k).toEqual({ int: 10 });
  });
});

describe("castTensor", () => {
  it("keeps infinities and NaN, and gives finite numbers beyond the range its ends", () => {
    const { data } = castTensor(float64([-1.7e308, -Infinity, Number.NaN, 1e300, 0.1]));
    expect(data).toEqual(Float32Array.of(-3.4028234663852886e38, -Infinity, Number.NaN, 3.4028234663852886e38, 0.1));
  });

  it("is exact on 16-bit floats", () => {
    const half: Tensor = { dtype: "float16", shape: [5], data: Uint16Array.of(0x3555, 0x0001, 0xfbff, 0x7c00, 0x8000) };
    expect(castTensor(half).data).toEqual(Float32Array.of(0.333251953125, 2 ** -24, -65504, Infinity, -0));
    const brain: Tensor = { dtype: "bfloat16", shape: [3], data: Uint16Array.of(0x3f80, 0xc049, 0xff80) };
    expect(castTensor(brain).data).toEqual(Float32Array.of(1, -3.140625, -Infinity));
  });
});
