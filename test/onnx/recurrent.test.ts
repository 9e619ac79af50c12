/**
 * @file RNN, GRU and LSTM as ONNX Runtime runs them and written out: the same numbers for every form, and gradients of
 * all forms against differences (test/autodiff/conformance.ts; the node tests of ONNX have some forms more).
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { specialize } from "../../src/engine/specialize.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type Attribute, float, int, type Model } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, sizeOf, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";

/** Rounding of float32 over five steps. */
const TOLERANCE = 1e-5;
const [T, N, I, H] = [4, 3, 3, 2];
const GATES = { RNN: 1, GRU: 3, LSTM: 4 };
const FUNCTIONS = { RNN: 1, GRU: 2, LSTM: 3 };
type Operator = keyof typeof GATES;

/** Activations and how many of alpha and beta they are given. */
const ACTIVATIONS: readonly (readonly [name: string, parameters: number])[] = [
  ...(["Relu", "Tanh", "Sigmoid", "Softsign", "Softplus", "HardSigmoid", "Elu", "LeakyRelu"] as const).map(
    (name) => [name, 0] as const,
  ),
  ...[["Elu", 1] as const, ["LeakyRelu", 1] as const, ["ThresholdedRelu", 1] as const],
  ...[["HardSigmoid", 2] as const, ["Affine", 2] as const, ["ScaledTanh", 2] as const],
];

interface Form {
  readonly op: Operator;
  readonly direction: string;
  readonly bias: boolean;
  readonly h0: boolean;
  readonly c0: boolean;
  readonly peepholes: boolean;
  readonly lengths: "none" | "full" | "own" | "data";
  readonly clip: boolean;
  readonly flags: boolean;
  readonly activations: readonly number[] | null;
  readonly wanted: number;
  readonly seed: number;
}

const forms = fc.record<Form>({
  op: fc.constantFrom("RNN", "GRU", "LSTM"),
  direction: fc.constantFrom("forward", "reverse", "bidirectional"),
  ...{ bias: fc.boolean(), h0: fc.boolean(), c0: fc.boolean(), peepholes: fc.boolean(), clip: fc.boolean() },
  flags: fc.boolean(),
  lengths: fc.constantFrom("none", "full", "own", "data"),
  activations: fc.option(fc.array(fc.nat(ACTIVATIONS.length - 1), { minLength: 6, maxLength: 6 })),
  wanted: fc.integer({ min: 1, max: 7 }),
  seed: fc.nat(1000),
});

it("written out, every form gives ONNX Runtime's numbers", async () => {
  await fc.assert(
    fc.asyncProperty(forms, async (form) => {
      const [model, feeds] = modelOf(form);
      const expected = await run(model, feeds);
      const { model: lowered } = await specialize(nodeEngine, model, feeds);
      expect(lowered.graph.nodes.map(({ op }) => op)).not.toContain(form.op);
      const actual = await run(lowered, feeds);
      for (const [name, { shape, data }] of Object.entries(expected)) {
        expect(actual[name]!.shape).toEqual(shape);
        const [x, y] = [toNumbers(actual[name]!), data as Float32Array];
        const scale = Math.max(1, ...y.map(Math.abs));
        x.forEach((value, i) => {
          expect(Math.abs(value - y[i]!)).toBeLessThan(TOLERANCE * scale);
        });
      }
    }),
    { numRuns: 60, seed: 1 },
  );
});

it("leaves an activation whose parameters the standard and ONNX Runtime take to be different ones", async () => {
  const [model, feeds] = modelOf({ ...plain, op: "RNN", activations: null });
  const [node] = model.graph.nodes;
  const nodes = [{ ...node!, attributes: { ...node!.attributes, activations: { strings: ["Affine"] } } }];
  const { model: same } = await specialize(nodeEngine, { ...model, graph: { ...model.graph, nodes } }, feeds);
  expect(same.graph.nodes.map(({ op }) => op)).toContain("RNN");
});

it("is as long for 500 steps as for 5", async () => {
  const count = async (steps: number) => {
    const [model, feeds] = modelOf(plain, steps);
    return (await specialize(nodeEngine, model, feeds)).model.graph.nodes.length;
  };
  expect(await count(500)).toBe(await count(5));
});

const plain: Form = {
  ...{ op: "LSTM", direction: "forward", bias: true, h0: false, c0: false, peepholes: false, lengths: "none" },
  ...{ clip: false, flags: false, activations: null, wanted: 7, seed: 1 },
};

function modelOf(form: Form, steps = T): [Model, Record<string, Tensor>] {
  const random = new Random(form.seed);
  const normals = (...shape: number[]): Tensor =>
    float32(
      Float32Array.from({ length: sizeOf(shape) }, () => 0.5 * random.normal()), // cells without bounds stay finite
      shape,
    );
  const g = new GraphBuilder("model");
  const feeds: Record<string, Tensor> = {};
  const input = (name: string, tensor: Tensor) => {
    feeds[name] = tensor;
    return g.input(name, tensor.dtype, tensor.shape);
  };
  const { op } = form;
  const D = form.direction === "bidirectional" ? 2 : 1;
  const own: Tensor = { dtype: "int32", shape: [N], data: Int32Array.of(4, 2, 3) };
  const full: Tensor = { dtype: "int32", shape: [N], data: Int32Array.of(T, T, T) };
  const inputs = [
    input("X", normals(steps, N, I)),
    g.constant(normals(D, GATES[op] * H, I)),
    g.constant(normals(D, GATES[op] * H, H)),
    form.bias ? g.constant(normals(D, 2 * GATES[op] * H)) : "",
    { none: () => "", full: () => g.constant(full), own: () => g.constant(own), data: () => input("n", own) }[
      form.lengths
    ](),
    form.h0 ? input("h0", normals(D, N, H)) : "",
    ...(op === "LSTM"
      ? [form.c0 ? input("c0", normals(D, N, H)) : "", form.peepholes ? g.constant(normals(D, 3 * H)) : ""]
      : []),
  ];
  const chosen = form.activations?.slice(0, D * FUNCTIONS[op]).map((i) => ACTIVATIONS[i]!);
  const parameters = (at: number) => (chosen ?? []).flatMap(([, count], k) => (count > at ? [0.3 + 0.1 * k] : []));
  // Without parameters of their own, these would take those of the next.
  const isMixed = chosen?.some(([name, count]) => count === 0 && ["HardSigmoid", "Elu", "LeakyRelu"].includes(name));
  const activations: Record<string, Attribute> =
    chosen === undefined || isMixed
      ? {}
      : {
          activations: { strings: chosen.map(([name]) => name) },
          ...(parameters(0).length > 0 ? { activation_alpha: { floats: parameters(0) } } : {}),
          ...(parameters(1).length > 0 ? { activation_beta: { floats: parameters(1) } } : {}),
        };
  const flag = form.flags && op !== "RNN" ? { [op === "GRU" ? "linear_before_reset" : "input_forget"]: int(1) } : {};
  const names = ["Y", "Y_h", "Y_c"].slice(0, op === "LSTM" ? 3 : 2);
  const outputs: string[] = names.map((name, k) => (((form.wanted >> k) & 1) === 1 ? name : ""));
  const wanted = outputs.some((name) => name !== "") ? outputs : ["Y"];
  while (inputs.at(-1) === "") inputs.pop();
  while (wanted.at(-1) === "") wanted.pop();
  const attributes = {
    ...{ hidden_size: int(H), direction: { string: form.direction }, ...activations, ...flag },
    ...(form.clip ? { clip: float(0.7) } : {}),
  };
  g.add({ op, domain: "", name: "/net/rnn/cell", inputs, outputs: wanted, attributes });
  for (const name of wanted) if (name !== "") g.output(name);
  return [{ graph: g.build(), opset: WORKING_OPSET }, feeds];
}

async function run(model: Model, feeds: Record<string, Tensor>) {
  const program = await nodeEngine.compile(model, { optimize: false });
  const results = await program.run(feeds);
  await program.dispose();
  return results;
}
