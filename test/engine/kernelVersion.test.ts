/** @file Operators that ONNX Runtime has a kernel for in older versions of the operator set alone. */
import { describe, expect, it } from "vitest";
import { withKernels } from "../../src/engine/kernelVersion.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type Attribute, float, int, ints } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, int64, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";

type Case = [op: string, feeds: Record<string, Tensor>, attributes?: Record<string, Attribute>];

const image = float32([1, 2, 3, 4], [1, 1, 2, 2]);
const cases: readonly Case[] = [
  ["Bernoulli", { x: float32([0, 1], [2]) }],
  ["Multinomial", { x: float32([1, 2], [1, 2]) }, { sample_size: int(3) }],
  ["RandomNormal", {}, { shape: ints([2, 3]) }],
  ["RandomNormalLike", { x: image }],
  ["RandomUniform", {}, { shape: ints([2, 3]) }],
  ["RandomUniformLike", { x: image }],
  ["GlobalLpPool", { x: image }],
  ["MaxRoiPool", { x: image, regions: float32([0, 0, 0, 1, 1], [1, 5]) }, { pooled_shape: ints([1, 1]) }],
  ["RoiAlign", { x: image, regions: float32([0, 0, 1, 1], [1, 4]), batch: int64([0]) }],
];

function single([op, feeds, attributes = {}]: Case): GraphBuilder {
  const g = new GraphBuilder("single");
  for (const [name, { dtype, shape }] of Object.entries(feeds)) g.input(name, dtype, shape);
  g.output(g.op(op, Object.keys(feeds), attributes), "y");
  return g;
}

describe("an operator whose newest version has no kernel", () => {
  it.each(cases.map((one) => [one[0], one] as const))("%s runs in a graph of the working version", async (_, one) => {
    const program = await nodeEngine.compile({ graph: single(one).build(), opset: WORKING_OPSET });
    const { y } = await program.run(one[1]);
    expect(toNumbers(y!).every(Number.isFinite)).toBe(true);
    await program.dispose();
  });

  it("runs beside operators that are newer than that, which keep their numbers", async () => {
    const x = float32([-2, 0.5, 1, 3], [2, 2]);
    const build = (random: boolean) => {
      const g = new GraphBuilder("newer");
      g.input("x", "float32", [2, 2]);
      g.output(g.op("Swish", ["x"]), "plain");
      g.output(g.op("Swish", ["x"], { alpha: float(1.7) }), "swish");
      const scale = g.constant(float32([2, 3]));
      g.output(g.op("RMSNormalization", ["x", scale], { epsilon: float(0.1) }), "normalized");
      if (random) g.output(g.op("RandomNormalLike", ["x"]), "noise");
      return { graph: g.build(), opset: WORKING_OPSET };
    };
    const results: Record<string, Tensor>[] = [];
    for (const random of [false, true]) {
      const program = await nodeEngine.compile(build(random));
      results.push(await program.run({ x }));
      await program.dispose();
    }
    for (const name of ["plain", "swish", "normalized"])
      toNumbers(results[1]![name]!).forEach((value, i) => {
        expect(value).toBeCloseTo(toNumbers(results[0]![name]!)[i]!, 5);
      });
  });

  it("is found in the bodies of control flow, and graphs without one are left as they are", () => {
    const branch = (op: string) => {
      const g = new GraphBuilder("branch");
      g.output(g.op(op, [], { shape: ints([1]) }), "r");
      return { graph: g.build() };
    };
    const g = new GraphBuilder("outer");
    g.input("c", "bool", []);
    const branches = { then_branch: branch("RandomNormal"), else_branch: branch("RandomUniform") };
    g.output(g.op("If", ["c"], branches), "y");
    expect(withKernels({ graph: g.build(), opset: WORKING_OPSET }).opset).toBe(21);
    const plain = { graph: single(["Neg", { x: image }]).build(), opset: WORKING_OPSET };
    expect(withKernels(plain)).toBe(plain);
  });
});
