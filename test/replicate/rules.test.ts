/** @file Every rule of replication against graphs run one by one, over random shapes, some inputs shared. */
import { describe, expect, test } from "vitest";
import { bindBodies } from "../../src/engine/bindBodies.ts";
import { bindShapes } from "../../src/engine/bindShapes.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { float, type Graph } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, sizeOf, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";
import { NotReplicableError } from "../../src/replicate/notReplicable.ts";
import { replicate, stack } from "../../src/replicate/replicate.ts";
import { replicateRules } from "../../src/replicate/rules.ts";
import { activationCases } from "../autodiff/cases/activation.ts";
import { arithmeticCases } from "../autodiff/cases/arithmetic.ts";
import { elementwiseCases } from "../autodiff/cases/elementwise.ts";
import { indexingCases } from "../autodiff/cases/indexing.ts";
import { matmulCases } from "../autodiff/cases/matmul.ts";
import { piecewiseCases } from "../autodiff/cases/piecewise.ts";
import { reduceCases } from "../autodiff/cases/reduce.ts";
import { scatterCases } from "../autodiff/cases/scatter.ts";
import { shapeCases } from "../autodiff/cases/shape.ts";
import { softmaxCases } from "../autodiff/cases/softmax.ts";
import type { Sample } from "../autodiff/finiteDifference.ts";
import { otherCases } from "./cases.ts";

const R = 3;
/** Random graphs per case. */
const RUNS = Number(process.env.CRH_CASES ?? 4);
/** Rounding of float32 over sums of a few terms, relative to values of order 1 to 10. */
const ROUNDING = 2e-6;

const cases = [
  ...[matmulCases, shapeCases, reduceCases, elementwiseCases, arithmeticCases, activationCases, softmaxCases],
  ...[indexingCases, scatterCases, piecewiseCases, otherCases],
].flat();

/** The graph of a sample in float32; `factor` makes another replicate of its constants. */
function graphOf({ inputs, build }: Sample): Graph {
  const g = new GraphBuilder("sample");
  for (const [name, { dtype, shape }] of Object.entries(inputs))
    g.input(name, dtype === "float64" ? "float32" : dtype, shape);
  for (const name of build(g, "float32")) g.output(name);
  return g.build();
}

/** The input of replicate r: floats by another factor each, of the same sign. */
function inputOf(tensor: Tensor, r: number, stacked: boolean): Tensor {
  if (tensor.dtype !== "float64") return tensor;
  return float32(
    toNumbers(tensor).map((value) => (stacked ? value * (1 + r / 8) : value)),
    tensor.shape,
  );
}

async function run(graph: Graph, feeds: Readonly<Record<string, Tensor>>): Promise<Tensor[]> {
  const program = await nodeEngine.compile({ graph, opset: WORKING_OPSET });
  const out = await program.run(feeds);
  await program.dispose();
  return graph.outputs.map(({ name }) => out[name]!);
}

async function valuesOf(graph: Graph, feeds: Readonly<Record<string, Tensor>>) {
  const model = { graph, opset: WORKING_OPSET };
  return bindBodies(nodeEngine, model, await bindShapes(nodeEngine, model, feeds));
}

async function checkSample(sample: Sample, random: Random): Promise<void> {
  const graph = graphOf(sample);
  const floats = Object.keys(sample.inputs).filter((name) => sample.inputs[name]!.dtype === "float64");
  const stacked = new Set(floats.filter(() => random.uniform() < 0.6));
  if (stacked.size === 0) stacked.add(floats[0]!);
  const each = Array.from({ length: R }, (_, r) =>
    Object.fromEntries(
      Object.entries(sample.inputs).map(([name, tensor]) => [name, inputOf(tensor, r, stacked.has(name))]),
    ),
  );
  const together = replicate(
    each.map(() => graph),
    { stacked, values: await valuesOf(graph, each[0]!) },
  );
  const feeds = Object.fromEntries(
    Object.entries(each[0]!).map(([name, tensor]) => [
      name,
      stacked.has(name) ? stack(each.map((one) => one[name]!)) : tensor,
    ]),
  );
  const found = await run(together, feeds);
  for (const [r, own] of each.entries())
    for (const [i, { shape, data }] of (await run(graph, own)).entries()) {
      expect(found[i]!.shape).toEqual([R, ...shape]);
      const slice = Array.from(found[i]!.data.slice(r * sizeOf(shape), (r + 1) * sizeOf(shape)) as Float32Array);
      for (const [j, value] of Array.from(data as Float32Array).entries())
        expect(Math.abs(Number(slice[j]) - Number(value))).toBeLessThanOrEqual(
          ROUNDING * (1 + Math.abs(Number(value))),
        );
    }
}

describe("a graph of replicates computes what each graph computes alone", () => {
  test.each(Object.keys(replicateRules))("%s", async (op) => {
    const own = cases.filter((one) => one.op === op);
    expect(own, "no case for this rule").not.toEqual([]);
    for (const { draw } of own)
      for (let seed = 0; seed < RUNS; seed++) await checkSample(draw(new Random(seed)), new Random(seed + 1000));
  });
});

/** Y = A B + beta C, whose addend is weight decay. */
function product(beta: number, C: Tensor, { name = "C", op = "Gemm" } = {}): Graph {
  const g = new GraphBuilder("product");
  g.input("A", "float32", [2, 3]);
  const B = g.initializer("B", float32([1, 2, 3, 4, 5, 6], [3, 2]));
  g.initializer(name, C);
  g.output(op === "Gemm" ? g.op(op, ["A", B, name], { beta: float(beta) }) : g.op(op, ["A", name]), "Y");
  return g.build();
}

describe("constants and factors of the graphs", () => {
  const C = float32([1, -1], [2]);
  const A = float32([1, 0, 2, 0, 1, 1], [2, 3]);

  test("that differ are stacked, those that do not are shared", async () => {
    const graphs = [product(0.5, C), product(2, float32([3, 4], [2]))];
    const values = await valuesOf(graphs[0]!, { A });
    const together = replicate(graphs, { stacked: new Set(), values });
    expect(together.initializers.get("B")!.shape).toEqual([3, 2]);
    expect(together.initializers.get("C")!.shape).toEqual([2, 2]);
    const [Y] = await run(together, { A });
    const alone = await Promise.all(graphs.map((graph) => run(graph, { A })));
    expect(Array.from(Y!.data as Float32Array)).toEqual(
      alone.flatMap(([one]) => Array.from(one!.data as Float32Array)),
    );
  });

  test("of another shape, name or operator are refused, with what was expected", async () => {
    const values = await valuesOf(product(1, C), { A });
    const refusal = (other: Graph) => () => replicate([product(1, C), other], { stacked: new Set(), values });
    expect(refusal(product(1, float32([1], [1])))).toThrow(
      /expected C as float32 \(2\) in each graph, got float32 \(1\)/,
    );
    expect(refusal(product(1, C, { name: "D" }))).toThrow(NotReplicableError);
    expect(refusal(product(1, float32([1, 1, 1], [3, 1]), { op: "MatMul" }))).toThrow(NotReplicableError);
  });

  test("an operator without a rule is refused where it reads stacked values, and kept where it does not", async () => {
    const g = new GraphBuilder("sums");
    g.input("A", "float32", [2, 3]);
    g.output(g.op("CumSum", ["A", g.ints([0])]), "Y");
    const graph = g.build();
    const values = await valuesOf(graph, { A });
    expect(() => replicate([graph, graph], { stacked: new Set(["A"]), values })).toThrow(
      /CumSum.*expected an operator that has a rule/,
    );
    const [Y] = await run(replicate([graph, graph], { stacked: new Set(), values }), { A });
    expect(Y!.shape).toEqual([2, 2, 3]);
  });
});
