/** @file Gradients of convolution kernels over batches that are taken some samples at a time. */
import { expect, test } from "vitest";
import { gradientGraph } from "../../src/autodiff/gradient.ts";
import { bindShapes } from "../../src/engine/bindShapes.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, sizeOf, type Tensor } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";

/** Float32 sums of 49,152 products against sums of as many in another order. */
const SUMMED = 1e-5;

/** Of twelve samples the patches are more than a cache holds, also with stride 2; of one they are not. */
const IMAGE = [16, 64, 64];

function random(shape: readonly number[], seed: number): Tensor {
  const data = new Float32Array(sizeOf(shape));
  new Random(seed).fillNormal(data);
  return float32(data, shape);
}

/** dW of sum(dY Conv(x, W)) for images x (n, 16, 64, 64), and the operators of the graph. */
async function kernelGradient(x: Tensor, dY: Tensor, W: Tensor, stride: number) {
  const g = new GraphBuilder("net");
  for (const [name, { shape }] of Object.entries({ x, dY, W })) g.input(name, "float32", shape);
  const y = g.op("Conv", ["x", "W"], { strides: { ints: [stride, stride] }, pads: { ints: [1, 1, 1, 1] } });
  g.output(g.op("Mul", [y, "dY"]), "product");
  const graph = g.build();
  const values = await bindShapes(nodeEngine, { graph, opset: WORKING_OPSET }, { x, dY, W });
  const gradients = gradientGraph(graph, { of: "product", wrt: ["W"], values });
  const program = await nodeEngine.compile({ graph: gradients, opset: WORKING_OPSET }, { threads: 2 });
  const out = await program.run({ x, dY, W });
  await program.dispose();
  return { dW: out["grad/W"]!.data as Float32Array, operators: gradients.nodes.map(({ op }) => op) };
}

/** Sample i of a batch, as a batch of one. */
function sample({ data, shape }: Tensor, i: number): Tensor {
  const size = sizeOf(shape.slice(1));
  return float32((data as Float32Array).slice(i * size, (i + 1) * size), [1, ...shape.slice(1)]);
}

test.each([1, 2])("with stride %i the gradient of a batch is the sum of those of its samples", async (stride) => {
  const n = 12;
  const [x, W] = [random([n, ...IMAGE], 1), random([24, 16, 3, 3], 2)];
  const dY = random([n, 24, 64 / stride, 64 / stride], 3);
  const whole = await kernelGradient(x, dY, W, stride);
  expect(whole.operators).toContain("Scan");
  const sum = new Float64Array(whole.dW.length);
  for (let i = 0; i < n; i++) {
    const { dW, operators } = await kernelGradient(sample(x, i), sample(dY, i), W, stride);
    expect(operators).not.toContain("Scan");
    dW.forEach((value, k) => {
      sum[k]! += value;
    });
  }
  const largest = Math.max(...sum.map(Math.abs));
  whole.dW.forEach((value, k) => {
    expect(Math.abs(value - sum[k]!) / largest).toBeLessThan(SUMMED);
  });
});
