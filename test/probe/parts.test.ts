/** @file Networks measured a part of their layers at a time, against the same measured whole. */
import { describe, expect, test } from "vitest";
import { tokensInMemory } from "../../src/data/tokens.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { PART_BYTES } from "../../src/moments/accumulate/layerOutline.ts";
import { bytesOf, type LayerMoments, mergeMoments } from "../../src/moments/moments.ts";
import { gpt } from "../../src/networks/gpt.ts";
import { objective } from "../../src/objectives/objective.ts";
import type { Model } from "../../src/onnx/graph.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { type Feeds, sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { inParts, isWhole } from "../../src/probe/parts.ts";
import { type GroupedMeasurement, Probe } from "../../src/probe/probe.ts";
import type { ProbeOptions } from "../../src/probe/probeOptions.ts";
import { Random } from "../../src/random/random.ts";
import { tokenFeeds } from "../../src/train/tokenData.ts";

/** float32 sums whose graphs the engine may have rewritten differently, relative to the largest entry. */
const FLOAT32 = 1e-5;

interface Subject {
  readonly model: Model;
  readonly batches: readonly Feeds[];
  readonly options: ProbeOptions;
}

/** Two blocks of two heads and a classifier of bytes, over batches of two shapes. */
function transformer(options: Partial<ProbeOptions> = {}): Subject {
  const network = gpt({ layers: 2, heads: 2, width: 8, context: 6, vocabulary: 256, tied: false }, new Random(4));
  const tokens = Uint16Array.from({ length: 200 }, (_, i) => 97 + ((i * i) % 7));
  const batches = tokenFeeds(tokensInMemory(tokens), { context: 6, samples: 11, batch: 4 });
  return {
    model: { graph: network.graph, opset: WORKING_OPSET },
    batches,
    options: { objective: objective("cross-entropy"), ...options },
  };
}

/** Two maps behind each other with gradients of the outputs, and a map that the loss does not see. */
function perceptron(): Subject {
  const random = new Random(5);
  const normals = (...shape: number[]): Tensor => {
    const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    random.fillNormal(data);
    return float32(data, shape);
  };
  const g = new GraphBuilder("perceptron");
  const x = g.input("x", "float32", ["n", 5]);
  const h = g.op("Tanh", [g.op("Gemm", [x, g.initializer("fc1.weight", normals(7, 5))], { transB: int(1) })]);
  g.op("Gemm", [h, g.initializer("unused.weight", normals(2, 7))], { transB: int(1) });
  g.output(g.op("Gemm", [h, g.initializer("fc2.weight", normals(3, 7))], { transB: int(1) }), "y");
  const labels = BigInt64Array.from({ length: 40 }, () => BigInt(random.below(3)));
  const whole = { x: normals(40, 5), [TARGET]: { dtype: "int64", shape: [40], data: labels } as Tensor };
  return {
    model: { graph: g.build(), opset: WORKING_OPSET },
    batches: sliceBatches(whole, 9),
    options: { objective: objective("cross-entropy"), outputPasses: 3 },
  };
}

const subjects: [string, () => Subject][] = [
  ["a transformer", transformer],
  [
    "a transformer without cross moments, wide sides sampled",
    () => transformer({ cross: false, largest: 16, beyond: "sample" }),
  ],
  ["a classifier with gradients of its outputs", perceptron],
];

describe.each(subjects)("%s measured a layer at a time", (_, make) => {
  test("has the sums, groups, loss and skipped maps of one pass", async () => {
    const { model, batches, options } = make();
    const probe = new Probe(nodeEngine, model, options);
    try {
      const whole = await probe.measure(batches, { step: 3, source: "s" });
      const outlines = await probe.outline(batches[0]!);
      expect(outlines.map(({ name }) => name)).toEqual(whole.total.layers.map(({ name }) => name));
      outlines.forEach(({ bytes, kind, dIn, dOut, a, b }, i) => {
        const layer = whole.total.layers[i]!;
        const outputs = layer.outputGradients?.sum.byteLength ?? 0;
        expect([bytes, kind, dIn, dOut, a?.d, b.d]).toEqual([
          ...[bytesOf([layer]) + outputs, layer.kind, layer.dIn, layer.dOut, layer.a?.d, layer.b.d],
        ]);
      });
      const parts: GroupedMeasurement[] = [];
      for (const part of inParts(outlines, 1, batches.length))
        parts.push(await probe.measureGroups(batches, { step: 3, source: "s", layers: part.map(({ name }) => name) }));
      expect(parts).toHaveLength(outlines.length);
      for (const { loss, accuracy, samples, skipped, groups } of parts) {
        expect([loss, accuracy, samples, skipped]).toEqual([whole.loss, whole.accuracy, whole.samples, whole.skipped]);
        expect(groups).toHaveLength(whole.groups.length);
      }
      expect(parts.flatMap(({ nearestMean }) => nearestMean ?? [])).toEqual([whole.nearestMean ?? []].flat());
      const grouped = await probe.measureGroups(batches, { step: 3, source: "s" });
      expect(
        whole.groups.every(({ layers }) => layers.every(({ a, b }) => a === undefined || b.gh === undefined)),
      ).toBe(true);
      grouped.groups.forEach((group, g) => {
        const layers = parts.flatMap(({ groups }) => groups[g]!.layers);
        expectSame(layers, group.layers);
      });
      expectSame(
        parts.flatMap(({ groups }) => groups.reduce(mergeMoments).layers),
        whole.total.layers,
      );
    } finally {
      await probe.dispose();
    }
  });
});

function expectSame(found: readonly LayerMoments[], expected: readonly LayerMoments[]): void {
  expect(found).toHaveLength(expected.length);
  const compare = (x: unknown, y: unknown, where: string): void => {
    if (y instanceof Float64Array) {
      const largest = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const error = y.reduce((most, value, i) => Math.max(most, Math.abs(value - (x as Float64Array)[i]!)), 0);
      expect(error, where).toBeLessThanOrEqual(FLOAT32 * largest);
    } else if (typeof y === "number")
      expect(Math.abs((x as number) - y), where).toBeLessThanOrEqual(FLOAT32 * Math.abs(y));
    else if (typeof y === "object" && y !== null) {
      expect(Object.keys(x as object).sort(), where).toEqual(Object.keys(y).sort());
      for (const [key, value] of Object.entries(y))
        compare((x as Record<string, unknown>)[key], value, `${where}.${key}`);
    } else expect(x, where).toEqual(y);
  };
  expected.forEach((layer, i) => {
    compare(found[i], layer, layer.name);
  });
}

describe("parts of layers", () => {
  const sized = (...sizes: number[]) => sizes.map((bytes) => ({ bytes }));
  const sizesOf = (parts: { bytes: number }[][]) => parts.map((part) => part.map(({ bytes }) => bytes));

  test("hold neighbours up to the limit, lower blocks of two groups and of a batch counted; one that is larger stands alone", () => {
    const sizes = sized(10, 10, 10, 90, 10, 30);
    expect(sizesOf(inParts(sizes, 28, 2))).toEqual([[10, 10, 10], [90], [10], [30]]);
    expect(sizesOf(inParts(sizes, 28, 3))).toEqual([[10], [10], [10], [90], [10], [30]]);
    expect(sizesOf(inParts(sizes, 1000, 3))).toHaveLength(1);
  });

  test("are for networks whose whole sums, of two groups and a batch, are too large", () => {
    expect(isWhole(sized(0.44 * PART_BYTES, 1))).toBe(false);
    expect(isWhole(sized(0.43 * PART_BYTES, 1))).toBe(true);
  });
});
