/**
 * @file A map that the loss does not depend on breaks nothing where pairs are looked for: it is skipped with the
 * reason.
 */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { objective } from "../../src/objectives/objective.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";

test("pairs are found beside a map that leads to another output alone", async () => {
  const random = new Random(3);
  const normal = (shape: number[]) => {
    const data = new Float32Array(shape.reduce((x, y) => x * y, 1));
    random.fillNormal(data);
    return float32(data, shape);
  };
  const g = new GraphBuilder("m");
  const map = (x: string, name: string, shape: number[]) =>
    g.op("MatMul", [x, g.initializer(`${name}.weight`, normal(shape))]);
  const hidden = g.op("Relu", [map(g.input("x", "float32", ["n", 4]), "up", [4, 5])]);
  g.output(map(hidden, "down", [5, 2]), "y");
  g.output(map(hidden, "other", [5, 3]), "other");
  const model = { graph: g.build(), opset: WORKING_OPSET };
  const probe = new Probe(nodeEngine, model, { objective: objective("mse"), pairs: 1024 });
  const { total, skipped } = await probe.measure([{ x: normal([8, 4]), [TARGET]: normal([8, 2]) }]);
  await probe.dispose();
  expect(skipped).toEqual([{ node: "other", reason: "the loss does not depend on its output" }]);
  expect(total.edges!.pairs.map(({ first, second, through }) => [first, second, through])).toEqual([
    ["up", "down", "ReLU"],
  ]);
  expect(total.layers.every(({ noise }) => noise!.examples === 8)).toBe(true);
});
