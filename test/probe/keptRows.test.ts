/**
 * @file A network measured by rows in place of sums: a convolution with columns in an order of its own, and two maps
 * wider than rows are many.
 */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import type { LayerOutline } from "../../src/moments/accumulate/layerOutline.ts";
import { objective } from "../../src/objectives/objective.ts";
import { int, type Model } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import type { ProbeOptions } from "../../src/probe/probeOptions.ts";
import { Random } from "../../src/random/random.ts";
import { LayerPool } from "../../src/workers/layerPool.ts";
import { SnapshotInParts } from "../../src/workers/snapshotInParts.ts";

/** Sums in float32 on one side. */
const TOLERANCE = 2e-5;
const random = new Random(3);

function normals(shape: readonly number[], sd = 1): Tensor {
  const data = new Float32Array(shape.reduce((x, y) => x * y, 1));
  random.fillNormal(data, sd);
  return float32(data, shape);
}

/** (n, 4, 4, 4) through a convolution of 3 x 3 to (n, 6, 2, 2), then 24 to 90 values, then 3. */
function model(): Model {
  const g = new GraphBuilder("rows");
  const x = g.input("x", "float32", ["n", 4, 4, 4]);
  const kernel = g.initializer("conv.weight", normals([6, 4, 3, 3], 0.3));
  const convolved = g.op("Relu", [g.op("Conv", [x, kernel, g.initializer("conv.bias", normals([6]))])]);
  const flat = g.op("Reshape", [convolved, g.ints([-1, 24])]);
  const wide = g.op("Gemm", [flat, g.initializer("wide.weight", normals([90, 24], 0.3))], { transB: int(1) });
  const out = g.initializer("out.weight", normals([3, 90], 0.2));
  g.output(g.op("Gemm", [g.op("Relu", [wide]), out], { transB: int(1) }), "output");
  return { graph: g.build(), opset: WORKING_OPSET };
}

test("says the same as sums do, in a fraction of their memory", async () => {
  const network = model();
  const batches = sliceBatches({ x: normals([12, 4, 4, 4]), [TARGET]: normals([12, 3]) }, 3);
  const measured = async (options: Partial<ProbeOptions>) => {
    const probe = new Probe(nodeEngine, network, { objective: objective("mse"), cross: false, ...options });
    const outline = await probe.outline(batches[0]!);
    const { total, ...rest } = await probe.measure(batches);
    const found = await snapshot(total, { ...rest, cost: "economy" });
    const byPart = await measuredInParts(probe, outline);
    await probe.dispose();
    return { outline, total, found, byPart };
  };
  const measuredInParts = async (probe: Probe, outline: readonly LayerOutline[]) => {
    const pool = new LayerPool();
    const inParts = new SnapshotInParts(pool, outline, 0);
    for (const { name } of outline) {
      const { groups, ...part } = await probe.measureSums(batches, { layers: [name] });
      await inParts.add(groups, { ...part, cost: "economy" });
    }
    await pool.close();
    return inParts.layers;
  };
  const sums = await measured({});
  const rows = await measured({ keepRowsOf: 12 });
  expect(rows.total.layers.map((layer) => layer.rows !== undefined)).toEqual([false, true, true]);
  const all = await measured({ keepRowsOf: 4 }); // an outline of fewer samples: the convolution's 48 rows count as 16
  expect(all.total.layers.every(({ rows, b }) => rows !== undefined && b.hh === undefined)).toBe(true);
  for (const { outline, found, byPart } of [rows, all]) {
    expect(outline[1]!.bytes).toBeLessThan(sums.outline[1]!.bytes / 10);
    expectSame(found.layers, sums.found.layers, "layers");
    expectSame(byPart, sums.found.layers, "a layer at a time");
  }
});

/**
 * (n, 4, 4, 4) through a convolution of 3 x 3 of each channel alone, whose W is (4, 36) with blocks on its diagonal,
 * then 16 to 3 values.
 */
function depthwise(): Model {
  const g = new GraphBuilder("depthwise");
  const x = g.input("x", "float32", ["n", 4, 4, 4]);
  const kernel = g.initializer("depthwise.weight", normals([4, 1, 3, 3], 0.3));
  const convolved = g.op("Conv", [x, kernel, g.initializer("depthwise.bias", normals([4]))], { group: int(4) });
  const flat = g.op("Reshape", [g.op("Relu", [convolved]), g.ints([-1, 16])]);
  g.output(g.op("Gemm", [flat, g.initializer("out.weight", normals([3, 16], 0.3))], { transB: int(1) }), "output");
  return { graph: g.build(), opset: WORKING_OPSET };
}

test("a depthwise convolution of fewer values than twice its rows says the same by rows", async () => {
  const network = depthwise();
  const batches = sliceBatches({ x: normals([6, 4, 4, 4]), [TARGET]: normals([6, 3]) }, 2);
  const measured = async (options: Partial<ProbeOptions>) => {
    const probe = new Probe(nodeEngine, network, { objective: objective("mse"), cross: false, ...options });
    const { total, ...rest } = await probe.measure(batches);
    await probe.dispose();
    return { total, layers: (await snapshot(total, { ...rest, cost: "economy" })).layers };
  };
  const sums = await measured({});
  const rows = await measured({ keepRowsOf: 6 });
  expect(rows.total.layers[0]).toMatchObject({ dIn: 36, dOut: 4, n: 24 });
  expect(rows.total.layers[0]!.rows?.ha.length).toBe(24 * 36);
  expectSame(rows.layers, sums.layers, "layers");
});

function expectSame(x: unknown, y: unknown, path: string): void {
  if (typeof x === "number" && typeof y === "number")
    expect(Math.abs(x - y), `${path}: ${x} and ${y}`).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(y)));
  else if (x !== null && typeof x === "object")
    for (const [key, value] of Object.entries(x))
      expectSame(value, (y as Record<string, unknown>)[key], `${path}.${key}`);
  else expect(x, path).toEqual(y);
}
