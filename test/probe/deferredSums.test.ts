/** @file Sums that follow from others behind the last batch, against plain float64 sums of the same rows (addRows). */
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { matmul, matrix, maxAbs, transpose } from "../../src/linalg/matrix.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments, sideBlocks } from "../../src/moments/moments.ts";
import { objective } from "../../src/objectives/objective.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { deferredSide } from "../../src/probe/nodes/rowSpaceSide.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";

/** float32 rounding of activations and of products of some hundred terms, relative to the largest entry. */
const FLOAT32 = 2e-5;

function expectSums(found: Float64Array, expected: Float64Array, what: string): void {
  const difference = maxAbs(found.map((value, k) => value - expected[k]!));
  expect(difference / maxAbs(expected), what).toBeLessThan(FLOAT32);
}

/** sum (x - m)(x - m)^T, which a large mean hides in the plain sum. */
function centred(gram: Float64Array, sum: Float64Array, n: number): Float64Array {
  const d = sum.length;
  return gram.map((value, k) => value - (sum[Math.floor(k / d)]! * sum[k % d]!) / n);
}

function expectSame(found: LayerMoments, expected: LayerMoments, blocks: readonly Block[]): void {
  for (const side of ["a", "b"] as const)
    for (const block of blocks)
      expectSums(found[side]![block]!, expected[side]![block]!, `${found.name} ${side}.${block}`);
  const covariance = ({ b, n }: LayerMoments) => centred(b.hh!, b.hSum!, n);
  expectSums(covariance(found), covariance(expected), `${found.name} centred b.hh`);
  if (blocks.includes("gh")) expectSums(found.gbHa!, expected.gbHa!, `${found.name} gbHa`);
}

type Block = (typeof sideBlocks)[number];

interface Case {
  readonly dIn: number;
  readonly dOut: number;
  readonly bias?: boolean;
  readonly alpha?: number;
  /** Means of the inputs, in standard deviations. */
  readonly far?: number;
  /** Rows of W that repeat, and one of zeros. */
  readonly deficient?: boolean;
  /**
   * What varies most by far along one direction, which W or W^T maps to 0: its cross moments and small means are not
   * compared.
   */
  readonly cancels?: "h_a" | "g_b";
  readonly form?: "Gemm" | "MatMul";
  readonly batch?: number;
}

const rows = 9000;

/** tanh of one map behind another, with the plain sums of both. */
function network({ dIn, dOut, bias = false, alpha = 1, far = 0, deficient = false, cancels, form = "Gemm" }: Case) {
  const random = new Random(dIn);
  const normals = (count: number, mean = 0) => Float32Array.from({ length: count }, () => mean + random.normal());
  const X = normals(rows * dIn, far);
  const F = normals(dIn * dIn).map((value) => value / dIn);
  const W = normals(dOut * dIn).map((value) => value / dIn);
  if (deficient) {
    W.copyWithin(0, dIn, 2 * dIn);
    W.fill(0, 2 * dIn, 3 * dIn);
  }
  const Y = normals(rows * dOut);
  if (cancels !== undefined) {
    const [d, axis] = cancels === "h_a" ? [dIn, 1] : [dOut, dIn];
    const direction = normals(d);
    const size2 = direction.reduce((sum, value) => sum + value * value, 0);
    if (cancels === "h_a") for (let j = 0; j < dIn; j++) F[j]! += 30 * direction[j]!;
    else for (let k = 0; k < Y.length; k++) Y[k]! += 300 * X[Math.floor(k / dOut) * dIn]! * direction[k % dOut]!;
    // Rows of W for h_a, columns for g_b.
    const starts =
      cancels === "h_a" ? Array.from({ length: dOut }, (_, i) => i * dIn) : Array.from({ length: dIn }, (_, j) => j);
    for (const from of starts) {
      let along = 0;
      for (let j = 0; j < d; j++) along += (W[from + j * axis]! * direction[j]!) / size2;
      for (let j = 0; j < d; j++) W[from + j * axis]! -= along * direction[j]!;
    }
  }
  const b = bias ? normals(dOut, 1) : new Float32Array(dOut);
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
    ["that cancels what is largest in its input", { dIn: 72, dOut: 72, cancels: "h_a" }],
    ["that widens and cancels what is largest in its input", { dIn: 24, dOut: 96, cancels: "h_a" }],
    ["that narrows and cancels what is largest in its gradients", { dIn: 96, dOut: 24, cancels: "g_b" }],
    ["in several batches, the last one smaller", { dIn: 24, dOut: 96, bias: true, batch: 4000 }],
    ["in as many batches as groups and more", { dIn: 96, dOut: 24, bias: true, batch: 301 }],
  ])("%s are those of its rows", async (_, of) => {
    const { model, feeds, expected } = network(of);
    const probe = new Probe(nodeEngine, model, { objective: objective("mse") });
    const { total } = await probe.measure([...sliceBatches(feeds, of.batch ?? rows)]);
    await probe.dispose();
    expect(total.layers.map(({ name }) => name)).toEqual(["front", "fc"]);
    for (const [i, layer] of total.layers.entries())
      expectSame(layer, expected[i]!, of.cancels ? ["hh", "gg", "hnhn", "gngn"] : sideBlocks);
  });
});

describe("what is deferred", () => {
  const map = (dIn: number, dOut: number) => ({
    ...{ name: "fc", kind: "linear" as const, dOut, rows, hb: "y", outputRows: () => "" },
    input: { dIn, inputRows: () => "", weightRows: () => "", weight: () => matrix(dOut, dIn), bias: null },
  });

  test("is the wide side of a map, of enough rows", () => {
    const of = (dIn: number, dOut: number, extent: { rows: number; groups: number }) =>
      deferredSide(map(dIn, dOut), extent);
    expect(of(24, 96, { rows, groups: 1 })).toBe("b");
    expect(of(96, 24, { rows, groups: 1 })).toBe("a");
    expect(of(72, 72, { rows: 1e6, groups: 1 })).toBeUndefined();
    expect(of(512, 2048, { rows: 1e4, groups: 2 })).toBe("b");
    expect(of(512, 2048, { rows: 2048, groups: 1 })).toBeUndefined();
    expect(of(512, 2048, { rows: 1e4, groups: 16 })).toBeUndefined();
  });

  test("is nothing of a head, nor where coordinates are sampled", () => {
    const { input: _, ...head } = map(24, 96);
    expect(deferredSide(head, { rows, groups: 1 })).toBeUndefined();
    expect(deferredSide(map(24, 96), { rows, groups: 1 }, {})).toBeUndefined();
  });
});
