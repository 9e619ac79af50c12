/** @file Sums that follow from others behind the last batch, against plain float64 sums of the same rows (addRows). */
import { afterAll, describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engine/node.ts";
import { matmul, matrix, maxAbs, transpose } from "../../src/linalg/matrix.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments, matrixBlocks, vectorBlocks } from "../../src/moments/moments.ts";
import { objective } from "../../src/objectives/objective.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { addCrossMoments, deferredSums, setDeferred } from "../../src/probe/deferredSums.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Turning } from "../../src/probe/turnedSums.ts";
import { Random } from "../../src/random/random.ts";

/** float32 rounding of activations and of products of some hundred terms, relative to the largest entry. */
const FLOAT32 = 2e-5;

const turning = new Turning(nodeEngine, {});
afterAll(() => turning.dispose());

function expectSums(found: Float64Array, expected: Float64Array, what: string): void {
  const difference = maxAbs(found.map((value, k) => value - expected[k]!));
  expect(difference / maxAbs(expected), what).toBeLessThan(FLOAT32);
}

/** sum (x - m)(x - m)^T, which a large mean hides in the plain sum. */
function centred(gram: Float64Array, sum: Float64Array, n: number): Float64Array {
  const d = sum.length;
  return gram.map((value, k) => value - (sum[Math.floor(k / d)]! * sum[k % d]!) / n);
}

function expectSame(found: LayerMoments, expected: LayerMoments): void {
  for (const side of ["a", "b"] as const)
    for (const block of [...vectorBlocks, ...matrixBlocks])
      expectSums(found[side]![block]!, expected[side]![block]!, `${found.name} ${side}.${block}`);
  const covariance = ({ b, n }: LayerMoments) => centred(b.hh!, b.hSum!, n);
  expectSums(covariance(found), covariance(expected), `${found.name} centred b.hh`);
  expectSums(found.gbHa!, expected.gbHa!, `${found.name} gbHa`);
}

interface Case {
  readonly dIn: number;
  readonly dOut: number;
  readonly bias?: boolean;
  readonly alpha?: number;
  /** Means of the inputs, in standard deviations. */
  readonly far?: number;
  /** Rows of W that repeat, and one of zeros. */
  readonly deficient?: boolean;
  readonly form?: "Gemm" | "MatMul";
  readonly batch?: number;
}

const rows = 6000;

/** tanh of one map behind another, with the plain sums of both. */
function network({ dIn, dOut, bias = false, alpha = 1, far = 0, deficient = false, form = "Gemm" }: Case) {
  const random = new Random(dIn);
  const normals = (count: number, mean = 0) => Float32Array.from({ length: count }, () => mean + random.normal());
  const X = normals(rows * dIn, far);
  const F = normals(dIn * dIn).map((value) => value / dIn);
  const W = normals(dOut * dIn).map((value) => value / dIn);
  if (deficient) {
    W.copyWithin(0, dIn, 2 * dIn);
    W.fill(0, 2 * dIn, 3 * dIn);
  }
  const b = bias ? normals(dOut, 1) : new Float32Array(dOut);
  const Y = normals(rows * dOut);
  const g = new GraphBuilder("m");
  const h = g.op("MatMul", [
    g.input("x", "float32", ["n", dIn]),
    g.initializer("front.weight", float32(F, [dIn, dIn])),
  ]);
  const biases = bias ? [g.initializer("fc.bias", float32(b, [dOut]))] : [];
  const weight = g.initializer("fc.weight", float32(W, [dOut, dIn]));
  const product =
    form === "Gemm"
      ? g.op("Gemm", [h, weight, ...biases], { transB: int(1), alpha: { float: alpha } })
      : g.op("MatMul", [h, g.op("Transpose", [weight], { perm: { ints: [1, 0] } })]);
  const z = form === "MatMul" && bias ? g.op("Add", [product, biases[0]!]) : product;
  g.output(g.op("Tanh", [z]), "output");

  const front = emptyLayer("front", "linear", dIn, dIn, transpose(matrix(dIn, dIn, F)));
  const fc = emptyLayer(
    "fc",
    "linear",
    dIn,
    dOut,
    matrix(
      dOut,
      dIn,
      Float64Array.from(W, (value) => alpha * value),
    ),
  );
  const ha = matmul(matrix(rows, dIn, X), matrix(dIn, dIn, F));
  const hb = matmul(ha, transpose(fc.W!)).data.map((value, k) => value + b[k % dOut]!);
  const gb = hb.map((value, k) => ((2 * (Math.tanh(value) - Y[k]!)) / dOut) * (1 - Math.tanh(value) ** 2));
  const ga = matmul(matrix(rows, dOut, gb), fc.W!).data;
  addRows(fc, { ha: ha.data, hb, gb, ga });
  addRows(front, { ha: X, hb: ha.data, gb: ga });
  const feeds: Record<string, Tensor> = { x: float32(X, [rows, dIn]), [TARGET]: float32(Y, [rows, dOut]) };
  return { model: { graph: g.build(), opset: WORKING_OPSET }, feeds, expected: [front, fc] };
}

describe("sums of a map behind another", () => {
  test.each<[string, Case]>([
    ["of as many outputs as inputs", { dIn: 72, dOut: 72 }],
    ["that widens", { dIn: 24, dOut: 96 }],
    ["that widens, with a bias", { dIn: 24, dOut: 96, bias: true }],
    ["that widens, with a bias added behind a MatMul", { dIn: 24, dOut: 96, bias: true, form: "MatMul" }],
    ["that widens and scales", { dIn: 24, dOut: 96, bias: true, alpha: 0.5 }],
    ["that widens, of inputs far from 0", { dIn: 24, dOut: 96, bias: true, far: 100 }],
    ["that narrows", { dIn: 96, dOut: 24, bias: true }],
    ["that narrows, of inputs far from 0", { dIn: 96, dOut: 24, far: 100 }],
    ["that widens, with rows that repeat", { dIn: 24, dOut: 96, deficient: true }],
    ["that narrows, with rows that repeat", { dIn: 96, dOut: 24, deficient: true }],
    ["in several batches, the last one smaller", { dIn: 24, dOut: 96, bias: true, batch: 4500 }],
    ["in as many batches as groups and more", { dIn: 96, dOut: 24, bias: true, batch: 301 }],
  ])("%s are those of its rows", async (_, of) => {
    const { model, feeds, expected } = network(of);
    const probe = new Probe(nodeEngine, model, { objective: objective("mse") });
    const { total } = await probe.measure([...sliceBatches(feeds, of.batch ?? rows)]);
    await probe.dispose();
    expect(total.layers.map(({ name }) => name)).toEqual(["front", "fc"]);
    for (const [i, layer] of total.layers.entries()) expectSame(layer, expected[i]!);
  });
});

describe("what is deferred", () => {
  const map = (dIn: number, dOut: number) => ({
    ...{ name: "fc", kind: "linear" as const, dOut, rows, hb: "y", outputRows: () => "" },
    input: { dIn, inputRows: () => "", weightRows: () => "", weight: () => matrix(dOut, dIn) },
  });

  test("is the wide side of a map, of enough rows", () => {
    expect(deferredSums(map(24, 96), 6000)).toEqual({ hb: true, ga: false });
    expect(deferredSums(map(96, 24), 6000)).toEqual({ hb: false, ga: true });
    expect(deferredSums(map(512, 2048), 4096)).toEqual({ hb: true, ga: false });
    expect(deferredSums(map(512, 2048), 512)).toEqual({ hb: false, ga: false });
  });

  test("is nothing of a head, nor where coordinates are sampled", () => {
    const { input: _, ...head } = map(24, 96);
    expect(deferredSums(head, 6000)).toEqual({ hb: false, ga: false });
    expect(deferredSums(map(24, 96), 6000, {})).toEqual({ hb: false, ga: false });
  });

  test("replaces what some batches added", async () => {
    const { expected } = network({ dIn: 24, dOut: 96, bias: true });
    const layer = structuredClone(expected[1]!);
    layer.b.hh!.fill(1);
    layer.a!.gg!.fill(1);
    layer.a!.gSum!.fill(1);
    await setDeferred(layer, { hb: true, ga: true }, turning);
    await addCrossMoments(layer, turning);
    expectSame(layer, expected[1]!);
  });
});
