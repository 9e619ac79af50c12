import { describe, expect, it } from "vitest";
import { type FoldOptions, foldConstants } from "../../src/engine/foldConstants.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type Graph, int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, int64, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";

type Feeds = Record<string, Tensor>;

const x = float32([1, -2, 3, 4, 5, -6], [2, 3]);

async function run(graph: Graph, feeds: Feeds): Promise<number[][]> {
  const program = await nodeEngine.compile({ graph, opset: WORKING_OPSET });
  const results = await program.run(feeds);
  await program.dispose();
  return graph.outputs.map(({ name }) => toNumbers(results[name]!));
}

/** Folds, checks that the outputs are the same, and gives back the folded graph. */
async function folded(feeds: Feeds, build: (g: GraphBuilder) => string, options?: FoldOptions): Promise<Graph> {
  const g = new GraphBuilder("test");
  for (const [name, { dtype, shape }] of Object.entries(feeds))
    g.input(
      name,
      dtype,
      shape.map((_, axis) => `${name}${axis}`),
    );
  g.output(build(g), "y");
  const graph = g.build();
  const { model, values } = await foldConstants(nodeEngine, { graph, opset: WORKING_OPSET }, feeds, options);
  expect(await run(model.graph, feeds)).toEqual(await run(graph, feeds));
  for (const node of model.graph.nodes) for (const output of node.outputs) expect(values.has(output)).toBe(true);
  return model.graph;
}

const ops = ({ nodes }: Graph) => nodes.map(({ op }) => op).filter((op) => op !== "Identity");
const scalar = (g: GraphBuilder, value: number) => g.constant(int64([value], []));

describe("folding", () => {
  it("leaves a Reshape by computed extents with a constant", async () => {
    const graph = await folded({ x }, (g) => {
      const rows = g.op("Unsqueeze", [g.op("Gather", [g.op("Shape", ["x"]), scalar(g, 0)]), g.ints([0])]);
      return g.op("Reshape", ["x", g.op("Concat", [g.op("Mul", [rows, g.ints([3])]), g.ints([-1])], { axis: int(0) })]);
    });
    expect(ops(graph)).toEqual(["Reshape"]);
    expect(toNumbers(graph.initializers.get(graph.nodes[0]!.inputs[1]!)!)).toEqual([6, -1]);
    expect(graph.initializers.size).toBe(1);
  });

  it("computes a causal mask from the length of the sequence, with Shape from start to end and Size", async () => {
    const graph = await folded({ x }, (g) => {
      const n = g.op("Shape", ["x"], { start: int(-1) });
      const rows = g.op("Expand", [g.scalar(1), g.op("Concat", [g.ints([2]), n], { axis: int(0) })]);
      const mask = g.op("Trilu", [rows], { upper: int(0) });
      const count = g.op("Cast", [g.op("Size", ["x"])], { to: int(1) });
      return g.op("Mul", [g.op("Mul", ["x", mask]), count]);
    });
    expect(ops(graph)).toEqual(["Mul", "Mul"]);
  });

  it("transposes weights once, unless they count as variables", async () => {
    const build = (g: GraphBuilder) => {
      const w = g.initializer("w", float32([1, 2, 3, 4, 5, 6], [2, 3]));
      return g.op("MatMul", ["x", g.op("Transpose", [w])]);
    };
    expect(ops(await folded({ x }, build))).toEqual(["MatMul"]);
    expect(ops(await folded({ x }, build, { variables: new Set(["w"]) }))).toEqual(["Transpose", "MatMul"]);
  });

  it("keeps a graph whose output is a constant", async () => {
    expect(ops(await folded({ x }, (g) => g.op("Shape", ["x"])))).toEqual([]);
  });

  it("does not fold shapes that depend on data, nor random numbers", async () => {
    const graph = await folded({ x }, (g) => {
      const positive = g.op("NonZero", [g.op("Greater", ["x", g.scalar(0)])]);
      return g.op("Shape", [g.op("Transpose", [positive])]);
    });
    expect(ops(graph)).toEqual(["Greater", "NonZero", "Transpose", "Shape"]);
    const length = await folded({ x, n: int64([4]) }, (g) => g.op("Shape", [g.op("ConstantOfShape", ["n"])]));
    expect(ops(length)).toEqual(["ConstantOfShape", "Shape"]);
    const noise = new GraphBuilder("noise");
    const on = noise.constant({ dtype: "bool", shape: [], data: Uint8Array.of(1) });
    noise.output(noise.op("Dropout", [noise.constant(float32([1, 1])), noise.scalar(0.5), on]));
    const { model } = await foldConstants(nodeEngine, { graph: noise.build(), opset: WORKING_OPSET }, {});
    expect(ops(model.graph)).toEqual(["Dropout"]);
  });

  it("does not store what is large and made of little", async () => {
    const graph = await folded({ x }, (g) => {
      const ones = g.op("Expand", [g.scalar(1), g.ints([3000, 3000])]);
      return g.op("Add", [g.op("ReduceSum", ["x"]), g.op("ReduceMean", [ones])]);
    });
    expect(ops(graph)).toContain("Expand");
    expect([...graph.initializers.values()].every(({ data }) => data.length < 100)).toBe(true);
  });
});

describe("an If with a constant condition", () => {
  const branch = (name: string, build: (b: GraphBuilder) => string): Graph => {
    const b = new GraphBuilder(name);
    b.output(build(b), "result");
    return b.build();
  };

  it("is replaced by its branch, also where branches nest and read from outside", async () => {
    const inner = (name: string) =>
      branch(name, (b) => b.op("Add", ["h", b.op("Constant", [], { value_float: { float: name === "yes" ? 1 : 2 } })]));
    const graph = await folded({ x }, (g) => {
      g.op("Mul", ["x", "x"], {}, { outputs: ["h"] });
      const extent = (axis: number) => g.op("Gather", [g.op("Shape", ["x"]), scalar(g, axis)]);
      const isTwo = g.op("Equal", [extent(0), scalar(g, 2)], {}, { outputs: ["isTwo"] });
      g.op("Not", [isTwo], {}, { outputs: ["isNot"] });
      const choose = (b: GraphBuilder) =>
        b.op("If", ["isNot"], { then_branch: { graph: inner("yes") }, else_branch: { graph: inner("no") } });
      const outer = {
        then_branch: { graph: branch("outerYes", choose) },
        else_branch: { graph: branch("outerNo", (b) => b.op("Neg", ["h"])) },
      };
      return g.op("If", [isTwo], outer);
    });
    expect(ops(graph)).toEqual(["Mul", "Add"]);
  });

  it("stays where the condition depends on data", async () => {
    const graph = await folded({ x }, (g) => {
      const positive = g.op("Greater", [g.op("ReduceSum", ["x"], { keepdims: int(0) }), g.scalar(0)]);
      const side = (op: string) => ({ graph: branch(op, (b) => b.op(op, ["x"])) });
      return g.op("If", [positive], { then_branch: side("Neg"), else_branch: side("Abs") });
    });
    expect(ops(graph)).toEqual(["ReduceSum", "Greater", "If"]);
  });
});
