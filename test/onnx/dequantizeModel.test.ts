/**
 * @file Quantized models become the float models they approximate: weights exactly, outputs within what rounding costs.
 */
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { objective } from "../../src/objectives/objective.ts";
import { castModel } from "../../src/onnx/castModel.ts";
import { dequantizeModel } from "../../src/onnx/dequantizeModel.ts";
import type { Graph, Model, Node } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import { dequantize, quantize } from "../../src/onnx/quantization.ts";
import { float32, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import { TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";
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

  it("keeps what it cannot follow, with the reason", () => {
    const quantized = node("QuantizeLinear", ["x", "s", "z"], ["q"]);
    const scale = { s: float32([0.5], []), z: scalarU8(0) };
    const reasons = (...nodes: Node[]) =>
      dequantizeModel(model(nodes, scale)).graph.nodes.flatMap(({ unmeasured }) => unmeasured ?? []);
    const kept = (...nodes: Node[]) => expect(reasons(...nodes).join());
    kept(quantized, node("Relu", ["q"], ["y"])).toBe("quantized in a form that is not read: Relu of quantized values");
    kept(node("QLinearWhere", ["x", "s", "z"], ["y"])).toMatch(/the operator QLinearWhere$/);
    kept(node("QuantizeLinear", ["x", "x", "z"], ["y"])).toMatch(/the value x where a constant is expected$/);
    kept(node("DynamicQuantizeLinear", ["x"], ["q", "a", "b"]), node("MatMulInteger", ["q", "x"], ["y"])).toBe("");
    const body = { name: "b", nodes: [quantized], initializers: new Map(), inputs: [], outputs: [] };
    kept(node("If", ["x"], ["y"], { then_branch: { graph: body } })).toMatch(/inside a body of control flow$/);
  });

  it("measures what lies behind an operator that it cannot follow, and says what no gradient passes", async () => {
    const random = new Random(2);
    const g = new GraphBuilder("kept");
    const x = g.input("x", "float32", [24, 4]);
    const weights = (name: string, rows: number, columns: number) =>
      g.initializer(
        name,
        float32(
          Array.from({ length: rows * columns }, () => random.normal()),
          [rows, columns],
        ),
      );
    const [s, z] = [g.scalar(0.03), g.constant({ dtype: "uint8", shape: [], data: Uint8Array.of(128) })];
    const [s2, z2] = [g.scalar(1 / 256), g.constant({ dtype: "uint8", shape: [], data: Uint8Array.of(0) })];
    const q = g.op("QuantizeLinear", [g.op("MatMul", [x, weights("before.weight", 4, 3)]), s, z]);
    const attributes = { axis: { int: 1 }, opset: { int: 12 } }; // a form that is not followed
    const soft = g.op("QLinearSoftmax", [q, s, z, s2, z2], attributes, { domain: "com.microsoft", name: "soft" });
    const sum = g.op("QLinearAdd", [soft, s2, z2, soft, s2, z2, s, z], {}, { domain: "com.microsoft" });
    const h = g.op("DequantizeLinear", [sum, s, z]);
    g.output(g.op("MatMul", [h, weights("behind.weight", 3, 2)]), "y");
    const whole: Model = { graph: g.build(), opset: WORKING_OPSET, domains: { "com.microsoft": 1 } };
    const real = dequantizeModel(whole);
    const data = float32(
      Array.from({ length: 96 }, () => random.normal()),
      [24, 4],
    );
    const outputs = [];
    for (const one of [whole, real]) {
      const program = await nodeEngine.compile(one);
      outputs.push(toNumbers((await program.run({ x: data })).y!));
      await program.dispose();
    }
    expect(distance(outputs[1]!, outputs[0]!)).toBeLessThan(ROUNDING);
    const probe = new Probe(nodeEngine, real, { objective: objective("mse") });
    const target = float32(new Float32Array(48), [24, 2]);
    const { total, skipped } = await probe.measure([{ x: data, [TARGET]: target }]);
    await probe.dispose();
    expect(total.layers.map(({ name }) => name)).toEqual(["behind"]);
    const before = skipped.find((one) => one.node === "before");
    expect(before!.reason).toMatch(
      /^the loss depends on its output only through \w+ \(.*\), which no gradient passes$/,
    );
  });

  it("adds an integer bias to an integer product of a known scale", async () => {
    const dense = model(
      [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("MatMulInteger", ["q", "w"], ["p"]),
        node("Add", ["p", "b"], ["pb"]),
        node("Cast", ["pb"], ["f"], { to: { int: 1 } }),
        node("Mul", ["f", "s"], ["y"]),
      ],
      {
        ...{ s: float32([0.5], []), z: scalarU8(0) },
        w: { dtype: "uint8", shape: [2, 1], data: Uint8Array.of(3, 2) },
        b: { dtype: "int32", shape: [1], data: Int32Array.of(7) },
      },
    );
    const program = await nodeEngine.compile(dequantizeModel(dense));
    const { y } = await program.run({ x: float32([1, 1.5]) });
    await program.dispose();
    // Integers 2 and 3: (2 * 3 + 3 * 2 + 7) * 0.5.
    expect(toNumbers(y!)).toEqual([9.5]);
  });

  it.each(["a direction", "a column"])(
    "takes an LSTM of integers with a scale for %s as one of real weights",
    async (per) => {
      const [D, I, H] = [2, 3, 2];
      const random = new Random(3);
      const g = new GraphBuilder("lstm");
      const x = g.input("x", "float32", [4, 5, I]);
      const integers = (rows: number): Tensor => ({
        ...{ dtype: "int8", shape: [D, rows, 4 * H] },
        data: Int8Array.from({ length: D * rows * 4 * H }, () => random.below(255) - 127),
      });
      const count = per === "a column" ? D * 4 * H : D;
      const shape = per === "a column" ? [D, 4 * H] : [D];
      const scale = () =>
        float32(
          Array.from({ length: count }, () => 0.005 + 0.005 * random.uniform()),
          shape,
        );
      const zero: Tensor = { dtype: "int8", shape, data: new Int8Array(count) };
      const constants = [integers(I), integers(H), scale(), zero, scale(), zero].map((one) => g.constant(one));
      const [W, R, ...scales] = constants as [string, string, ...string[]];
      const B = g.constant(
        float32(
          Array.from({ length: D * 8 * H }, () => random.normal()),
          [D, 8 * H],
        ),
      );
      const inputs = [x, W, R, B, "", "", "", "", ...scales];
      const attributes = { direction: { string: "bidirectional" }, hidden_size: { int: H } };
      const [Y] = g.ops("DynamicQuantizeLSTM", inputs, attributes, { outputs: 1, domain: "com.microsoft" });
      g.output(Y!, "y");
      const whole: Model = { graph: g.build(), opset: WORKING_OPSET, domains: { "com.microsoft": 1 } };
      const data = float32(
        Array.from({ length: 20 * I }, () => random.normal()),
        [4, 5, I],
      );
      const outputs = [];
      for (const one of [whole, dequantizeModel(whole)]) {
        const program = await nodeEngine.compile(one);
        outputs.push(toNumbers((await program.run({ x: data })).y!));
        await program.dispose();
      }
      expect(distance(outputs[1]!, outputs[0]!)).toBeLessThan(ROUNDING);
    },
  );
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
