/** @file Old forms of operators, run as they are and upgraded: ONNX Runtime must give the same numbers. */
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type Attribute, float, type Graph, int, ints, type Model } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { operatorChanges } from "../../src/onnx/operatorChanges.ts";
import { float32, float64, int64, sizeOf, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";

type Attributes = Record<string, Attribute>;
type Feeds = Record<string, Tensor>;

/** Values that leave nothing symmetric: 0.5, -1, 1.5, -2, ... */
function ramp(shape: readonly number[], dtype: "float32" | "float64" = "float32"): Tensor {
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => (i % 2 ? -1 : 1) * (i + 1) * 0.5);
  return dtype === "float32" ? float32(values, shape) : float64(values, shape);
}

/** A model of one node over `feeds`, at an old opset. */
function single(opset: number, op: string, feeds: Feeds, attributes: Attributes = {}, outputs = 1): Model {
  const g = new GraphBuilder("old");
  for (const [name, { dtype, shape }] of Object.entries(feeds)) g.input(name, dtype, shape);
  for (const output of g.ops(op, Object.keys(feeds), attributes, { outputs })) g.output(output);
  return { graph: g.build(), opset };
}

async function run(model: Model, feeds: Feeds) {
  const program = await nodeEngine.compile(model);
  const results = await program.run(feeds);
  await program.dispose();
  return model.graph.outputs.map(({ name }) => ({ shape: results[name]!.shape, values: toNumbers(results[name]!) }));
}

async function expectSame(model: Model, feeds: Feeds): Promise<Model> {
  const upgraded = upgradeModel(model);
  expect(upgraded.opset).toBe(WORKING_OPSET);
  expect(await run(upgraded, feeds)).toEqual(await run(model, feeds));
  return upgraded;
}

const scalar = (value: number): Tensor => int64([value], []);
const x = ramp([2, 3, 4]);
const image = ramp([1, 2, 3, 4]);
const reductions = ["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin"];
const perChannel = { scale: ramp([2]), B: ramp([2]), mean: ramp([2]), variance: float32([1, 2]) };

type Old = [op: string, opset: number, feeds: Feeds, attributes: Attributes, outputs?: number];
const oldForms: readonly Old[] = [
  ["BatchNormalization", 7, { image, ...perChannel }, { epsilon: float(1e-3), momentum: float(0.8) }],
  ["BatchNormalization", 9, { image, ...perChannel }, {}],
  ["Clip", 7, { x }, { min: float(-3), max: float(2) }],
  ["Clip", 10, { x }, { max: float(2) }],
  ["Dropout", 7, { x }, { ratio: float(0.3) }],
  ["Dropout", 10, { x }, {}],
  [
    "GroupNormalization",
    18,
    { g: ramp([1, 4, 2]), scale: ramp([2]), bias: ramp([2]) },
    { num_groups: int(2), epsilon: float(0.1) },
  ],
  ["Gemm", 7, { A: ramp([2, 3]), B: ramp([3, 2]), C: ramp([2]) }, { beta: float(0.5) }],
  ["Pad", 10, { m: ramp([2, 3]) }, { pads: ints([1, 0, 0, 2]), value: float(7) }],
  ["Pad", 7, { m: ramp([2, 3]) }, { pads: ints([1, 0, 0, 2]), mode: { string: "reflect" } }],
  ...[...reductions, "ReduceProd", "ReduceSum", "ReduceSumSquare"].flatMap((op): Old[] => {
    const data = { x: float32([1, 2, 3, 4, 5, 7], [1, 2, 3]) };
    return [
      [op, 8, data, { axes: ints([1, 2]), keepdims: int(0) }],
      [op, 12, data, { axes: ints([-1]) }],
      [op, 11, data, {}],
    ];
  }),
  ["ReduceMean", 17, { x }, { axes: ints([0]) }],
  ["Scatter", 10, { x: ramp([3]), i: int64([2, 0]), u: ramp([2]) }, { axis: int(0) }],
  ["Slice", 9, { x }, { starts: ints([0, -2]), ends: ints([1, 100]), axes: ints([0, 2]) }],
  ["Slice", 7, { x }, { starts: ints([1]), ends: ints([2]) }],
  ...["Softmax", "LogSoftmax", "Hardmax"].flatMap((op): Old[] => [
    [op, 8, { x }, {}],
    [op, 11, { x }, { axis: int(2) }],
    [op, 11, { x }, { axis: int(-1) }],
    [op, 12, { x }, { axis: int(-2) }],
    [op, 9, { x }, { axis: int(0) }],
  ]),
  ["Split", 8, { x }, { axis: int(2), split: ints([1, 3]) }, 2],
  ["Split", 11, { x }, { axis: int(-1) }, 2],
  ["Split", 13, { x }, { axis: int(2) }, 2],
  ["Squeeze", 8, { m: ramp([1, 3, 1]) }, { axes: ints([0]) }],
  ["Squeeze", 11, { m: ramp([1, 3, 1]) }, {}],
  ["TopK", 9, { m: ramp([2, 3]) }, { k: int(2), axis: int(1) }, 2],
  ["Unsqueeze", 11, { x }, { axes: ints([0, -1]) }],
  ["Upsample", 7, { image }, { scales: { floats: [1, 1, 2, 3] }, mode: { string: "nearest" } }],
  ["Upsample", 9, { image, scales: float32([1, 1, 2, 1.5]) }, { mode: { string: "linear" } }],
  ["Resize", 10, { image, scales: float32([1, 1, 0.6, 2]) }, { mode: { string: "nearest" } }],
  ["GridSample", 16, { image, grid: float32([-0.5, 0.3, 0.9, -1], [1, 1, 2, 2]) }, { mode: { string: "bicubic" } }],
  ["Cast", 9, { x }, { to: int(7) }],
  ["DFT", 17, { signal: ramp([1, 4, 3, 1]) }, {}],
  ["DFT", 17, { signal: ramp([1, 4, 3, 1]), length: scalar(5) }, { axis: int(2), onesided: int(1) }],
  [
    "RoiAlign",
    10,
    { image, regions: float32([0, 0, 3, 2, 0.5, 1, 2, 2.5], [2, 4]), batch: int64([0, 0]) },
    { output_height: int(2), output_width: int(2), sampling_ratio: int(2) },
  ],
];

describe("an operator in an old form gives the same numbers after upgrading", () => {
  it.each(oldForms.map((one) => [`${one[0]}-${one[1]} ${JSON.stringify(one[3])}`, one] as const))(
    "%s",
    async (_, [op, opset, feeds, attributes, outputs]) => {
      await expectSame(single(opset, op, feeds, attributes, outputs), feeds);
    },
  );

  it("has a case above, or in the tests of refusal, for every change in the table", () => {
    const refused = ["Scan"];
    const tested = new Set([...oldForms.map(([op]) => op), ...refused, ...broadcasting, "PRelu"]);
    expect(Object.keys(operatorChanges).filter((op) => !tested.has(op))).toEqual([]);
  });

  it("in float64, where limits become inputs of that type", async () => {
    const feeds = { x: ramp([3], "float64") };
    // ONNX Runtime's Clip-6 is float32 only: the new form is checked against the numbers themselves.
    const [clipped] = await run(upgradeModel(single(10, "Clip", feeds, { min: float(0) })), feeds);
    expect(clipped!.values).toEqual([0.5, 0, 1.5]);
    await expectSame(single(10, "Dropout", feeds, { ratio: float(0.25) }), feeds);
  });

  it("with the type of Cast given by name", async () => {
    const feeds = { x: ramp([3]) };
    const upgraded = upgradeModel(single(7, "Cast", feeds, { to: { string: "INT64" } }));
    expect((await run(upgraded, feeds))[0]!.values).toEqual([0, -1, 1]);
  });

  it("keeps Softmax as it is where the last axis was meant", () => {
    const upgraded = upgradeModel(single(11, "Softmax", { x }, { axis: int(-1) }));
    expect(upgraded.graph.nodes.map(({ op }) => op)).toEqual(["Softmax"]);
  });
});

const broadcasting = ["Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less"];

describe("an operator of version 6, which ONNX Runtime does not run itself, becomes the form of NumPy", () => {
  const matrix = ramp([1, 2, 3]);
  const numbers = async (model: Model, feeds: Feeds) => (await run(upgradeModel(model), feeds))[0]!.values;
  const columns = [1, 1, 1, 10, 10, 10];

  it.each(["Add", "Sub", "Mul", "Div"])("%s along the axes from `axis` on", async (op) => {
    const feeds = { A: matrix, B: float32([1, 10]) };
    const model = single(6, op, feeds, { broadcast: int(1), axis: int(1) });
    const apply: Record<string, (a: number, b: number) => number> = {
      Add: (a, b) => a + b,
      Sub: (a, b) => a - b,
      Mul: (a, b) => a * b,
      Div: (a, b) => Math.fround(a / b),
    };
    expect(await numbers(model, feeds)).toEqual(toNumbers(matrix).map((a, i) => apply[op]!(a, columns[i]!)));
  });

  it("Add along the last axes, and without broadcasting", async () => {
    const feeds = { A: matrix, B: float32([1, 2, 3]) };
    const expected = toNumbers(matrix).map((a, i) => a + (i % 3) + 1);
    expect(await numbers(single(6, "Add", feeds, { broadcast: int(1) }), feeds)).toEqual(expected);
    const same = { A: matrix, B: matrix };
    expect(await numbers(single(6, "Add", same), same)).toEqual(toNumbers(matrix).map((a) => 2 * a));
  });

  it("PRelu with a slope for each channel, which is axis 1, or one slope", async () => {
    const feeds = { A: matrix, slope: float32([1, 10]) };
    const expected = toNumbers(matrix).map((a, i) => (a > 0 ? a : columns[i]! * a));
    expect(await numbers(single(6, "PRelu", feeds), feeds)).toEqual(expected);
    const one = { A: float32([-1, 2]), slope: float32([3]) };
    expect(await numbers(single(6, "PRelu", one), one)).toEqual([-3, 2]);
  });

  it("Dropout and BatchNormalization without is_test", async () => {
    const feeds = { A: matrix };
    expect(await numbers(single(6, "Dropout", feeds, { is_test: int(1), ratio: float(0.5) }), feeds)).toEqual(
      toNumbers(matrix),
    );
    const norm = single(6, "BatchNormalization", { image, ...perChannel }, { is_test: int(1) });
    const now = single(15, "BatchNormalization", { image, ...perChannel });
    const data = { image, ...perChannel };
    expect(await numbers(norm, data)).toEqual((await run(now, data))[0]!.values);
  });
});

it("SwiGLU, which ONNX Runtime does not know yet, becomes Swish and a product", async () => {
  const feeds = { a: float32([1, -2]), b: float32([3, 5]) };
  const [result] = await run(upgradeModel(single(28, "SwiGLU", feeds, { alpha: float(2) })), feeds);
  const expected = [3 / (1 + Math.exp(-2)), -10 / (1 + Math.exp(4))];
  expect(result!.values.map((value) => value.toFixed(5))).toEqual(expected.map((value) => value.toFixed(5)));
});

describe("a whole model", () => {
  const feeds = { x: ramp([2, 2]) };

  it("turns constants of every form into initializers", async () => {
    const g = new GraphBuilder("old");
    g.input("x", "float32", [2, 2]);
    const constant = (value: Attributes) => g.op("Constant", [], value);
    const scale = constant({ value: { tensor: float32([2], []) } });
    const sum = g.op("Add", [g.op("Mul", ["x", scale]), constant({ value_float: float(0.5) })]);
    const row = g.op("Mul", [sum, constant({ value_floats: { floats: [3, 4] } })]);
    const picked = g.op("Gather", [row, constant({ value_int: int(1) })]);
    g.output(g.op("Reshape", [picked, constant({ value_ints: ints([2, 1]) })]), "y");
    const upgraded = await expectSame({ graph: g.build(), opset: 13 }, feeds);
    expect(upgraded.graph.nodes.map(({ op }) => op)).toEqual(["Mul", "Add", "Mul", "Gather", "Reshape", "Identity"]);
    expect(upgraded.graph.initializers.size).toBe(5);
  });

  it("leaves out Identity of a parameter, so that shared weights stay one tensor", async () => {
    const g = new GraphBuilder("old");
    g.input("x", "float32", [2, 2]);
    const w = g.initializer("w", ramp([2, 2]));
    g.output(g.op("MatMul", [g.op("MatMul", ["x", g.op("Identity", [w])]), w]), "y");
    const upgraded = await expectSame({ graph: g.build(), opset: 13 }, feeds);
    expect(upgraded.graph.nodes.map(({ op }) => op)).toEqual(["MatMul", "MatMul", "Identity"]);
    expect([...upgraded.graph.initializers.keys()]).toEqual(["w"]);
  });

  it("keeps constants and parameters that are outputs themselves", async () => {
    const g = new GraphBuilder("old");
    g.input("x", "float32", [2, 2]);
    const w = g.initializer("w", ramp([2]));
    g.output(g.op("Neg", ["x"]), "y");
    g.output(g.op("Identity", [w]));
    g.output(g.op("Constant", [], { value_float: float(1.5) }));
    await expectSame({ graph: g.build(), opset: 12 }, feeds);
  });

  it("upgrades bodies of control flow, which keep their constants and read renamed values", async () => {
    const branch = (name: string, constant: number): Graph => {
      const b = new GraphBuilder(name);
      const c = b.op("Constant", [], { value: { tensor: float32([constant], []) } });
      const summed = b.op("ReduceSum", [b.op("Mul", [b.op("Add", ["x", "copy"]), c])], { axes: ints([1]) });
      b.output(summed);
      return b.build();
    };
    const g = new GraphBuilder("old");
    g.input("x", "float32", [2, 2]);
    g.input("flag", "bool", []);
    g.initializer("w", ramp([2]));
    g.op("Identity", ["w"], {}, { outputs: ["copy"] });
    const attributes = { then_branch: { graph: branch("yes", 2) }, else_branch: { graph: branch("no", 3) } };
    g.output(g.op("If", ["flag"], attributes), "y");
    const model = { graph: g.build(), opset: 11 };
    for (const flag of [0, 1]) {
      const data = { ...feeds, flag: { dtype: "bool", shape: [], data: Uint8Array.of(flag) } as Tensor };
      const upgraded = await expectSame(model, data);
      const body = upgraded.graph.nodes[0]!.attributes.then_branch as { graph: Graph };
      expect(body.graph.nodes.map(({ op }) => op)).toContain("Constant");
    }
  });

  it("passes operators that did not change, those of other domains, and names in use", async () => {
    const g = new GraphBuilder("upgrade0");
    g.input("x", "float32", [2, 2]);
    const axes = { axes: ints([0]) };
    g.output(g.op("ReduceSum", [g.op("Gelu", [g.op("Relu", ["x"])], {}, { domain: "com.microsoft" })], axes), "y");
    const model = { graph: g.build(), opset: 11, domains: { "com.microsoft": 1 } };
    await expectSame(model, feeds);
    expect(upgradeModel(upgradeModel(model))).toEqual(upgradeModel(model));
  });
});

describe("what cannot be upgraded is refused in one line that names the cure", () => {
  const message = (model: Model): string => {
    try {
      upgradeModel(model);
    } catch (error) {
      return (error as Error).message;
    }
    return "nothing thrown";
  };

  it.each([["Scan", 8, 9]] as const)("%s of opset %i", (op, opset, since) => {
    expect(message(single(opset, op, { x }))).toMatch(
      new RegExp(
        `^upgrade: expected ${op} \\(.*\\) in the form of opset ${since} or later, got opset ${opset}; export .*$`,
      ),
    );
  });

  it("BatchNormalization in training or per entry, Cast to an unknown name", () => {
    const feeds = { image, ...perChannel };
    expect(message(single(9, "BatchNormalization", feeds, {}, 5))).toMatch(/^upgrade: expected BatchNormalization/);
    expect(message(single(7, "BatchNormalization", feeds, { spatial: int(0) }))).toMatch(/^upgrade: expected Batch/);
    expect(message(single(7, "Cast", { x }, { to: { string: "COMPLEX" } }))).toMatch(/^upgrade: expected Cast/);
  });

  it("models older or newer than the known versions", () => {
    expect(message(single(5, "Relu", { x }))).toMatch(/^upgrade: expected a model of opset 6 to 28, got 5; .*$/);
    expect(message(single(29, "Relu", { x }))).toMatch(/got 29/);
  });
});
