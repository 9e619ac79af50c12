/** @file Graphs that ask for absurd memory or time in a few bytes are refused before anything runs. */
import { describe, expect, it } from "vitest";
import { bindShapes } from "../../src/engine/bindShapes.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, int64, type Tensor } from "../../src/onnx/tensor.ts";

const feeds = { x: float32([1, 2, 3, 4], [2, 2]) };
const truth: Tensor = { dtype: "bool", shape: [], data: Uint8Array.of(1) };

async function bind(build: (g: GraphBuilder, x: string) => string): Promise<unknown> {
  const g = new GraphBuilder("bomb");
  g.output(build(g, g.input("x", "float32", ["N", 2])), "y");
  return bindShapes(nodeEngine, { graph: g.build(), opset: WORKING_OPSET }, feeds);
}

const scalar = (g: GraphBuilder, value: number) => g.constant(int64([value], []));

/** A loop that adds 1; its body hands on its condition, or asks whether the sum is below 10. */
function loop(g: GraphBuilder, rounds: string, whileBelow: boolean): string {
  const body = new GraphBuilder("body");
  for (const [name, dtype] of [
    ["i", "int64"],
    ["go", "bool"],
    ["sum", "float32"],
  ] as const)
    body.input(name, dtype, []);
  const sum = body.op("Add", ["sum", body.scalar(1)]);
  body.output(whileBelow ? body.op("Less", [sum, body.scalar(10)]) : body.op("Identity", ["go"]), "goOn");
  body.output(sum, "next");
  return g.op("Loop", [rounds, g.constant(truth), g.scalar(0)], { body: { graph: body.build() } });
}

describe("limits", () => {
  it.each<[string, (g: GraphBuilder, x: string) => string]>([
    ["a constant", (g) => g.op("ConstantOfShape", [g.ints([30_000, 30_000])])],
    ["repetition", (g, x) => g.op("Tile", [x, g.ints([1, 50_000_000])])],
    ["expansion", (g, x) => g.op("Expand", [x, g.ints([100_000_000, 2, 2])])],
    ["padding", (g, x) => g.op("Pad", [x, g.ints([0, 0, 0, 90_000_000])])],
    ["a range", (g) => g.op("Range", [scalar(g, 0), scalar(g, 900_000_000), scalar(g, 1)])],
    [
      "an outer product",
      (g) => {
        const column = g.op("Expand", [g.scalar(1), g.ints([30_000, 1])]);
        return g.op("MatMul", [column, g.op("Transpose", [column])]);
      },
    ],
  ])("refuse absurd sizes: %s", async (_, build) => {
    await expect(bind(build)).rejects.toThrow(
      /^engine: expected values of at most 16777216 entries .+; use a smaller batch/,
    );
  });

  it("allow what is large only beside little, and what grows from much", async () => {
    await expect(bind((g, x) => g.op("Tile", [x, g.ints([1, 1_000_000])]))).resolves.toBeDefined();
  });

  it("refuse loops that only count, and count too far", async () => {
    const far = (g: GraphBuilder) => scalar(g, 1e12);
    await expect(bind((g) => loop(g, far(g), false))).rejects.toThrow(
      /^engine: expected a loop of at most 1048576 rounds, got 1000000000000/,
    );
    await expect(bind((g) => loop(g, scalar(g, 7), false))).resolves.toBeDefined();
    await expect(bind((g) => loop(g, far(g), true))).resolves.toBeDefined(); // ends by its condition
    await expect(bind((g, x) => g.op("Cast", [g.op("Add", [x, x])], { to: int(1) }))).resolves.toBeDefined();
  });
});
