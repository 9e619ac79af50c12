/** @file Types and shapes of all values, inferred by the engine or learned by running. */
import { describe, expect, it } from "vitest";
import { bindShapes } from "../../src/engine/bindShapes.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, float64, int64, type Tensor } from "../../src/onnx/tensor.ts";

const bind = (g: GraphBuilder, feeds: Record<string, Tensor>) =>
  bindShapes(nodeEngine, { graph: g.build(), opset: WORKING_OPSET }, feeds);

describe("bindShapes", () => {
  it("binds free dimensions to those of the data, by name or unknown", async () => {
    const g = new GraphBuilder("g");
    g.input("x", "float32", ["N", 3]);
    g.input("y", "float32", [undefined, 3]);
    g.input("z", "float32");
    g.initializer("w", float32(new Float32Array(12), [3, 4]));
    g.op("MatMul", ["x", "w"], {}, { outputs: ["h"] });
    g.op("Add", ["x", "y"], {}, { outputs: ["s"] });
    g.op("Flatten", ["z"], {}, { outputs: ["f"] });
    const three = float32([1, 2, 3], [1, 3]);
    const feeds = { x: float32(new Float32Array(15), [5, 3]), y: three, z: float32(new Float32Array(8), [2, 2, 2]) };
    const values = await bind(g, feeds);
    expect(Object.fromEntries([...values].map(([name, { shape }]) => [name, shape]))).toEqual({
      ...{ x: [5, 3], y: [1, 3], z: [2, 2, 2], w: [3, 4] },
      ...{ h: [5, 4], s: [5, 3], f: [2, 4] },
    });
  });

  it("runs the graph where a shape depends on the data", async () => {
    const g = new GraphBuilder("g");
    g.input("x", "float32", ["N"]);
    g.op("NonZero", ["x"], {}, { outputs: ["where"] });
    g.op("Gather", ["x", "where"], {}, { outputs: ["chosen"] });
    const values = await bind(g, { x: float32([0, 5, 0, 7, 9]) });
    expect(values.get("where")).toEqual({ dtype: "int64", shape: [1, 3] });
    expect(values.get("chosen")).toEqual({ dtype: "float32", shape: [1, 3] });
  });

  it("knows the types of all values, scalars and optional outputs that are left out", async () => {
    const g = new GraphBuilder("g");
    g.input("x", "float64", [2, 3]);
    g.op("ReduceSum", ["x"], { keepdims: int(0) }, { outputs: ["sum"] });
    g.op("Shape", ["x"], {}, { outputs: ["shape"] });
    g.op("Greater", ["x", "sum"], {}, { outputs: ["more"] });
    g.add({ op: "Dropout", domain: "", name: "", inputs: ["x"], outputs: ["same", ""], attributes: {} });
    const values = await bind(g, { x: float64([1, 2, 3, 4, 5, 6], [2, 3]) });
    expect(values.get("sum")).toEqual({ dtype: "float64", shape: [] });
    expect(values.get("shape")).toEqual({ dtype: "int64", shape: [2] });
    expect(values.get("more")).toEqual({ dtype: "bool", shape: [2, 3] });
    expect(values.get("same")).toEqual({ dtype: "float64", shape: [2, 3] });
    expect(values.has("")).toBe(false);
  });

  it("sees through loops, whose results are known only by running", async () => {
    const body = new GraphBuilder("body");
    body.input("i", "int64", []);
    body.input("go", "bool", []);
    body.input("v", "float32");
    body.output("go", "go_on");
    body.output(body.op("Concat", ["v", "v"], { axis: int(0) }), "twice");
    const g = new GraphBuilder("g");
    g.input("x", "float32", ["N"]);
    g.op("Loop", [g.constant(int64([3], [])), "", "x"], { body: { graph: body.build() } }, { outputs: ["y"] });
    expect((await bind(g, { x: float32([1, 2]) })).get("y")).toEqual({ dtype: "float32", shape: [16] });
  });

  it("needs no nodes", async () => {
    const g = new GraphBuilder("g");
    g.input("x", "float32", ["N"]);
    expect(await bind(g, { x: float32([1]) })).toEqual(new Map([["x", { dtype: "float32", shape: [1] }]]));
  });

  it("says which input lacks data", async () => {
    const g = new GraphBuilder("g");
    g.input("x", "float32", ["N"]);
    await expect(bind(g, { z: float32([1]) })).rejects.toThrow('bindShapes: expected data for input "x", got z');
    await expect(bind(g, {})).rejects.toThrow(/got none/);
  });
});
