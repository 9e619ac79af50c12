/** @file Quantized models become the float models they approximate: weights exactly, outputs within what rounding costs. */
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engine/node.ts";
import { castModel } from "../../src/onnx/castModel.ts";
import { dequantizeModel } from "../../src/onnx/dequantizeModel.ts";
import type { Graph, Model, Node } from "../../src/onnx/graph.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import { dequantize, quantize } from "../../src/onnx/quantization.ts";
import { float32, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import reference from "./quantizedModels.json" with { type: "json" };

/** Relative distance of outputs: 8 bits in four layers cost about 1 % here, a dropped ReLU or scale more than 30 %. */
const ROUNDING = 0.02;
/** Half a step of 8 bits over the range of the weights, relative to the largest. */
const WEIGHT_ROUNDING = 1 / 127;

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

function distance(u: ArrayLike<number>, v: ArrayLike<number>): number {
  let [apart, size] = [0, 0];
  for (let i = 0; i < v.length; i++) {
    apart += (u[i]! - v[i]!) ** 2;
    size += v[i]! ** 2;
  }
  return Math.sqrt(apart / size);
}

describe("dequantizeModel on what ONNX Runtime's quantizers write", () => {
  it.each(reference.quantized)("$name", async ({ base, bytes: file, y }) => {
    const model = dequantizeModel(upgradeModel(decodeModel(bytes(file))));
    const { shape, values } = reference.inputs[base as "cnn" | "mlp"];
    const program = await nodeEngine.compile(model);
    const [output] = Object.values(await program.run({ x: float32(values, shape) }));
    await program.dispose();
    expect(distance(output!.data as Float32Array, y)).toBeLessThan(ROUNDING);
    const original = decodeModel(bytes(reference.original.find(({ name }) => name === base)!.bytes)).graph;
    for (const [name, weight] of weightsOf(original)) {
      const found = model.graph.initializers.get(name)!;
      expect([found.dtype, [...found.shape].sort()], name).toEqual(["float32", [...weight.shape].sort()]);
      const expected = sorted(weight); // in order of size: one quantizer transposes the matrix of a Gemm
      const most = Math.max(...expected.map(Math.abs));
      for (const [i, value] of sorted(found).entries())
        expect(Math.abs(value - expected[i]!), name).toBeLessThan(most * WEIGHT_ROUNDING);
    }
    expect(model.graph.nodes.filter(({ op }) => /Quantize|QLinear|Integer|QGemm/.test(op))).toEqual([]);
  });
});

const sorted = (tensor: Tensor): number[] => toNumbers(tensor).sort((x, y) => x - y);

/** The matrices and kernels by name. */
function weightsOf({ initializers }: Graph): Map<string, Tensor> {
  return new Map([...initializers].filter(([name]) => name.endsWith(".weight")));
}

const u8 = (...values: number[]): Tensor => ({ dtype: "uint8", shape: [values.length], data: Uint8Array.from(values) });
const scalarU8 = (value: number): Tensor => ({ dtype: "uint8", shape: [], data: Uint8Array.of(value) });

function model(nodes: readonly Node[], initializers: Record<string, Tensor>): Model {
  const inputs = [{ name: "x", dtype: "float32" as const, shape: [2] }];
  return {
    opset: 24,
    graph: { name: "g", nodes, initializers: new Map(Object.entries(initializers)), inputs, outputs: [{ name: "y" }] },
  };
}

const node = (op: string, inputs: string[], outputs: string[], attributes = {}): Node => ({
  op,
  domain: "",
  name: op,
  inputs,
  outputs,
  attributes,
});

describe("dequantizeModel", () => {
  it("leaves a float model as it is", () => {
    const plain = model([node("Relu", ["x"], ["y"])], {});
    expect(dequantizeModel(plain)).toBe(plain);
  });

  it("clips activations to the range of their integers and does not round them", async () => {
    const pair = model(
      [node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["y"])],
      {
        s: float32([0.5], []),
        z: scalarU8(0),
      },
    );
    const program = await nodeEngine.compile(dequantizeModel(pair));
    const { y } = await program.run({ x: float32([-3, 0.3]) });
    await program.dispose();
    expect([...(y!.data as Float32Array)]).toEqual([0, Math.fround(0.3)]);
  });

  it("takes scales in 16 bits, before or after castModel", () => {
    const half: Tensor = { dtype: "float16", shape: [], data: Uint16Array.of(0x3800) };
    const pair = model([node("DequantizeLinear", ["w", "s"], ["W"]), node("Mul", ["x", "W"], ["y"])], {
      w: u8(3, 5),
      s: half,
    });
    for (const found of [castModel(dequantizeModel(pair)), dequantizeModel(castModel(pair))])
      expect([...found.graph.initializers.values()]).toEqual([float32([1.5, 2.5])]);
  });

  it("refuses what it cannot follow, by name, in one line", () => {
    const quantized = node("QuantizeLinear", ["x", "s", "z"], ["q"]);
    const scale = { s: float32([0.5], []), z: scalarU8(0) };
    const refuse = (...nodes: Node[]) => expect(() => dequantizeModel(model(nodes, scale)));
    refuse(quantized, node("Relu", ["q"], ["y"])).toThrow(/got Relu of quantized values \(node Relu\); export/);
    refuse(node("QLinearSoftmax", ["x", "s", "z"], ["y"])).toThrow(/the operator QLinearSoftmax/);
    refuse(node("QuantizeLinear", ["x", "x", "z"], ["y"])).toThrow(/the value x where a constant is expected/);
    refuse(
      node("DynamicQuantizeLinear", ["x"], ["q", "a", "b"]),
      node("MatMulInteger", ["q", "x"], ["y"]),
    ).not.toThrow();
    const body = { name: "b", nodes: [quantized], initializers: new Map(), inputs: [], outputs: [] };
    refuse(node("If", ["x"], ["y"], { then_branch: { graph: body } })).toThrow(/inside a control-flow body/);
  });
});

describe("linear quantization", () => {
  const q: Tensor = { dtype: "int8", shape: [2, 4], data: Int8Array.of(1, 2, 3, 4, -5, -6, -7, -128) };

  it("has one scale for all, one per index of an axis, or one per block", () => {
    const values = (scaling: Parameters<typeof dequantize>[1]) => toNumbers(dequantize(q, scaling, "q"));
    expect(values({ scale: float32([2], []) })).toEqual([2, 4, 6, 8, -10, -12, -14, -256]);
    expect(values({ scale: float32([1, 10]), axis: 0 })).toEqual([1, 2, 3, 4, -50, -60, -70, -1280]);
    expect(values({ scale: float32([1, 0, 0, 2]), axis: -1 })).toEqual([1, 0, 0, 8, -5, -0, -0, -256]);
    const blocks = { scale: float32([1, 2, 3, 4], [2, 2]), axis: 1, blockSize: 2 };
    expect(values(blocks)).toEqual([1, 2, 6, 8, -15, -18, -28, -512]);
    const zeroPoint: Tensor = { dtype: "int8", shape: [2], data: Int8Array.of(1, -5) };
    expect(values({ scale: float32([1, 1]), zeroPoint, axis: 0 })).toEqual([0, 1, 2, 3, 0, -1, -2, -123]);
  });

  it("refuses scales and zero points of other shapes", () => {
    expect(() => dequantize(q, { scale: float32([1, 2, 3]), axis: 0 }, "q")).toThrow(/expected one scale for q/);
    expect(() => dequantize(q, { scale: float32([1, 2]), axis: 7 }, "q")).toThrow(/expected one scale for q/);
    expect(() => dequantize(q, { scale: float32([1, 2]), zeroPoint: u8(1, 2, 3), axis: 0 }, "q")).toThrow(
      /2 zero points/,
    );
  });

  it("rounds half to even and saturates", () => {
    const x = float32([0.5, 1.5, 2.5, -300, 300, -0.5]);
    expect([...(quantize(x, { scale: float32([1], []) }, "int8", "x").data as Int8Array)]).toEqual([
      0, 2, 2, -128, 127, 0,
    ]);
  });
});
