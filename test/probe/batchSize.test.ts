/** @file The size of a batch: as the data and the maps allow, and as a model of a fixed batch can be bound to. */
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { objective } from "../../src/objectives/objective.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { chooseBatch } from "../../src/probe/batchSize.ts";
import { TARGET } from "../../src/probe/feeds.ts";
import type { ProbeOptions } from "../../src/probe/probeOptions.ts";
import { Random } from "../../src/random/random.ts";

const random = new Random(5);
function normals(...shape: number[]) {
  const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  random.fillNormal(data);
  return float32(data, shape);
}
const n = 40;

/** The size chosen for a model from (batch, 6) to (batch, 6). */
async function chosen(
  batch: number | string,
  build: (g: GraphBuilder, x: string) => string,
  samples = n,
  { wanted, ...options }: Partial<ProbeOptions> & { wanted?: number } = {},
) {
  const g = new GraphBuilder("m");
  const y = build(g, g.input("x", "float32", [batch, 6]));
  g.output(g.op("Tanh", [g.op("MatMul", [y, g.initializer("fc.weight", normals(6, 6))])]), "y");
  const [whole, target] = [normals(n, 6), normals(n, 6)];
  const first = (count: number) => ({
    x: float32((whole.data as Float32Array).slice(0, 6 * count), [count, 6]),
    [TARGET]: float32((target.data as Float32Array).slice(0, 6 * count), [count, 6]),
  });
  const model = { graph: g.build(), opset: WORKING_OPSET };
  return chooseBatch(nodeEngine, model, { objective: objective("mse"), ...options }, first, samples, wanted);
}

describe("the batch", () => {
  test("is a sixteenth of few samples, so that there is one for each group", async () => {
    expect(await chosen("N", (_, x) => x)).toBe(3);
  });

  test("is free for a model that was exported with a fixed one, where its graph allows", async () => {
    expect(await chosen(1, (_, x) => x)).toBe(3);
    expect(await chosen(4, (_, x) => x)).toBe(3);
  });

  test("is the fixed one where the graph refuses others", async () => {
    expect(await chosen(4, (g, x) => g.op("Reshape", [g.op("Reshape", [x, g.ints([4, 2, 3])]), g.ints([4, 6])]))).toBe(
      4,
    );
  });

  test("is the fixed one where another would mix up samples without an error", async () => {
    const mixing = (g: GraphBuilder, x: string) => {
      const split = g.op("Reshape", [x, g.ints([2, -1, 6])]); // two samples, each in its own row
      const mean = g.op("ReduceMean", [split, g.ints([1])], { keepdims: int(1) });
      return g.op("Reshape", [g.op("Add", [split, mean]), g.ints([-1, 6])]);
    };
    expect(await chosen(2, mixing)).toBe(2);
    expect(await chosen(2, mixing, 3)).toBe(2);
  });

  test("has more rows where a map is wider than they are many: sums of each batch take as long as its rows", async () => {
    const [rows, wide] = [64, 4096]; // 2^21 numbers are 8 samples, and two groups of 40 samples have 20
    const through = (g: GraphBuilder, x: string) => {
      const repeated = g.op("Expand", [g.op("Unsqueeze", [x, g.ints([1])]), g.ints([1, rows, 1])]);
      const hidden = g.op("MatMul", [repeated, g.initializer("up.weight", normals(6, wide))]);
      const down = g.op("MatMul", [g.op("Tanh", [hidden]), g.initializer("down.weight", normals(wide, 6))]);
      return g.op("ReduceMean", [down, g.ints([1])], { keepdims: int(0) });
    };
    expect(await chosen("N", through)).toBe(20);
  });

  test("is larger where some rows of each sample are measured, as long as their outputs are not many", async () => {
    const rows = 2048;
    const down = (times: number, dOut: number) => (g: GraphBuilder, x: string) => {
      const repeated = g.op("Expand", [g.op("Unsqueeze", [x, g.ints([1, 2])]), g.ints([1, rows, times, 1])]);
      const wide = g.op("Reshape", [repeated, g.ints([-1, rows, 6 * times])]);
      const narrow = g.op("MatMul", [wide, g.initializer("down.weight", normals(6 * times, dOut))]);
      const mean = g.op("ReduceMean", [g.op("Tanh", [narrow]), g.ints([1])], { keepdims: int(0) });
      return g.op("Gemm", [mean, g.constant(normals(dOut, 6))]);
    };
    expect(await chosen("N", down(200, 8), 2 * n)).toBe(3); // 2^23 numbers
    expect(await chosen("N", down(200, 8), 2 * n, { positions: 16 })).toBe(5); // sixteen groups of 80 samples
    expect(await chosen("N", down(1, 1024), 2 * n, { positions: 16 })).toBe(4);
  });

  test("is the user's, but divided where it takes all samples and they do not depend on each other", async () => {
    const free = (_: GraphBuilder, x: string) => x;
    const centred = (g: GraphBuilder, x: string) =>
      g.op("Sub", [x, g.op("ReduceMean", [x, g.ints([0])], { keepdims: int(1) })]);
    for (const build of [free, centred]) expect(await chosen("N", build, n, { wanted: 39 })).toBe(39);
    for (const wanted of [n, n + 1, 1000]) {
      expect(await chosen("N", free, n, { wanted })).toBe(3);
      expect(await chosen("N", centred, n, { wanted })).toBe(n);
    }
  });

  test("is a part of the fixed one where that takes all samples and the graph allows fewer", async () => {
    const alone = (g: GraphBuilder, x: string) => g.op("Reshape", [x, g.ints([n, 6])]);
    expect(await chosen(n, (_, x) => x)).toBe(3);
    expect(await chosen(n, alone)).toBe(n);
    expect(await chosen(1, (_, x) => x, 1)).toBe(1);
  });

  test("is what there is, where a model wants more samples", async () => {
    expect(await chosen(4, (_, x) => x, 3)).toBe(1);
  });
});
