/** @file Convolutions in the engine's blocked layout against the same convolutions in the plain one. */
import { expect, test } from "vitest";
import { blockConvolutions } from "../../src/engine/blockedConvolutions.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import type { Attribute, Graph } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, sizeOf, type Tensor } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";

/** Float32 sums of up to 432 products in another order. */
const REORDERED = 1e-5;

const B = await nodeEngine.channelBlock?.();
if (B === undefined) console.log("skipped: blocked convolutions (this processor has none)");

function random(shape: readonly number[], seed: number): Tensor {
  const data = new Float32Array(sizeOf(shape));
  new Random(seed).fillNormal(data);
  return float32(data, shape);
}

/** A convolution of x (4, C, 13, 11) by weights that are an input. */
function convolution(C: number, M: number, kernel: readonly number[], attributes: Record<string, Attribute> = {}) {
  const feeds = { x: random([4, C, 13, 11], 1), W: random([M, C, ...kernel], 2), b: random([M], 3) };
  const g = new GraphBuilder("net");
  for (const [name, { shape }] of Object.entries(feeds)) g.input(name, "float32", shape);
  g.output(g.op("Conv", ["x", "W", "b"], attributes), "y");
  return { graph: g.build(), feeds };
}

async function run(graph: Graph, feeds: Record<string, Tensor>): Promise<Float32Array> {
  const program = await nodeEngine.compile({ graph, opset: WORKING_OPSET });
  const { y } = await program.run(feeds);
  await program.dispose();
  return y!.data as Float32Array;
}

const operators = (graph: Graph) => graph.nodes.map(({ op }) => op);

test.skipIf(B === undefined).each([
  ["padded", [3, 3], { pads: { ints: [1, 1, 1, 1] } }],
  ["strided", [3, 3], { pads: { ints: [1, 0, 2, 1] }, strides: { ints: [2, 3] } }],
  ["dilated", [2, 3], { dilations: { ints: [3, 2] } }],
])("a %s convolution has the same result in blocks", async (_, kernel, attributes) => {
  const { graph, feeds } = convolution(3 * B!, 2 * B!, kernel, attributes);
  const blocked = await blockConvolutions(nodeEngine, graph);
  expect(operators(blocked)).toContain("ReorderInput");
  const [plain, other] = [await run(graph, feeds), await run(blocked, feeds)];
  expect(other.length).toBe(plain.length);
  const largest = plain.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  plain.forEach((value, i) => {
    expect(Math.abs(value - other[i]!) / largest).toBeLessThan(REORDERED);
  });
});

test.skipIf(B === undefined).each([
  ["whose channels fill no block", convolution(B! + 1, B!, [3, 3])],
  ["of single pixels", convolution(B!, B!, [1, 1])],
  ["whose weights are more than its images", convolution(B!, 100 * B!, [3, 3])],
])("a convolution %s stays as it is", async (_, { graph }) => {
  expect(operators(await blockConvolutions(nodeEngine, graph))).toEqual(operators(graph));
});

test("an engine without blocks gets the graph as it is", async () => {
  const { graph } = convolution(16, 16, [3, 3]);
  const { name, compile } = nodeEngine;
  expect(await blockConvolutions({ name, compile }, graph)).toBe(graph);
});
