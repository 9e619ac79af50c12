/** @file ONNX Runtime in Node: what it returns, and that what it refuses is one line. */
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engine/node.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, int64, type Tensor } from "../../src/onnx/tensor.ts";

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
