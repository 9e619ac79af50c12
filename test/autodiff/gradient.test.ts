/** @file The walk through the graph: sums over uses, dead ends, what is refused. */
import { describe, expect, it } from "vitest";
import { addGradients, gradientGraph } from "../../src/autodiff/gradient.ts";
import { NotDifferentiableError } from "../../src/autodiff/notDifferentiable.ts";
import { bindShapes } from "../../src/engine/bindShapes.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type Graph, int, type Node } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, float64, int64, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";

type Feeds = Record<string, Tensor>;

const x3 = { x: float32([1, -2, 3]) };

/** A graph over the inputs of `feeds`; `build` returns the value to differentiate. */
function graphOf(feeds: Feeds, build: (g: GraphBuilder) => string): { graph: Graph; of: string } {
  const g = new GraphBuilder("test");
  for (const [name, { dtype, shape }] of Object.entries(feeds)) g.input(name, dtype, shape);
  const of = build(g);
  g.output(of, "loss");
  return { graph: g.build(), of };
}

async function differentiated(feeds: Feeds, wrt: readonly string[], build: (g: GraphBuilder) => string) {
  const { graph, of } = graphOf(feeds, build);
  const values = await bindShapes(nodeEngine, { graph, opset: WORKING_OPSET }, feeds);
  return { forward: graph, graph: gradientGraph(graph, { of, wrt, values }) };
}

async function gradients(feeds: Feeds, wrt: readonly string[], build: (g: GraphBuilder) => string) {
  const { graph } = await differentiated(feeds, wrt, build);
  const program = await nodeEngine.compile({ graph, opset: WORKING_OPSET });
  const results = await program.run(feeds);
  await program.dispose();
  return Object.fromEntries(wrt.map((name) => [name, results[`grad/${name}`]!]));
}

const numbers = async (feeds: Feeds, name: string, build: (g: GraphBuilder) => string) =>
  toNumbers((await gradients(feeds, [name], build))[name]!);

describe("the gradient of a value", () => {
  it("is the sum over all its uses", async () => {
    // d(x x + 3 x - x) = 2 x + 2
    const build = (g: GraphBuilder) => {
      const square = g.op("Mul", ["x", "x"]);
      return g.op("Sub", [g.op("Add", [square, g.op("Mul", ["x", g.scalar(3)])]), "x"]);
    };
    expect(await numbers(x3, "x", build)).toEqual([4, -2, 8]);
  });

  it("tells what each node adds, before it is summed over uses", async () => {
    const feeds = { x: float32([3]) };
    const { graph, of } = graphOf(feeds, (g) => g.op("Add", [g.op("Mul", ["x", g.scalar(5)]), "x"]));
    const values = await bindShapes(nodeEngine, { graph, opset: WORKING_OPSET }, feeds);
    const builder = new GraphBuilder("gradient", { ...graph, outputs: [] });
    const ofMul: (string | undefined)[] = [];
    const onNode = ({ op }: Node, added: readonly (string | undefined)[]) => {
      if (op === "Mul") ofMul.push(...added);
    };
    const sum = addGradients(builder, graph, { of, wrt: ["x"], values, onNode }).get("x")!;
    expect(ofMul).toEqual([expect.any(String), undefined]);
    for (const name of [ofMul[0]!, sum]) builder.output(name);
    const program = await nodeEngine.compile({ graph: builder.build(), opset: WORKING_OPSET });
    const found = await program.run(feeds);
    await program.dispose();
    expect([ofMul[0]!, sum].map((name) => toNumbers(found[name]!))).toEqual([[5], [6]]);
  });

  it("is ones for the value itself, whatever its shape", async () => {
    expect(await numbers(x3, "x", () => "x")).toEqual([1, 1, 1]);
    expect(await numbers({ x: float32([5], []) }, "x", () => "x")).toEqual([1]);
  });

  it("is that of the sum of entries where the value is no scalar", async () => {
    expect(await numbers(x3, "x", (g) => g.op("Mul", ["x", "x"]))).toEqual([2, -4, 6]);
  });

  it("can be taken with respect to an intermediate value, an initializer and an input at once", async () => {
    const build = (g: GraphBuilder) => {
      g.initializer("w", float32([2, 3, 4]));
      g.op("Mul", ["x", "w"], {}, { outputs: ["h"] });
      return g.op("Mul", ["h", "h"]);
    };
    const found = await gradients(x3, ["h", "w", "x"], build);
    expect(toNumbers(found.h!)).toEqual([4, -12, 24]);
    expect(toNumbers(found.w!)).toEqual([4, 24, 72]);
    expect(toNumbers(found.x!)).toEqual([8, -36, 96]);
  });

  it("is zero, of the value's shape and type, where the loss does not depend on it", async () => {
    const feeds = { ...x3, z: float64([1, 2, 3, 4], [2, 2]) };
    const found = await gradients(feeds, ["z"], (g) => g.op("Relu", ["x"]));
    expect(found.z).toMatchObject({ dtype: "float64", shape: [2, 2] });
    expect(toNumbers(found.z!)).toEqual([0, 0, 0, 0]);
  });

  it("takes zeros for the outputs of Split that the loss does not see", async () => {
    const feeds = { x: float32([1, 2, 3, 4, 5, 6]) };
    const parts = (g: GraphBuilder) => g.ops("Split", ["x"], { num_outputs: int(3) }, { outputs: 3 });
    expect(await numbers(feeds, "x", (g) => g.op("Exp", [g.op("Mul", [parts(g)[1]!, g.scalar(0)])]))).toEqual([
      0, 0, 0, 0, 0, 0,
    ]);
    const outer = (g: GraphBuilder) => {
      const [first, , last] = parts(g);
      return g.op("Mul", [first!, last!]);
    };
    expect(await numbers(feeds, "x", outer)).toEqual([5, 6, 0, 0, 1, 2]);
  });

  it("does not flow through operators of zero derivative, whatever lies behind them", async () => {
    // Det has no rule; its gradient is not asked for, because Sign lets none through.
    const feeds = { x: float32([1, 2, 3, 5], [2, 2]) };
    const build = (g: GraphBuilder) => g.op("Add", [g.op("ReduceSum", ["x"]), g.op("Sign", [g.op("Det", ["x"])])]);
    expect(await numbers(feeds, "x", build)).toEqual([1, 1, 1, 1]);
    const after = (g: GraphBuilder) => g.op("Add", [g.op("Det", [g.op("Floor", ["x"])]), g.op("ReduceSum", ["x"])]);
    expect(await numbers(feeds, "x", after)).toEqual([1, 1, 1, 1]);
  });

  it("does not flow to integers", async () => {
    const feeds = { x: float32([1, 2, 3]), i: int64([2, 2]) };
    const build = (g: GraphBuilder) => g.op("Gather", ["x", g.op("Add", ["i", g.ints([0])])]);
    expect(await numbers(feeds, "x", build)).toEqual([0, 0, 2]);
  });

  it("survives subnormal and infinite activations of Relu", async () => {
    const feeds = { x: float32([-1e-30, 0, 2e-38, 3e38, Number.POSITIVE_INFINITY]) };
    expect(await numbers(feeds, "x", (g) => g.op("Relu", ["x"]))).toEqual([0, 0, 1, 1, 1]);
  });

  it("shares ties of a maximum evenly", async () => {
    const feeds = { x: float32([2, 5, 5, 1], [1, 4]) };
    expect(await numbers(feeds, "x", (g) => g.op("ReduceMax", ["x", g.ints([1])]))).toEqual([0, 0.5, 0.5, 0]);
    const pair = { x: float32([3]), y: float32([3]) };
    expect(await numbers(pair, "x", (g) => g.op("Max", ["x", "y"]))).toEqual([0.5]);
  });
});

describe("the differentiated graph", () => {
  it("has no nodes for branches that do not lead from the values to the loss", async () => {
    const build = (g: GraphBuilder) => {
      g.op("Det", [g.op("MatMul", ["m", "m"])]); // no rule, and dead
      g.op("Exp", ["x"]); // dead
      const constant = g.op("Sin", [g.constant(float32([1, 2, 3]))]); // leads to the loss, but from no value asked for
      return g.op("Add", ["x", constant]);
    };
    const feeds = { ...x3, m: float32([1, 2, 3, 4], [2, 2]) };
    const { forward, graph } = await differentiated(feeds, ["x"], build);
    const added = graph.nodes.slice(forward.nodes.length).map(({ op }) => op);
    expect(added.filter((op) => op !== "Identity")).toEqual(["Expand"]);
  });

  it("gets no nodes at all when the loss does not depend on the value", async () => {
    const { graph, of } = graphOf({ ...x3, z: float32([1]) }, (g) => g.op("Relu", ["x"]));
    const values = await bindShapes(nodeEngine, { graph, opset: WORKING_OPSET }, { ...x3, z: float32([1]) });
    const builder = new GraphBuilder("gradient", graph);
    expect(addGradients(builder, graph, { of, wrt: ["z"], values })).toEqual(new Map([["z", undefined]]));
    expect(builder.build().nodes).toEqual(graph.nodes);
  });

  it("can be differentiated again: the second derivative of x^3 is 6 x", async () => {
    const { graph } = await differentiated(x3, ["x"], (g) => g.op("Pow", ["x", g.scalar(3)]));
    const values = await bindShapes(nodeEngine, { graph, opset: WORKING_OPSET }, x3);
    const builder = new GraphBuilder("second", { ...graph, outputs: [] });
    const found = addGradients(builder, graph, { of: "grad/x", wrt: ["x"], values });
    builder.output(found.get("x")!, "second");
    const program = await nodeEngine.compile({ graph: builder.build(), opset: WORKING_OPSET });
    expect(toNumbers((await program.run(x3)).second!)).toEqual([6, -12, 18]);
    await program.dispose();
  });
});

describe("what cannot be differentiated is refused in one line", () => {
  const oneLine = async (feeds: Feeds, wrt: string, build: (g: GraphBuilder) => string): Promise<Error> => {
    const failure = await differentiated(feeds, [wrt], build).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(failure?.message).not.toMatch(/\n/);
    return failure!;
  };
  const square = { x: float32([1, 2, 3, 4], [2, 2]) };

  it("an operator without a rule on the way", async () => {
    const error = await oneLine(square, "x", (g) => g.op("Det", ["x"], {}, { name: "volume" }));
    expect(error).toBeInstanceOf(NotDifferentiableError);
    expect((error as NotDifferentiableError).node.op).toBe("Det");
    expect(error.message).toMatch(/^autodiff: Det \(volume\): expected an operator with a gradient rule/);
  });

  it("an operator of another domain", async () => {
    const g = new GraphBuilder("test");
    g.input("x", "float32", [3]);
    const y = g.op("Gelu", ["x"], {}, { domain: "com.microsoft" });
    const graph = g.build();
    const value = { dtype: "float32", shape: [3] } as const;
    const values = new Map([
      ["x", value],
      [y, value],
    ]);
    expect(() => gradientGraph(graph, { of: y, wrt: ["x"], values })).toThrow(NotDifferentiableError);
  });

  it("control flow whose body reads the value", async () => {
    const branch = (name: string) => {
      const b = new GraphBuilder(name);
      b.output(b.op("Mul", ["x", "x"]), `${name}/y`);
      return { graph: b.build() };
    };
    const feeds = { ...x3, flag: { dtype: "bool", shape: [], data: Uint8Array.of(1) } as Tensor };
    const build = (g: GraphBuilder) =>
      g.op("If", ["flag"], { then_branch: branch("yes"), else_branch: branch("no") }, { outputs: ["y"] });
    expect(await oneLine(feeds, "x", build)).toBeInstanceOf(NotDifferentiableError);
  });

  it("shapes and axes that are computed where the rule needs constants", async () => {
    const feeds = { ...square, axes: int64([0]) };
    const error = await oneLine(feeds, "x", (g) => g.op("ReduceSum", ["x", "axes"]));
    expect(error).toBeInstanceOf(NotDifferentiableError);
    expect(error.message).toMatch(/expected input 1 \("axes"\) to be a constant/);
  });

  it("dropout in training form", async () => {
    const training = { dtype: "bool", shape: [], data: Uint8Array.of(1) } as const;
    const build = (g: GraphBuilder) => g.op("Dropout", ["x", g.scalar(0.5), g.constant(training)]);
    expect((await oneLine(x3, "x", build)).message).toMatch(/inference form/);
  });

  it("16-bit floats", async () => {
    const build = (g: GraphBuilder) => {
      const half = g.op("Cast", ["x"], { to: int(10) });
      return g.op("Cast", [half], { to: int(1) });
    };
    expect((await oneLine(x3, "x", build)).message).toMatch(/expected float32 or float64/);
  });

  it("unknown names and values that are no floats", async () => {
    expect((await oneLine(x3, "y", (g) => g.op("Relu", ["x"]))).message).toBe(
      'addGradients: expected the name of a value of the graph, got "y"',
    );
    const feeds = { i: int64([1, 2]) };
    expect((await oneLine(feeds, "i", (g) => g.op("Neg", ["i"]))).message).toMatch(/float32 or float64 value/);
  });
});
