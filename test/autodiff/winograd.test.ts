/** @file Winograd's form of 3x3 convolutions against sums written out in float64, forward and backward. */
import { describe, expect, test } from "vitest";
import { addGradients } from "../../src/autodiff/gradient.ts";
import { addWinograd, gainsByWinograd } from "../../src/autodiff/rules/convolution/winograd.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import type { Attribute, BoundValue, Node } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { type DataType, float32, float64, sizeOf, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";

/** Rounding of float64 (1e-16) over sums of some hundred products. */
const ROUNDED = 1e-13;
/** Sums of products of transformed entries round more than those of the entries: published factors are 1.5 to 3. */
const TIMES_DIRECT = 4;

const PADDED = { pads: { ints: [1, 1, 1, 1] } };

interface Sizes {
  readonly N: number;
  readonly C: number;
  readonly M: number;
  readonly height: number;
  readonly width: number;
}

function shapesOf({ N, C, M, height, width }: Sizes) {
  return { x: [N, C, height, width], W: [M, C, 3, 3], dY: [N, M, height, width] } as const;
}

/** Normal numbers that are exact in float32. */
function random({ length }: { length: number }, seed: number): number[] {
  const data = new Float32Array(length);
  new Random(seed).fillNormal(data);
  return Array.from(data);
}

type Numbers = Record<"x" | "W" | "dY", readonly number[]>;

function draw(sizes: Sizes): Numbers {
  const { x, W, dY } = shapesOf(sizes);
  return {
    x: random({ length: sizeOf(x) }, 1),
    W: random({ length: sizeOf(W) }, 2),
    dY: random({ length: sizeOf(dY) }, 3),
  };
}

/** y, dx and dW by the definition, one product after the other. */
function byDefinition({ N, C, M, height, width }: Sizes, { x, W, dY }: Numbers): Results {
  const [y, dx, dW] = [dY.map(() => 0), x.map(() => 0), W.map(() => 0)];
  for (let n = 0; n < N; n++)
    for (let m = 0; m < M; m++)
      for (let c = 0; c < C; c++)
        for (let i = 0; i < height * width; i++)
          for (let k = 0; k < 9; k++) {
            const row = Math.floor(i / width) + Math.floor(k / 3) - 1;
            const column = (i % width) + (k % 3) - 1;
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            const at = ((n * C + c) * height + row) * width + column;
            const out = (n * M + m) * height * width + i;
            const w = (m * C + c) * 9 + k;
            y[out]! += W[w]! * x[at]!;
            dx[at]! += W[w]! * dY[out]!;
            dW[w]! += dY[out]! * x[at]!;
          }
  return { y, dx, dW };
}

type Results = Record<"y" | "dx" | "dW", readonly number[]>;

/** The same by a graph, in Winograd's form or by the operator and its rule. */
async function byGraph(
  sizes: Sizes,
  numbers: Numbers,
  dtype: "float32" | "float64",
  winograd: boolean,
): Promise<Results> {
  const shapes = shapesOf(sizes);
  const make = dtype === "float32" ? float32 : float64;
  const feeds: Record<string, Tensor> = {};
  const forward = new GraphBuilder("net");
  for (const key of ["x", "W", "dY"] as const) {
    feeds[key] = make([...numbers[key]], shapes[key]);
    forward.input(key, dtype, shapes[key]);
  }
  const y = forward.op("Conv", ["x", "W"], PADDED);
  const product = forward.op("Mul", [y, "dY"]);
  const graph = forward.build();
  const values = valuesOf({ ...shapes, [y]: shapes.dY, [product]: shapes.dY }, dtype);
  const g = new GraphBuilder("both", { ...graph, nodes: [] });
  const own = new Map(winograd ? [[graph.nodes[0]!, addWinograd(g, graph.nodes[0]!, values)]] : []);
  for (const node of graph.nodes) if (!own.has(node)) g.add(node);
  const gradients = addGradients(g, graph, { of: product, wrt: ["x", "W"], values, own });
  // biome-ignore format: a table
  for (const [name, value] of [["y", y], ["dx", gradients.get("x")!], ["dW", gradients.get("W")!]] as const) g.output(value, name);
  const program = await nodeEngine.compile({ graph: g.build(), opset: WORKING_OPSET });
  const outputs = await program.run(feeds);
  await program.dispose();
  return { y: toNumbers(outputs.y!), dx: toNumbers(outputs.dx!), dW: toNumbers(outputs.dW!) };
}

function valuesOf(shapes: Record<string, readonly number[]>, dtype: DataType): Map<string, BoundValue> {
  return new Map(Object.entries(shapes).map(([name, shape]) => [name, { dtype, shape }]));
}

/** Largest difference over the largest entry. */
function difference(found: readonly number[], expected: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest(found.map((value, i) => value - expected[i]!)) / largest(expected);
}

describe("in float64", () => {
  test.each([
    ["square images", { N: 2, C: 3, M: 5, height: 6, width: 6 }],
    ["wide images", { N: 3, C: 4, M: 2, height: 2, width: 8 }],
    ["one tile and channel", { N: 1, C: 1, M: 1, height: 2, width: 2 }],
  ])("result and gradients are those of the definition for %s", async (_, sizes) => {
    const numbers = draw(sizes);
    const expected = byDefinition(sizes, numbers);
    const found = await byGraph(sizes, numbers, "float64", true);
    for (const key of ["y", "dx", "dW"] as const) expect(difference(found[key], expected[key])).toBeLessThan(ROUNDED);
  });
});

test("in float32 rounding is that of the direct convolution within a small factor", async () => {
  const sizes = { N: 4, C: 128, M: 130, height: 4, width: 6 };
  const numbers = draw(sizes);
  const exact = await byGraph(sizes, numbers, "float64", true);
  const [direct, winograd] = [
    await byGraph(sizes, numbers, "float32", false),
    await byGraph(sizes, numbers, "float32", true),
  ];
  for (const key of ["y", "dx", "dW"] as const)
    expect(difference(winograd[key], exact[key])).toBeLessThan(TIMES_DIRECT * difference(direct[key], exact[key]));
});

/** A convolution of 128 to 128 channels, and what may be another. */
function convolution(change: {
  readonly attributes?: Record<string, Attribute>;
  readonly x?: readonly number[];
  readonly W?: readonly number[];
  readonly bias?: boolean;
  readonly constant?: boolean;
  readonly dtype?: "float64";
}) {
  const { attributes = {}, x = [2, 128, 6, 4], W = [128, 128, 3, 3], bias = false, constant = false } = change;
  const dtype = change.dtype ?? "float32";
  const g = new GraphBuilder("net");
  g.input("x", dtype, x);
  if (constant) g.initializer("W", float32(new Float32Array(sizeOf(W)), W));
  else g.input("W", dtype, W);
  const inputs = bias ? ["x", "W", g.input("b", dtype, [W[0]!])] : ["x", "W"];
  g.op("Conv", inputs, { ...PADDED, ...attributes });
  const graph = g.build();
  const node = graph.nodes[0] as Node;
  return gainsByWinograd(graph, node, valuesOf({ x, W, b: [W[0]!] }, dtype));
}

test("a convolution 3x3 of many channels takes this form", () => {
  expect(convolution({})).toBe(true);
  expect(convolution({ attributes: { dilations: { ints: [1, 1] }, strides: { ints: [1, 1] } } })).toBe(true);
});

test.each([
  ["with stride 2", { attributes: { strides: { ints: [2, 2] } } }],
  ["with a stride along one axis", { attributes: { strides: { ints: [1, 2] } } }],
  ["with dilation", { attributes: { dilations: { ints: [2, 2] } } }],
  ["without padding", { attributes: { pads: { ints: [0, 0, 0, 0] } } }],
  ["padded on one side", { attributes: { pads: { ints: [1, 1, 1, 0] } } }],
  ["padded by a rule", { attributes: { auto_pad: { string: "SAME_UPPER" } } }],
  ["in groups", { attributes: { group: { int: 2 } }, W: [256, 128, 3, 3], x: [2, 256, 6, 4] }],
  ["of odd height", { x: [2, 128, 5, 4] }],
  ["of odd width", { x: [2, 128, 6, 3] }],
  ["of one axis", { x: [2, 128, 6], W: [128, 128, 3] }],
  ["by kernels 5x5", { W: [128, 128, 5, 5] }],
  ["by kernels 1x1", { W: [128, 128, 1, 1] }],
  ["with few channels", { x: [2, 64, 6, 4], W: [128, 64, 3, 3] }],
  ["with few results", { W: [64, 128, 3, 3] }],
  ["with a bias", { bias: true }],
  ["by weights that do not change", { constant: true }],
  ["in float64", { dtype: "float64" as const }],
])("a convolution %s stays as it is", (_, change) => {
  expect(convolution(change)).toBe(false);
});
