/**
 * @file What may be a linear map and is not read is listed: operators of other domains with a constant matrix, bodies
 * of loops.
 */
import { expect, test } from "vitest";
import type { Graph, Node } from "../../src/onnx/graph.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { findLinearMaps } from "../../src/probe/maps/linearMaps.ts";

const plain = { domain: "", name: "", attributes: {} };

function skippedOf(nodes: readonly Node[], weights: Readonly<Record<string, readonly number[]>>) {
  const initializers = new Map(
    Object.entries(weights).map(([name, shape]) => [
      name,
      float32(new Float32Array(shape.reduce((x, y) => x * y, 1)), shape),
    ]),
  );
  const graph: Graph = { name: "g", nodes, initializers, inputs: [{ name: "x" }], outputs: [] };
  const values = new Map(
    Object.entries({ x: [4, 3], ...weights }).map(([name, shape]) => [name, { dtype: "float32" as const, shape }]),
  );
  return findLinearMaps(graph, new Set(initializers.keys()), values, (node) => node.name).skipped;
}

test("operators of other domains are listed where they hold a matrix or a kernel, and not where they hold a vector or none", () => {
  const node = (op: string, inputs: string[]): Node => ({
    ...plain,
    op,
    inputs,
    outputs: [`${op} out`],
    domain: "com.microsoft.nchwc",
  });
  const nodes = [node("Conv", ["x", "kernel"]), node("Scale", ["x", "vector"]), node("ReorderInput", ["x"])];
  expect(skippedOf(nodes, { kernel: [8, 3, 3, 3], vector: [1, 3] })).toEqual([
    { node: "Conv out", reason: "the operator com.microsoft.nchwc.Conv is not read" },
  ]);
});

test("maps in the body of a loop are listed with the loop", () => {
  const inner: Node = { ...plain, op: "MatMul", inputs: ["h", "w"], outputs: ["y"] };
  const body: Graph = { name: "body", nodes: [inner], initializers: new Map(), inputs: [], outputs: [] };
  const scan: Node = {
    ...plain,
    name: "rnn",
    op: "Scan",
    inputs: ["x"],
    outputs: ["s"],
    attributes: { body: { graph: body } },
  };
  const empty: Node = {
    ...scan,
    name: "other",
    outputs: ["t"],
    attributes: { body: { graph: { ...body, nodes: [] } } },
  };
  expect(skippedOf([scan, empty], {})).toEqual([
    { node: "rnn", reason: "MatMul in the body of Scan: not measured yet" },
  ]);
});
