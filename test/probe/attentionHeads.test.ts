/**
 * @file One attention written in every layout: its heads must come out the same. V and the weights of attention are the
 * data, so that the layouts differ in nothing else.
 */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import type { LayerMoments } from "../../src/moments/moments.ts";
import { objective } from "../../src/objectives/objective.ts";
import { int, ints } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";

/** float32 sums of some hundred terms, relative to the largest entry. */
const FLOAT32 = 1e-5;
const [N, B, H, T, d] = [8, 4, 3, 5, 2]; // samples, batch, heads, tokens, width

const random = new Random(3);
function normals(...shape: number[]): Tensor {
  const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  random.fillNormal(data);
  return float32(data, shape);
}
const data = { s: normals(N, H, T, T), v: normals(N, H, T, d), [TARGET]: normals(N, T, 4) };
const W = normals(H * d, 4);

/** From scores (B, H, T, T) and V (B, H, T, d) to the heads side by side (B, T, H d). */
type Attention = (g: GraphBuilder, s: string, v: string) => string;

async function heads(attention: Attention): Promise<{ layers: LayerMoments[]; reasons: string[] }> {
  const g = new GraphBuilder("m");
  const [s, v] = [g.input("s", "float32", ["n", H, T, T]), g.input("v", "float32", ["n", H, T, d])];
  const joined = attention(g, s, v);
  g.output(g.op("Tanh", [g.op("MatMul", [joined, g.initializer("out.weight", W)])]), "y");
  const model = { graph: g.build(), opset: WORKING_OPSET };
  const probe = new Probe(nodeEngine, model, { objective: objective("mse") });
  try {
    const { total, skipped } = await probe.measure(sliceBatches(data, B));
    return { layers: total.layers.filter(({ kind }) => kind === "head"), reasons: skipped.map(({ reason }) => reason) };
  } finally {
    await probe.dispose();
  }
}

const softmax = (g: GraphBuilder, s: string) => g.op("Softmax", [s], { axis: int(-1) });
const turn = (g: GraphBuilder, x: string, ...perm: number[]) => g.op("Transpose", [x], { perm: ints(perm) });
const shaped = (g: GraphBuilder, x: string, ...shape: number[]) => g.op("Reshape", [x, g.ints(shape)]);
const joined = (g: GraphBuilder, y: string) => shaped(g, turn(g, y, 0, 2, 1, 3), B, T, H * d);
const plain: Attention = (g, s, v) => joined(g, g.op("MatMul", [softmax(g, s), v]));

test.each<[string, Attention]>([
  [
    "(batch heads, T, d), heads faster",
    (g, s, v) => {
      const p = shaped(g, softmax(g, s), B * H, T, T);
      return joined(g, shaped(g, g.op("MatMul", [p, shaped(g, v, B * H, T, d)]), B, H, T, d));
    },
  ],
  [
    "(batch heads, T, d) joined time first, as torch.nn.MultiheadAttention does",
    (g, s, v) => {
      const y = g.op("MatMul", [shaped(g, softmax(g, s), B * H, T, T), shaped(g, v, B * H, T, d)]);
      return turn(g, shaped(g, turn(g, y, 1, 0, 2), T, B, H * d), 1, 0, 2);
    },
  ],
  [
    "(heads batch, T, d), heads slower",
    (g, s, v) => {
      const lead = (x: string, last: number) => shaped(g, turn(g, x, 1, 0, 2, 3), H * B, T, last);
      const y = shaped(g, g.op("MatMul", [lead(softmax(g, s), T), lead(v, d)]), H, B, T, d);
      return shaped(g, turn(g, y, 1, 2, 0, 3), B, T, H * d);
    },
  ],
  [
    "Einsum",
    (g, s, v) => {
      const equation = { equation: { string: "bhts,bhsd->bdht" } };
      const y = g.op("Einsum", [softmax(g, s), v], equation);
      return shaped(g, turn(g, y, 0, 3, 2, 1), B, T, H * d);
    },
  ],
  [
    "a softmax written out, as JAX exports it",
    (g, s, v) => {
      const exp = g.op("Exp", [g.op("Sub", [s, g.op("ReduceMax", [s, g.ints([3])])])]);
      const sum = g.op("Unsqueeze", [g.op("ReduceSum", [exp, g.ints([3])], { keepdims: int(0) }), g.ints([3])]);
      return joined(g, g.op("MatMul", [g.op("Div", [exp, sum]), v]));
    },
  ],
])("%s: the heads are those of (batch, heads, T, d)", async (_, attention) => {
  const [expected, measured] = [await heads(plain), await heads(attention)];
  expect(measured.layers.length).toBe(H);
  measured.layers.forEach(({ name, dOut, n, b }, head) => {
    expect(name).toMatch(new RegExp(`\\[${head}\\]$`));
    expect([dOut, n]).toEqual([d, N * T]);
    const other = expected.layers[head]!.b;
    expectSame(b.hh!, other.hh!);
    expectSame(b.gg!, other.gg!);
  });
});

test("a single head needs no axis of its own", async () => {
  const { layers } = await heads((g, s, v) => {
    const first = (x: string) =>
      g.op("Squeeze", [g.op("Slice", [x, ...[0, 1, 1].map((i) => g.ints([i]))]), g.ints([1])]);
    const y = g.op("MatMul", [softmax(g, first(s)), first(v)]);
    return g.op("MatMul", [y, g.initializer("proj.weight", normals(d, H * d))]);
  });
  expect(layers.map(({ dOut, n }) => [dOut, n])).toEqual([[d, N * T]]);
});

test("heads that are taken apart one by one are named among what is left out", async () => {
  const { layers, reasons } = await heads((g, s, v) => {
    const y = g.op("MatMul", [shaped(g, softmax(g, s), B * H, T, T), shaped(g, v, B * H, T, d)]);
    const parts = g.ops("Split", [y], { axis: int(0), num_outputs: int(B) }, { outputs: B });
    return shaped(g, joined(g, shaped(g, g.op("Concat", parts, { axis: int(0) }), B, H, T, d)), B, T, H * d);
  });
  expect(layers).toEqual([]);
  expect(reasons).toEqual([expect.stringMatching(/heads have no axis/)]);
});

function expectSame(A: Float64Array, B: Float64Array): void {
  const largest = Math.max(...B.map(Math.abs));
  A.forEach((value, i) => {
    expect(Math.abs(value - B[i]!) / largest).toBeLessThan(FLOAT32);
  });
}
