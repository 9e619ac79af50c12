/** @file ONNX Runtime in Node: what it returns, and that what it refuses is one line. */
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { int, ints } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, int64, type Tensor } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";

function sum(): GraphBuilder {
  const g = new GraphBuilder("sum");
  g.input("x", "float32", ["N", 2]);
  g.output(g.op("Add", ["x", g.scalar(1)]), "y");
  g.output(g.op("Neg", ["x"]), "z");
  return g;
}

const compile = (g: GraphBuilder, opset = WORKING_OPSET) => nodeEngine.compile({ graph: g.build(), opset });

async function oneLine(promise: Promise<unknown>): Promise<string> {
  const message = await promise.then(
    () => "nothing thrown",
    (error: Error) => error.message,
  );
  expect(message).not.toMatch(/\n/);
  return message;
}

describe("a compiled graph", () => {
  it("runs, knows its names and the shapes that can be inferred", async () => {
    const program = await compile(sum());
    expect([program.inputNames, program.outputNames]).toEqual([["x"], ["y", "z"]]);
    expect(program.outputs.get("y")).toEqual({ dtype: "float32", shape: [undefined, 2] });
    const { y, z } = await program.run({ x: float32([1, 2], [1, 2]) });
    expect(y).toEqual(float32([2, 3], [1, 2]));
    expect(z).toEqual(float32([-1, -2], [1, 2]));
    await program.dispose();
  });

  it("gives only the outputs that are asked for", async () => {
    const program = await compile(sum());
    expect(Object.keys(await program.run({ x: float32([1, 2], [1, 2]) }, ["z"]))).toEqual(["z"]);
    await program.dispose();
  });

  it("takes and gives integers, booleans and empty tensors", async () => {
    const g = new GraphBuilder("types");
    g.input("i", "int64", ["N"]);
    g.input("b", "bool", ["N"]);
    g.output(g.op("Where", ["b", "i", g.ints([0])]), "y");
    const program = await compile(g);
    const b: Tensor = { dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) };
    expect((await program.run({ i: int64([5, 6]), b })).y).toEqual(int64([5, 0]));
    const none: Tensor = { dtype: "bool", shape: [0], data: new Uint8Array() };
    expect((await program.run({ i: int64([]), b: none })).y!.shape).toEqual([0]);
    await program.dispose();
  });
});

describe("what ONNX Runtime refuses is one line", () => {
  it("an operator that does not exist, shapes that do not fit, a type without kernel", async () => {
    const unknown = new GraphBuilder("g");
    unknown.output(unknown.op("NoSuchOperator", [unknown.scalar(1)]), "y");
    expect(await oneLine(compile(unknown))).toMatch(/^engine: ONNX Runtime refused the graph: .*NoSuchOperator/);
    const shapes = new GraphBuilder("g");
    shapes.output(shapes.op("MatMul", [shapes.constant(float32([1, 2])), shapes.constant(float32([1, 2, 3]))]), "y");
    expect(await oneLine(compile(shapes))).toMatch(/^engine: ONNX Runtime refused the graph: /);
    const kernel = new GraphBuilder("g");
    kernel.output(kernel.op("Erf", [kernel.input("x", "float64", [1])]), "y");
    expect(await oneLine(compile(kernel))).toMatch(/^engine: .*Erf/);
  });

  it("data of another shape or type, inputs that lack, and values that fail while running", async () => {
    const program = await compile(sum());
    expect(await oneLine(program.run({ x: float32([1, 2, 3]) }))).toMatch(/^engine: ONNX Runtime failed: /);
    expect(await oneLine(program.run({ x: int64([1, 2], [1, 2]) }))).toMatch(/^engine: ONNX Runtime failed: /);
    expect(await oneLine(program.run({}))).toMatch(/^engine: ONNX Runtime failed: .*x/);
    await program.dispose();
    const g = new GraphBuilder("g");
    g.input("i", "int64", ["N"]);
    g.output(g.op("Gather", [g.constant(float32([1, 2])), "i"]), "y");
    const gather = await compile(g);
    expect(await oneLine(gather.run({ i: int64([7]) }))).toMatch(/^engine: ONNX Runtime failed: .*Gather/);
    await gather.dispose();
  });

  it("a graph whose declared output is produced by nothing", async () => {
    const g = new GraphBuilder("g");
    g.input("x", "float32", [1]);
    const graph = { ...g.build(), outputs: [{ name: "nowhere" }] };
    expect(await oneLine(nodeEngine.compile({ graph, opset: WORKING_OPSET }))).toMatch(/^engine: /);
  });
});

describe("weights of a megabyte and more, handed over where they lie", () => {
  it("are constants to the engine like any others: transposed, cast and fused into neighbours", async () => {
    const random = new Random(7);
    const normal = (...shape: number[]) => {
      const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
      random.fillNormal(data, 0.05);
      return float32(data, shape);
    };
    const ones = (n: number) => float32(new Float32Array(n).fill(1));
    const g = new GraphBuilder("large");
    const x = g.input("x", "float32", [2, 192, 4, 4]);
    const conv = g.op("Conv", [x, g.constant(normal(192, 192, 3, 3))], { pads: ints([1, 1, 1, 1]) });
    const statistics = [normal(192), normal(192), normal(192), ones(192)].map((tensor) => g.constant(tensor));
    const normalized = g.op("Relu", [g.op("BatchNormalization", [conv, ...statistics])]);
    const rows = g.op("Reshape", [normalized, g.ints([2, 3072])]);
    const W = g.op("Transpose", [g.constant(normal(300, 3072))], { perm: ints([1, 0]) });
    const product = g.op("Add", [g.op("MatMul", [rows, W]), g.constant(normal(300))]);
    const half = g.op("Cast", [g.op("Cast", [g.constant(normal(300, 1000))], { to: int(11) })], { to: int(1) });
    g.output(g.op("MatMul", [product, half]), "y");
    const model = { graph: g.build(), opset: WORKING_OPSET };
    const feeds = { x: normal(2, 192, 4, 4) };
    const outputs: number[][] = [];
    for (const optimize of [true, false]) {
      const program = await nodeEngine.compile(model, { optimize });
      outputs.push(Array.from((await program.run(feeds)).y!.data as Float32Array));
      await program.dispose();
    }
    const most = Math.max(...outputs[1]!.map(Math.abs));
    for (const [i, value] of outputs[0]!.entries()) expect(Math.abs(value - outputs[1]![i]!) / most).toBeLessThan(1e-5);
    expect(most).toBeGreaterThan(0.1);
  });
});
