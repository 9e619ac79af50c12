/** @file Models in training form: used as they are after training, or drawing by a seed, the same numbers twice. */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { int, type Model } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { inferenceForm, seeded } from "../../src/onnx/inferenceForm.ts";
import { float32, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";

const x = float32(
  Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)),
  [10, 4],
);
const bool = (value: boolean): Tensor => ({ dtype: "bool", shape: [], data: Uint8Array.of(Number(value)) });

function model(build: (g: GraphBuilder, x: string) => string): Model {
  const g = new GraphBuilder("m");
  g.output(build(g, g.input("x", "float32", ["n", 4])), "y");
  return { graph: g.build(), opset: WORKING_OPSET };
}

async function run(of: Model): Promise<number[]> {
  const program = await nodeEngine.compile(of);
  const { y } = await program.run({ x });
  await program.dispose();
  return Array.from(toNumbers(y!));
}

const dropout = (training: boolean) => model((g, h) => g.op("Dropout", [h, g.scalar(0.5), g.constant(bool(training))]));

test("dropout in training form hands its input on; without it nothing is changed", async () => {
  const { model: used, changed } = inferenceForm(dropout(true));
  expect(changed).toEqual(["Dropout (1)"]);
  expect(await run(used)).toEqual(Array.from(toNumbers(x)));
  const plain = dropout(false);
  expect(inferenceForm(plain)).toEqual({ model: plain, changed: [] });
  expect(inferenceForm(plain).model).toBe(plain);
});

test("batch normalization in training form takes its running statistics", async () => {
  const normalize = (training: number) =>
    model((g, h) => {
      const of = (name: string, values: number[]) => g.initializer(name, float32(Float32Array.from(values), [4]));
      const inputs = [
        h,
        of("scale", [1, 2, 3, 4]),
        of("shift", [0, 1, 0, 1]),
        of("mean", [0.1, 0.2, 0.3, 0.4]),
        of("var", [1, 2, 0.5, 3]),
      ];
      const outputs = training ? { outputs: ["", "running mean", "running var"] } : undefined;
      const named = outputs && { outputs: 3 };
      return g.ops("BatchNormalization", inputs, { training_mode: int(training) }, named ?? { outputs: 1 })[0]!;
    });
  const { model: used, changed } = inferenceForm(normalize(1));
  expect(changed).toEqual(["BatchNormalization (1)"]);
  const [found, expected, training] = [await run(used), await run(normalize(0)), await run(normalize(1))];
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 6);
  });
  expect(found[0]).not.toBeCloseTo(training[0]!, 2);
});

test("dropout that is kept is the same twice by one seed, and not by another", async () => {
  const of = dropout(true);
  const { model: once, changed } = seeded(of, 3);
  expect(changed).toEqual(["Dropout (1)"]);
  const first = await run(once);
  expect(await run(seeded(of, 3).model)).toEqual(first);
  expect(await run(seeded(of, 4).model)).not.toEqual(first);
});

test("each node that draws has a seed of its own, whatever seed it had", () => {
  const noise = (g: GraphBuilder, h: string) => g.op("RandomNormalLike", [h], { seed: { float: 1 } });
  const of = model((g, h) => g.op("Add", [g.op("Add", [h, noise(g, h)]), noise(g, h)]));
  const { model: found, changed } = seeded(of, 5);
  expect(changed).toEqual(["RandomNormalLike (2)"]);
  const seeds = found.graph.nodes.flatMap(({ attributes }) => (attributes.seed ? [attributes.seed] : []));
  expect(seeds).toHaveLength(2);
  expect(seeds[0]).not.toEqual(seeds[1]);
  expect(seeds).not.toContainEqual({ float: 1 });
});
