/** @file Blocks by channel: moments of a network whose block and gradient are written out by hand. */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { objective } from "../../src/objectives/objective.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";

const [n, C, pixels] = [6, 3, 4];

/** relu(x) is the block; its mean over pixels goes through W. */
function network() {
  const g = new GraphBuilder("net");
  const x = g.input("x", "float32", ["n", C, 2, 2]);
  const block = g.op("Relu", [x]);
  const pooled = g.op("ReduceMean", [block, g.ints([2, 3])], { keepdims: int(0) });
  const W = new Float32Array(2 * C);
  new Random(1).fillNormal(W);
  g.output(g.op("Gemm", [pooled, g.initializer("fc.weight", float32(W, [2, C]))], { transB: int(1) }), "output");
  return { graph: g.build(), block, W };
}

test("each pixel is a sample of its channels, beside the gradient there", async () => {
  const { graph, block, W } = network();
  const random = new Random(2);
  const [x, y] = [new Float32Array(n * C * pixels), new Float32Array(n * 2)];
  random.fillNormal(x);
  random.fillNormal(y);
  const probe = new Probe(
    nodeEngine,
    { graph, opset: WORKING_OPSET },
    {
      objective: objective("mse"),
      blocks: [{ name: "stage", value: block }],
    },
  );
  const feeds = { x: float32(x, [n, C, 2, 2]), [TARGET]: float32(y, [n, 2]) };
  const { total } = await probe.measure([feeds]);
  await probe.dispose();
  expect(total.layers.map(({ name, kind }) => [name, kind])).toEqual([
    ["stage", "block"],
    ["fc", "linear"],
  ]);
  const layer = total.layers[0]!;
  expect([layer.n, layer.dOut, layer.a]).toEqual([n * pixels, C, undefined]);
  const [H, G] = [new Float64Array(C * C), new Float64Array(C * C)];
  for (let i = 0; i < n; i++) {
    const h = (c: number, p: number) => Math.max(0, x[(i * C + c) * pixels + p]!);
    const mean = Array.from({ length: C }, (_, c) => [0, 1, 2, 3].reduce((sum, p) => sum + h(c, p) / pixels, 0));
    const residual = [0, 1].map((o) => mean.reduce((sum, m, c) => sum + W[o * C + c]! * m, 0) - y[i * 2 + o]!);
    // The loss is the mean over two outputs of squares; each pixel has a fourth of the gradient of the mean.
    const g = mean.map((_, c) => (W[c]! * residual[0]! + W[C + c]! * residual[1]!) / pixels);
    for (let a = 0; a < C; a++)
      for (let b = 0; b < C; b++) {
        for (let p = 0; p < pixels; p++) H[a * C + b]! += h(a, p) * h(b, p);
        G[a * C + b]! += pixels * g[a]! * g[b]!;
      }
  }
  for (let k = 0; k < C * C; k++) {
    expect(layer.b.hh![k]).toBeCloseTo(H[k]!, 4);
    expect(layer.b.gg![k]).toBeCloseTo(G[k]!, 5);
  }
});

test("a block that is not of images is refused by name", async () => {
  const { graph } = network();
  const probe = new Probe(
    nodeEngine,
    { graph, opset: WORKING_OPSET },
    {
      objective: objective("mse"),
      blocks: [{ name: "stage", value: "output" }],
    },
  );
  const feeds = {
    x: float32(new Float32Array(C * pixels), [1, C, 2, 2]),
    [TARGET]: float32(new Float32Array(2), [1, 2]),
  };
  await expect(probe.measure([feeds])).rejects.toThrow(/expected block stage to be a value \(n, C, \.\.\.\)/);
  await probe.dispose();
});
