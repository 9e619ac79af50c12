/**
 * @file Branches that data decide, loops over sequences, and Scans of any origin: what of them is measured, and what is
 * said.
 */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import type { LayerMoments } from "../../src/moments/moments.ts";
import { objective } from "../../src/objectives/objective.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, int64, sizeOf, type Tensor } from "../../src/onnx/tensor.ts";
import { type Feeds, TARGET } from "../../src/probe/feeds.ts";
import { sampleRows } from "../../src/probe/maps/sampledRows.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";

const random = new Random(5);
const normals = (...shape: number[]): Tensor =>
  float32(
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
    shape,
  );
const [N, D] = [10, 3];
const [W1, W2, W3] = [normals(D, D), normals(D, 2), normals(D, 2)];
const x = normals(N, D);
const target = normals(N, 2);

/** Rounding of sums in float32. */
const ROUNDING = 1e-5;

async function measure(g: GraphBuilder, batches: readonly Feeds[]) {
  const model = { graph: g.build(), opset: WORKING_OPSET };
  const probe = new Probe(nodeEngine, model, { objective: objective("mse"), pairs: 64 });
  try {
    return await probe.measure(batches);
  } finally {
    await probe.dispose();
  }
}

type Sums = "hh" | "gg";
const sides = ["a", "b"] as const;

function expectClose(found: Float64Array, expected: Float64Array) {
  const scale = Math.max(...expected.map(Math.abs));
  expect(scale).toBeGreaterThan(0);
  expect(Math.max(...expected.map((value, k) => Math.abs(value - found[k]!)))).toBeLessThan(ROUNDING * scale);
}

function sums(layers: readonly LayerMoments[], side: "a" | "b", key: Sums): Float64Array {
  const [first, ...others] = layers.map((layer) => layer[side]![key]!);
  return first!.map((value, k) => others.reduce((sum, other) => sum + other[k]!, value));
}

test("an If is measured through the branch that the data take, and says so", async () => {
  const network = (branching: boolean) => {
    const g = new GraphBuilder("network");
    const h = g.op("Tanh", [g.op("MatMul", [g.input("x", "float32", ["N", D]), g.initializer("first.weight", W1)])]);
    const [second, third] = [g.initializer("second.weight", W2), g.initializer("third.weight", W3)];
    const branch = (weight: string) => {
      const b = new GraphBuilder(`with ${weight}`);
      b.output(b.op("MatMul", [h, weight]));
      return { graph: b.build() };
    };
    const isPositive = g.op("Greater", [g.op("ReduceSum", ["x"], { keepdims: int(0) }), g.scalar(0)]);
    const attributes = { then_branch: branch(second), else_branch: branch(third) };
    const y = branching ? g.op("If", [isPositive], attributes, { name: "choice" }) : g.op("MatMul", [h, second]);
    g.output(y, "y");
    return g;
  };
  const positive = { ...x, data: (x.data as Float32Array).map(Math.abs) };
  const negative = { ...x, data: positive.data.map((value) => -value) };
  const { total, skipped } = await measure(network(true), [{ x: positive, [TARGET]: target }]);
  expect(total.layers.map(({ name }) => name)).toEqual(["first", "second"]);
  expect(skipped).toEqual([{ node: "choice", reason: "the else branch, since these data take the then branch" }]);
  const plain = await measure(network(false), [{ x: positive, [TARGET]: target }]);
  for (const [i, layer] of plain.total.layers.entries())
    for (const side of sides)
      for (const key of ["hh", "gg"] as const)
        expectClose(sums([total.layers[i]!], side, key), sums([layer], side, key));
  const both = [positive, negative].map((one) => ({ x: one, [TARGET]: target }));
  await expect(measure(network(true), both)).rejects.toThrow(
    /same branch of If \(choice\), got the then branch in some/,
  );
});

test("maps beside a loop over a sequence are measured", async () => {
  const g = new GraphBuilder("network");
  g.input("x", "float32", [N, D]);
  const weight = g.initializer("first.weight", W1);
  const b = new GraphBuilder("round");
  const [at, go] = [b.input("at", "int64", []), b.input("go", "bool", [])];
  b.input("rows", "float32"); // a sequence, whose type the engine finds
  const one = b.op("Gather", ["x", b.op("Unsqueeze", [at, b.ints([0])])], { axis: int(0) });
  const longer = b.op("SequenceInsert", ["rows", one]);
  b.output(b.op("Identity", [go]));
  b.output(longer);
  const body = b.build();
  const graph = { ...body, inputs: body.inputs.map((input) => (input.name === "rows" ? { name: "rows" } : input)) };
  const limit = g.op("Shape", ["x"], { start: int(0), end: int(1) });
  const count = g.op("Squeeze", [limit]);
  const rows = g.op("Loop", [count, "", g.op("SequenceEmpty", [])], { body: { graph } });
  const joined = g.op("ConcatFromSequence", [rows], { axis: int(0) });
  const h = g.op("MatMul", ["x", weight]);
  g.output(g.op("MatMul", [g.op("Add", [h, joined]), g.initializer("second.weight", W2)]), "y");
  const { total } = await measure(g, [{ x, [TARGET]: target }]);
  expect(total.layers.map(({ name }) => name)).toEqual(["first", "second"]);
});

test("maps in a Scan are those of the same steps written out, and no symmetry is claimed of them", async () => {
  const T = 3;
  const xs = normals(N, T, D);
  const [V, U, bias] = [normals(D, D), normals(D, D), normals(D)];
  const network = (scanned: boolean) => {
    const g = new GraphBuilder("network");
    const steps = g.op("Transpose", [g.input("x", "float32", [N, T, D])], { perm: { ints: [1, 0, 2] } });
    const [v, u, b] = [g.initializer("in.weight", V), g.initializer("state.weight", U), g.initializer("b", bias)];
    const step = (of: GraphBuilder, slice: string, h: string) => {
      const a = of.op("Add", [of.op("MatMul", [slice, v]), b]);
      return of.op("Tanh", [of.op("Add", [a, of.op("MatMul", [h, u])])]);
    };
    let last = g.op("ReduceSum", ["x", g.ints([1])], { keepdims: int(0) });
    if (scanned) {
      const body = new GraphBuilder("body");
      const h = body.input("h", "float32", [N, D]);
      body.output(step(body, body.input("slice", "float32", [N, D]), h));
      last = g.op("Scan", [last, steps], { body: { graph: body.build() }, num_scan_inputs: int(1) });
    } else
      for (let t = 0; t < T; t++)
        last = step(g, g.op("Gather", [steps, g.constant(int64([t], []))], { axis: int(0) }), last);
    g.output(g.op("MatMul", [last, g.initializer("out.weight", W2)]), "y");
    return g;
  };
  const batch = { x: xs, [TARGET]: target };
  const { total, skipped } = await measure(network(true), [batch]);
  expect(skipped).toEqual([]);
  expect(total.layers.map(({ name, n }) => [name, n])).toEqual([
    ["in", N * T],
    ["state", N * T],
    ["out", N],
  ]);
  // Each call of a map is one of its own where the steps are written out.
  const apart = await measure(network(false), [batch]);
  for (const layer of total.layers) {
    const calls = apart.total.layers.filter(({ name }) => name.split("#")[0] === layer.name);
    expect(calls.length).toBe(layer.name === "out" ? 1 : T);
    for (const side of sides)
      for (const key of ["hh", "gg"] as const) expectClose(sums([layer], side, key), sums(calls, side, key));
  }
  expect(total.edges!.pairs).toEqual([]);
  expect(total.edges!.broken.map(({ first }) => first)).toEqual(expect.arrayContaining(["in", "state"]));
});

test("bodies of two Scans may use the same names for values of other shapes", async () => {
  const g = new GraphBuilder("network");
  let steps = g.op("Transpose", [g.input("x", "float32", ["N", 4, D])], { perm: { ints: [1, 0, 2] } });
  for (const [i, [d, H]] of [[D, 2] as const, [2, 5] as const].entries()) {
    const body = new GraphBuilder("body"); // the same names in both
    const [h, slice] = [body.input("h", "float32", [N, H]), body.input("slice", "float32", [N, d])];
    const own = body.op("MatMul", [slice, g.initializer(`in${i}.weight`, normals(d, H))]);
    const sum = body.op("Add", [own, body.op("MatMul", [h, g.initializer(`state${i}.weight`, normals(H, H))])]);
    body.output(body.op("Tanh", [sum]));
    body.output(body.op("Sin", [sum]));
    const zeros = g.constant(float32(new Float32Array(N * H), [N, H]));
    const attributes = { body: { graph: body.build() }, num_scan_inputs: int(1) };
    steps = g.ops("Scan", [zeros, steps], attributes, { outputs: 2 })[1]!;
  }
  g.output(
    g.op("MatMul", [
      g.op("ReduceMean", [steps, g.ints([0])], { keepdims: int(0) }),
      g.initializer("out.weight", normals(5, 2)),
    ]),
    "y",
  );
  const { total, skipped } = await measure(g, [{ x: normals(N, 4, D), [TARGET]: target }]);
  expect(skipped).toEqual([]);
  expect(total.layers.map(({ name, dOut }) => [name, dOut])).toEqual([
    ...[
      ["in0", 2],
      ["state0", 2],
      ["in1", 5],
      ["state1", 5],
    ],
    ["out", 2],
  ]);
});

test("noise of a recurrent layer is summed by example, over all its time steps", async () => {
  const [T, H] = [4, 2];
  const g = new GraphBuilder("network");
  const h = g.op("MatMul", [g.input("x", "float32", ["N", T, D]), g.initializer("first.weight", W1)]);
  const steps = g.op("Transpose", [h], { perm: { ints: [1, 0, 2] } });
  const weights = [normals(1, 3 * H, D), normals(1, 3 * H, H), normals(1, 6 * H)].map((one) => g.constant(one));
  const attributes = { hidden_size: int(H) };
  const [Y] = g.ops("GRU", [steps, ...weights], attributes, { outputs: 1, name: "/gru/GRU" });
  const rows = g.op("Transpose", [Y!], { perm: { ints: [2, 0, 1, 3] } });
  const flat = g.op("Reshape", [rows, g.ints([0, T * H])]);
  g.output(g.op("MatMul", [flat, g.initializer("out.weight", normals(T * H, 2))]), "y");
  const whole = normals(N, T, D);
  const part = (tensor: Tensor, i: number): Tensor => {
    const size = tensor.data.length / N;
    return {
      ...tensor,
      shape: [1, ...tensor.shape.slice(1)],
      data: tensor.data.slice(i * size, (i + 1) * size),
    } as Tensor;
  };
  const together = await measure(g, [{ x: whole, [TARGET]: target }]);
  const apart = await measure(
    g,
    Array.from({ length: N }, (_, i) => ({ x: part(whole, i), [TARGET]: part(target, i) })),
  );
  const names = ["first", "gru.ih", "gru.hh", "gru.hh_candidate", "out"];
  expect(together.total.layers.map(({ name }) => name)).toEqual(names);
  const noise = (i: number, side: "a" | "b", { total }: typeof together) => total.layers[i]!.noise![side]!.sum;
  expectClose(noise(0, "b", together), noise(0, "b", apart));
  expectClose(noise(1, "a", together), noise(1, "a", apart));
});

test("maps over sequences of different lengths are listed, and those before them measured", async () => {
  const [T, H] = [4, 2];
  const g = new GraphBuilder("network");
  const h = g.op("MatMul", [g.input("x", "float32", ["N", T, D]), g.initializer("first.weight", W1)]);
  const lengths: Tensor = { dtype: "int32", shape: [N], data: Int32Array.from({ length: N }, (_, i) => 1 + (i % T)) };
  const inputs = [normals(1, H, D), normals(1, H, H), normals(1, 2 * H)].map((one) => g.constant(one));
  const steps = g.op("Transpose", [h], { perm: { ints: [1, 0, 2] } });
  const all = [steps, ...inputs, g.input("lengths", "int32", ["N"])];
  const [, last] = g.ops("RNN", all, { hidden_size: int(H) }, { outputs: ["y", "last"], name: "/rnn/RNN" });
  g.output(g.op("MatMul", [g.op("Squeeze", [last!, g.ints([0])]), g.initializer("out.weight", normals(H, 2))]), "f");
  const { total, skipped } = await measure(g, [{ x: normals(N, T, D), lengths, [TARGET]: target }]);
  expect(total.layers.map(({ name }) => name)).toEqual(["first", "out"]);
  expect(skipped.map(({ node }) => node)).toEqual(["rnn.ih", "rnn.hh"]);
  for (const { reason } of skipped) expect(reason).toMatch(/^its sequences have lengths of their own/);
  // What lies behind the end of its sequence has no gradient.
  expect(total.layers[0]!.b.keptG).toBeLessThanOrEqual((lengths.data as Int32Array).reduce((sum, one) => sum + one, 0));
});

test("of rows that lie time step by time step, each sample's are drawn", () => {
  const [n, T] = [3, 5];
  const rows = sampleRows(n * T, n, 2, new Random(1), { n, outer: T, inner: 1 })!;
  expect(rows).toEqual([...rows].sort((a, b) => a - b));
  expect([0, 1, 2].map((sample) => rows.filter((row) => row % n === sample).length)).toEqual([2, 2, 2]);
});
