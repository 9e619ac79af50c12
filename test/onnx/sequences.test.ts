/** @file Sequences of tensors: the model without them computes what ONNX Runtime computes with them. */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, int64 } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";

const x = float32(
  Array.from({ length: 24 }, (_, i) => i),
  [4, 6],
);
type Build = (g: GraphBuilder, x: string) => string;
const at = (g: GraphBuilder, sequence: string, i: number) => g.op("SequenceAt", [sequence, g.constant(int64([i], []))]);

test.each<[string, Build]>([
  [
    "pieces of one length",
    (g, v) => at(g, g.op("SplitToSequence", [v, g.constant(int64([4], []))], { axis: int(1) }), 1),
  ],
  [
    "pieces of several lengths, counted from the end",
    (g, v) => at(g, g.op("SplitToSequence", [v, g.ints([1, 2, 3])], { axis: int(-1) }), -2),
  ],
  ["rows one by one, with their axis", (g, v) => at(g, g.op("SplitToSequence", [v]), 2)],
  ["rows one by one, without", (g, v) => at(g, g.op("SplitToSequence", [v], { keepdims: int(0) }), 3)],
  ["members of a list", (g, v) => at(g, g.op("SequenceConstruct", [v, g.op("Neg", [v])]), 1)],
  [
    "a list side by side",
    (g, v) => g.op("ConcatFromSequence", [g.op("SequenceConstruct", [v, g.op("Neg", [v])])], { axis: int(1) }),
  ],
  [
    "a list stacked",
    (g, v) =>
      g.op("ConcatFromSequence", [g.op("SequenceConstruct", [v, g.op("Neg", [v])])], {
        axis: int(1),
        new_axis: int(1),
      }),
  ],
])("%s", async (_, build) => {
  const g = new GraphBuilder("m");
  g.output(build(g, g.input("x", "float32", [4, 6])), "y");
  const model = { graph: g.build(), opset: WORKING_OPSET };
  const upgraded = upgradeModel(model);
  expect(upgraded.graph.nodes.filter(({ op }) => /Sequence/.test(op))).toEqual([]);
  const results = [];
  for (const one of [model, upgraded]) {
    const program = await nodeEngine.compile(one);
    results.push((await program.run({ x })).y);
    await program.dispose();
  }
  expect(results[1]).toEqual(results[0]);
});

test("a position that depends on the data stays a sequence", () => {
  const g = new GraphBuilder("m");
  const [v, i] = [g.input("x", "float32", [4, 6]), g.input("i", "int64", [])];
  g.output(g.op("SequenceAt", [g.op("SplitToSequence", [v]), i]), "y");
  const { graph } = upgradeModel({ graph: g.build(), opset: WORKING_OPSET });
  expect(graph.nodes.map(({ op }) => op)).toEqual(["SplitToSequence", "SequenceAt", "Identity"]);
});
