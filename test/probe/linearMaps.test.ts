/**
 * @file Every form of linear map, measured with random weights and data: the moments must satisfy Eq. 6 exactly, H_b =
 * W H_a W^T and G_a = W^T G_b W (centred), which fails as soon as rows, columns or weights are laid out differently
 * from each other.
 */
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import type { LayerMoments } from "../../src/moments/moments.ts";
import { objective } from "../../src/objectives/objective.ts";
import { type Attribute, int, ints, type Node } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { findGemm } from "../../src/probe/maps/contractions.ts";
import { Probe } from "../../src/probe/probe.ts";
import type { ProbeOptions } from "../../src/probe/probeOptions.ts";
import { Random } from "../../src/random/random.ts";

/** float32 products of some hundred terms, relative to the largest entry. */
const FLOAT32 = 2e-5;
const n = 24;
/** Samples so few that no sum follows from another (momentNodes.ts). */
const few = 3;

const random = new Random(11);
function normals(...shape: number[]): Tensor {
  const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  random.fillNormal(data);
  return float32(data, shape);
}

type Build = (g: GraphBuilder, x: string) => string;

/** A model of one operator, then a tanh, so that the gradient varies from sample to sample. */
async function measure(input: readonly number[], build: Build, samples = n, options: Partial<ProbeOptions> = {}) {
  const g = new GraphBuilder("m");
  const y = build(g, g.input("x", "float32", ["n", ...input]));
  g.output(g.op("Tanh", [g.op("Flatten", [y])]), "output");
  const model = { graph: g.build(), opset: WORKING_OPSET };
  const x = normals(samples, ...input);
  const program = await nodeEngine.compile(model);
  const { output } = await program.run({ x });
  const probe = new Probe(nodeEngine, model, { objective: objective("mse"), ...options });
  try {
    return await probe.measure(sliceBatches({ x, [TARGET]: normals(...output!.shape) }, 10));
  } finally {
    await probe.dispose();
    await program.dispose();
  }
}

/** Centred second moment: sum x x^T / n - mean mean^T. */
function covariance(sums: Float64Array, sum: Float64Array, count: number): Matrix {
  const d = sum.length;
  return matrix(
    d,
    d,
    sums.map((value, i) => value / count - (sum[Math.floor(i / d)]! * sum[i % d]!) / count ** 2),
  );
}

function expectSame(A: Matrix, B: Matrix, what: string): void {
  const largest = Math.max(...B.data.map(Math.abs));
  const difference = Math.max(...A.data.map((value, i) => Math.abs(value - B.data[i]!)));
  expect(difference / largest, what).toBeLessThan(FLOAT32);
}

function expectEq6({ a, b, W, n, gbHa }: LayerMoments): void {
  const [w, wT] = [W!, transpose(W!)];
  const Ha = covariance(a!.hh!, a!.hSum!, n);
  const Gb = covariance(b.gg!, b.gSum!, n);
  expectSame(covariance(b.hh!, b.hSum!, n), matmul(matmul(w, Ha), wT), "H_b = W H_a W^T");
  expectSame(covariance(a!.gg!, a!.gSum!, n), matmul(matmul(wT, Gb), w), "G_a = W^T G_b W");
  const cross = matrix(w.rows, w.cols, gbHa!);
  expectSame(matrix(w.cols, w.cols, a!.gh!), matmul(wT, cross), "sum g_a h_a^T = W^T sum g_b h_a^T");
}

const weight = (g: GraphBuilder, ...shape: number[]) => g.initializer("fc.weight", normals(...shape));
const conv =
  (shape: number[], attributes: Record<string, Attribute> = {}, bias = false): Build =>
  (g, x) =>
    g.op("Conv", [x, weight(g, ...shape), ...(bias ? [g.constant(normals(shape[0]!))] : [])], attributes);

/** @param outputs channels, where there is a bias */
const convT =
  (shape: number[], attributes: Record<string, Attribute> = {}, outputs?: number): Build =>
  (g, x) =>
    g.op("ConvTranspose", [x, weight(g, ...shape), ...(outputs ? [g.constant(normals(outputs))] : [])], attributes);

type Form = [name: string, input: number[], build: Build, dIn: number, dOut: number, rows: number];

const forms: Form[] = [
  ["Gemm, transB", [5], (g, x) => g.op("Gemm", [x, weight(g, 4, 5)], { transB: int(1) }), 5, 4, n],
  [
    "Gemm, alpha, bias",
    [5],
    (g, x) => g.op("Gemm", [x, weight(g, 5, 4), g.constant(normals(4))], { alpha: { float: 0.5 } }),
    5,
    4,
    n,
  ],
  ["MatMul", [5], (g, x) => g.op("MatMul", [x, weight(g, 5, 4)]), 5, 4, n],
  [
    "MatMul and bias",
    [5],
    (g, x) => g.op("Add", [g.op("MatMul", [x, weight(g, 5, 4)]), g.constant(normals(4))]),
    5,
    4,
    n,
  ],
  [
    "MatMul over rows, bias behind a Reshape (Keras)",
    [3, 5],
    (g, x) => {
      const rows = g.op("Reshape", [x, g.ints([-1, 5])]);
      const product = g.op("Reshape", [g.op("MatMul", [rows, weight(g, 5, 4)]), g.ints([-1, 3, 2, 2])]);
      return g.op("Add", [product, g.constant(normals(2, 2))]);
    },
    5,
    4,
    3 * n,
  ],
  ["MatMul over tokens", [3, 5], (g, x) => g.op("MatMul", [x, weight(g, 5, 4)]), 5, 4, 3 * n],
  ["MatMul, unit axis of the constant", [3, 5], (g, x) => g.op("MatMul", [x, weight(g, 1, 5, 4)]), 5, 4, 3 * n],
  ["MatMul, many matrices for one input", [1, 2, 5], (g, x) => g.op("MatMul", [x, weight(g, 3, 5, 4)]), 5, 12, 2 * n],
  ["MatMul with a vector", [3, 5], (g, x) => g.op("MatMul", [x, weight(g, 5)]), 5, 1, 3 * n],
  ["MatMul, constant on the left (mixers)", [3, 5], (g, x) => g.op("MatMul", [weight(g, 4, 3), x]), 3, 4, 5 * n],
  [
    "Einsum bnd,dh->bnh",
    [3, 5],
    (g, x) => g.op("Einsum", [x, weight(g, 5, 4)], { equation: { string: "bnd,dh->bnh" } }),
    5,
    4,
    3 * n,
  ],
  [
    "Einsum, two output axes",
    [3, 5],
    (g, x) => g.op("Einsum", [x, weight(g, 2, 5, 4)], { equation: { string: "bnd,hdk->bhnk" } }),
    5,
    8,
    3 * n,
  ],
  [
    "Einsum, two contracted axes, constant first",
    [2, 3, 5],
    (g, x) => g.op("Einsum", [weight(g, 2, 5, 4), x], { equation: { string: "hdo, bhnd -> bno" } }),
    10,
    4,
    3 * n,
  ],
  ["Conv 1-d", [3, 9], conv([4, 3, 3]), 9, 4, 7 * n],
  ["Conv 2-d, padding, bias", [3, 6, 7], conv([4, 3, 3, 3], { pads: ints([1, 1, 1, 1]) }, true), 27, 4, 42 * n],
  [
    "Conv 2-d, stride and dilation",
    [2, 9, 9],
    conv([4, 2, 3, 2], { strides: ints([2, 3]), dilations: ints([2, 1]) }),
    12,
    4,
    9 * n,
  ],
  ["Conv 2-d, uneven padding", [2, 5, 5], conv([3, 2, 2, 2], { pads: ints([1, 0, 0, 2]) }), 8, 3, 30 * n],
  [
    "Conv 2-d, auto_pad SAME_UPPER",
    [2, 5, 5],
    conv([3, 2, 2, 2], { auto_pad: { string: "SAME_UPPER" }, strides: ints([2, 2]) }),
    8,
    3,
    9 * n,
  ],
  [
    "Conv 2-d, auto_pad SAME_LOWER",
    [2, 6, 6],
    conv([3, 2, 3, 3], { auto_pad: { string: "SAME_LOWER" }, strides: ints([2, 2]) }),
    18,
    3,
    9 * n,
  ],
  ["Conv 2-d, 1 x 1", [3, 4, 4], conv([5, 3, 1, 1]), 3, 5, 16 * n],
  ["Conv 3-d", [2, 3, 4, 3], conv([3, 2, 2, 2, 2]), 16, 3, 12 * n],
  ["Conv, depthwise, bias", [4, 5, 5], conv([4, 1, 3, 3], { group: int(4) }, true), 36, 4, 9 * n],
  ["Conv, two outputs of each channel", [3, 5], conv([6, 1, 2], { group: int(3) }), 6, 6, 4 * n],
  ["Conv, more groups than are looked at", [66, 4], conv([66, 2, 2], { group: int(33) }), 132, 66, 3 * n],
  ["ConvTranspose 1-d, 1", [3, 5], convT([3, 4, 1]), 3, 4, 5 * n],
  [
    "ConvTranspose 2-d, overlapping, bias",
    [2, 4, 3],
    convT([2, 3, 3, 3], { strides: ints([2, 2]), pads: ints([1, 0, 0, 1]), output_padding: ints([1, 0]) }, 3),
    2,
    27,
    12 * n,
  ],
  ["ConvTranspose 2-d, apart, bias", [3, 3, 4], convT([3, 2, 2, 2], { strides: ints([2, 2]) }, 2), 3, 8, 12 * n],
  [
    "ConvTranspose, apart, with gaps",
    [3, 3],
    convT([3, 2, 2], { strides: ints([3]), output_padding: ints([1]) }, 2),
    3,
    4,
    3 * n,
  ],
  [
    "ConvTranspose, apart, cropped",
    [3, 4],
    convT([3, 2, 2], { strides: ints([2]), pads: ints([1, 1]) }, 2),
    3,
    4,
    4 * n,
  ],
  ["ConvTranspose, dilation", [3, 4], convT([3, 2, 2], { dilations: ints([2]), strides: ints([3]) }, 2), 3, 4, 4 * n],
  [
    "ConvTranspose, auto_pad SAME_UPPER",
    [2, 5],
    convT([2, 3, 4], { strides: ints([3]), auto_pad: { string: "SAME_UPPER" } }),
    2,
    12,
    5 * n,
  ],
  [
    "ConvTranspose, auto_pad SAME_LOWER",
    [2, 5],
    convT([2, 3, 4], { strides: ints([3]), auto_pad: { string: "SAME_LOWER" } }),
    2,
    12,
    5 * n,
  ],
  [
    "ConvTranspose, output_shape",
    [2, 5],
    convT([2, 3, 4], { strides: ints([2]), output_shape: ints([9]) }),
    2,
    12,
    5 * n,
  ],
  ["ConvTranspose, depthwise", [4, 5], convT([4, 1, 3], { group: int(4), strides: ints([2]) }, 4), 4, 12, 5 * n],
  ["ConvTranspose, depthwise, apart", [4, 5], convT([4, 1, 2], { group: int(4), strides: ints([2]) }, 4), 4, 8, 5 * n],
];

describe("a linear map", () => {
  test.each(forms)("%s is measured, and Eq. 6 holds", async (_, input, build, dIn, dOut, rows) => {
    const { total, skipped } = await measure(input, build);
    expect(skipped).toEqual([]);
    expect(total.layers.map((layer) => layer.name)).toEqual(["fc"]);
    const layer = total.layers[0]!;
    expect([layer.dIn, layer.dOut, layer.n]).toEqual([dIn, dOut, rows]);
    expectEq6(layer);
  });

  test.each(forms)("%s behind another map takes g_a from the backward pass", async (_, input, build) => {
    const width = input.at(-1)!;
    const behind: Build = (g, x) => build(g, g.op("MatMul", [x, g.initializer("front.weight", normals(width, width))]));
    const { total } = await measure(input, behind, few);
    expect(total.layers.map((layer) => layer.name)).toEqual(["front", "fc"]);
    expectEq6(total.layers[1]!);
  });

  test.each(forms)("%s is measured in part, and Eq. 6 holds of that", async (_, input, build, dIn, dOut, rows) => {
    const { total } = await measure(input, build, n, { positions: 2 });
    const layer = total.layers[0]!;
    expect([layer.dIn, layer.dOut, layer.n]).toEqual([dIn, dOut, Math.min(rows, 2 * n)]);
    expectEq6(layer);
  });

  test.each(forms)("%s behind another map is measured in part, and Eq. 6 holds of that", async (_, input, build) => {
    const width = input.at(-1)!;
    const behind: Build = (g, x) => build(g, g.op("MatMul", [x, g.initializer("front.weight", normals(width, width))]));
    const { total } = await measure(input, behind, few, { positions: 2 });
    expectEq6(total.layers[1]!);
  });

  test("of a grouped convolution is one per group", async () => {
    const { total } = await measure([4, 5, 5], conv([6, 2, 3, 3], { group: int(2) }));
    expect(total.layers.map(({ name, dIn, dOut }) => [name, dIn, dOut])).toEqual([
      ["fc.group0", 18, 3],
      ["fc.group1", 18, 3],
    ]);
    for (const layer of total.layers) expectEq6(layer);
    const { total: part } = await measure([4, 5, 5], conv([6, 2, 3, 3], { group: int(2) }), n, { positions: 3 });
    expect(part.layers.map((layer) => layer.n)).toEqual([3 * n, 3 * n]);
    for (const layer of part.layers) expectEq6(layer);
  });

  test("of a transposed convolution of two groups is one per group", async () => {
    const grouped = convT([4, 3, 3], { group: int(2), strides: ints([2]) }, 6);
    const { total } = await measure([4, 5], grouped);
    expect(total.layers.map(({ name, dIn, dOut }) => [name, dIn, dOut])).toEqual([
      ["fc.group0", 2, 9],
      ["fc.group1", 2, 9],
    ]);
    for (const layer of total.layers) expectEq6(layer);
    const { total: behind } = await measure(
      [4, 5],
      (g, x) => grouped(g, g.op("Conv", [x, g.initializer("front.weight", normals(4, 4, 1))])),
      few,
    );
    for (const layer of behind.layers) expectEq6(layer);
  });

  test.each<[string, Build]>([
    ["MatMul", (g, x) => g.op("MatMul", [x, weight(g, 2, 5, 4)])],
    ["Einsum", (g, x) => g.op("Einsum", [x, weight(g, 5, 2, 4)], { equation: { string: "bhnd,dho->bnho" } })],
  ])("of a %s with a matrix per head is one per head", async (_, build) => {
    const { total } = await measure([2, 3, 5], build);
    expect(total.layers.map(({ name, dIn, dOut, n: rows }) => [name, dIn, dOut, rows])).toEqual([
      ["fc.group0", 5, 4, 3 * n],
      ["fc.group1", 5, 4, 3 * n],
    ]);
    for (const layer of total.layers) expectEq6(layer);
    const front = (g: GraphBuilder, x: string) => g.op("MatMul", [x, g.initializer("front.weight", normals(5, 5))]);
    const { total: behind } = await measure([2, 3, 5], (g, x) => build(g, front(g, x)), few);
    for (const layer of behind.layers) expectEq6(layer);
  });

  test("used twice is two maps of the same weight, named by the nodes' scopes", async () => {
    const { total } = await measure([4], (g, x) => {
      const W = weight(g, 4, 4);
      const first = g.op("Relu", [g.op("Gemm", [x, W], {}, { name: "/block/one/Gemm" })]);
      return g.op("Gemm", [first, W], {}, { name: "/block/two/Gemm" });
    });
    expect(total.layers.map(({ name }) => name)).toEqual(["block.one", "block.two"]);
    for (const layer of total.layers) expectEq6(layer);
  });
});

describe("what is no linear map is skipped with its reason", () => {
  const kept = (g: GraphBuilder, y: string) => g.op("Gemm", [g.op("Flatten", [y]), g.constant(normals(8, 3))]);
  test.each<[string, number[], Build, RegExp]>([
    [
      "a product of two activations",
      [2, 4],
      (g, x) => kept(g, g.op("MatMul", [g.op("MatMul", [x, g.op("Transpose", [x], { perm: ints([0, 2, 1]) })]), x])),
      /both operands depend on the data/,
    ],
    [
      "more matrices than are looked at",
      [40, 1, 2],
      (g, x) =>
        g.op("Gemm", [
          g.op("Flatten", [g.op("MatMul", [x, g.constant(normals(40, 2, 1))])]),
          g.constant(normals(40, 3)),
        ]),
      /a constant of 40 matrices/,
    ],
    [
      "a diagonal Einsum",
      [2, 4],
      (g, x) => kept(g, g.op("Einsum", [x, g.constant(normals(4))], { equation: { string: "bnd,d->bnd" } })),
      /no index is summed over|runs over samples/,
    ],
  ])("%s", async (_, input, build, reason) => {
    const { skipped, total } = await measure(input, build);
    expect(total.layers.length).toBeGreaterThan(0);
    expect(skipped.map((one) => one.reason).join()).toMatch(reason);
  });

  test.each<[string, readonly number[], boolean]>([
    ["a row of its own to each sample", [7, 4], true],
    ["a number of its own to each sample", [7, 1], true],
    ["one row to all", [1, 4], false],
    ["one number to each output", [4], false],
  ])("a Gemm that adds %s", (_, shape, isSkipped) => {
    const shapes: Record<string, readonly number[]> = { x: [7, 5], w: [5, 4], c: shape, y: [7, 4] };
    const node: Node = { op: "Gemm", domain: "", name: "", inputs: ["x", "w", "c"], outputs: ["y"], attributes: {} };
    const found = findGemm(node, {
      graph: { name: "", nodes: [node], initializers: new Map(), inputs: [], outputs: [] },
      values: new Map(Object.entries(shapes).map(([name, of]) => [name, { dtype: "float32", shape: of }])),
      isWeight: (name) => name !== "x",
      moduleName: () => "fc",
    });
    expect(typeof found === "string").toBe(isSkipped);
  });

  test("maps before an operator without a gradient are left out, the others measured", async () => {
    const { total, skipped } = await measure([5], (g, x) => {
      const first = g.op("Gemm", [x, g.initializer("first.weight", normals(5, 4))]);
      const determinant = g.op("Det", [g.op("Reshape", [first, g.ints([-1, 2, 2])])]);
      const column = g.op("Reshape", [determinant, g.ints([-1, 1])]);
      return g.op("Gemm", [column, g.initializer("second.weight", normals(1, 4))]);
    });
    expect(total.layers.map(({ name }) => name)).toEqual(["second"]);
    expect(skipped).toEqual([{ node: "first", reason: expect.stringMatching(/its gradient passes Det/) }]);
  });
});
