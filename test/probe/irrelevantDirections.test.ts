/**
 * @file The paper's Proposition 1 and Corollary 1 on a trained model, all of it run by the engine: directions of the
 * representation in which no gradient points are found in G; moving h along them by eps changes the loss by O(eps^2);
 * under weight decay h loses its variance in them (theory.md Eq. 65).
 *
 * f = sum_{j < 4} p_j^2 with p = Q h, h = W x of six values and Q a rotation, learns (v^T x)^2. Two directions of h
 * never reach the output. Of the other four one is needed; along the three that are not, h = 0 makes the gradient zero,
 * but not the second derivative.
 */
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type EigenSystem, eigh } from "../../src/linalg/eigh.ts";
import { deming } from "../../src/measure/laws/deming.ts";
import { irrelevantDirections } from "../../src/measure/training/irrelevantDirections.ts";
import { secondMoment } from "../../src/moments/moments.ts";
import type { Network } from "../../src/networks/network.ts";
import { objective } from "../../src/objectives/objective.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { lossGraph } from "../../src/probe/nodes/lossGraph.ts";
import { Random } from "../../src/random/random.ts";
import { milestones } from "../../src/train/milestones.ts";
import { optimizer } from "../../src/train/optimizer.ts";
import { schedule } from "../../src/train/schedule.ts";
import { train } from "../../src/train/train.ts";
import type { TrainingData } from "../../src/train/trainingData.ts";
import { rotation } from "../measure/matrices.ts";

const [inputs, hidden, used] = [5, 6, 4];
const [batch, steps, lr] = [32, 6000, 0.02];
const samples = 256;
const Q = rotation(new Random(1), hidden);
const v = [0.6, 0, 0.8, 0, 0];

/** With `shifted`, h + shift stands in the place of h. */
function network(shifted = false): Network {
  const g = new GraphBuilder("squares");
  const W = new Float32Array(hidden * inputs);
  new Random(2).fillNormal(W, 0.4);
  const x = g.input("x", "float32", ["n", inputs]);
  const h = g.op("Gemm", [x, g.initializer("W", float32(W, [hidden, inputs]))], { transB: int(1) });
  const moved = shifted ? g.op("Add", [h, g.input("shift", "float32", [hidden])]) : h;
  const readout = Float32Array.from(
    { length: hidden * used },
    (_, k) => Q.data[(k % used) * hidden + Math.floor(k / used)]!,
  );
  const p = g.op("MatMul", [moved, g.constant(float32(readout, [hidden, used]))]);
  g.output(g.op("ReduceSum", [g.op("Mul", [p, p]), g.ints([1])], { keepdims: int(1) }), "f");
  return { graph: g.build(), parameters: ["W"] };
}

/** x ~ N(0, I), y = (v^T x)^2 and noise, so that no residual is zero. */
function draw(random: Random, shape: readonly number[]): { x: Tensor; y: Tensor } {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const x = new Float32Array(count * inputs);
  random.fillNormal(x);
  const y = Float32Array.from({ length: count }, (_, i) => {
    const along = v.reduce((sum, value, j) => sum + value * x[i * inputs + j]!, 0);
    return along ** 2 + 0.3 * random.normal();
  });
  return { x: float32(x, [...shape, inputs]), y: float32(y, [...shape, 1]) };
}

function stream(): TrainingData {
  const random = new Random(3);
  return {
    inputShape: [batch, inputs],
    target: { dtype: "float32", shape: [batch, 1] },
    draw(K) {
      const { x, y } = draw(random, [K, batch]);
      return { "data/x": x, "data/y": y };
    },
    prepare: (g) => ({
      x: g.input("data/x", "float32", ["K", batch, inputs]),
      target: g.input("data/y", "float32", ["K", batch, 1]),
    }),
    state: () => Array.from(random.state()),
    restore: () => {},
  };
}

const unseen = draw(new Random(4), [samples]);

/** The trained weights, and how the trained network's representation lies to G: both measured by the probe. */
async function trained(decay: number) {
  let found: { W: Tensor; G: EigenSystem; irrelevant: ReturnType<typeof irrelevantDirections> } | undefined;
  const { parameters } = await train(
    nodeEngine,
    {
      network: network(),
      objective: objective("mse"),
      optimizer: optimizer({ kind: "sgd", decay }),
      schedule: schedule({ kind: "constant", lr, steps }),
      data: stream(),
      evaluation: async () => sliceBatches({ x: unseen.x, [TARGET]: unseen.y }, samples / 2),
      evaluationName: "unseen samples",
    },
    {
      steps,
      milestones: milestones({ steps, every: steps }),
      observer: {
        onMeasurement(step, { total }) {
          if (step < steps) return;
          const { b, n, W } = total.layers[0]!;
          const G = eigh(secondMoment(b, "G", "raw", n)!);
          const irrelevant = irrelevantDirections(secondMoment(b, "H", "raw", n)!, G);
          found = { W: float32(Float32Array.from(W!.data), [hidden, inputs]), G, irrelevant };
        },
      },
    },
  );
  return { ...found!, W: parameters.get("W")! };
}

/** Mean over samples of |l(h + eps n) - l(h)|, for each eps. */
async function changes(W: Tensor, direction: readonly number[], sizes: readonly number[]): Promise<number[]> {
  const shift = (eps: number) =>
    float32(
      Float32Array.from(direction, (value) => eps * value),
      [hidden],
    );
  const feeds = (eps: number) => ({ x: unseen.x, [TARGET]: unseen.y, W, shift: shift(eps) });
  const model = { graph: network(true).graph, opset: WORKING_OPSET };
  const { graph, perSample } = await lossGraph(nodeEngine, model, objective("mse"), ["W"], feeds(0));
  const program = await nodeEngine.compile({ ...model, graph: { ...graph, outputs: [{ name: perSample }] } });
  const losses = async (eps: number) => (await program.run(feeds(eps)))[perSample]!.data as Float32Array;
  const at0 = await losses(0);
  const found: number[] = [];
  for (const eps of sizes) {
    const moved = await losses(eps);
    found.push(moved.reduce((sum, value, i) => sum + Math.abs(value - at0[i]!), 0) / samples);
  }
  await program.dispose();
  return found;
}

/** chosen: large enough for float32 losses, small enough that eps^4 does not count. */
const sizes = [0.01, 0.02, 0.04, 0.08];

/** The exponent p of change ~ eps^p. */
async function order(W: Tensor, direction: readonly number[]): Promise<number> {
  const found = await changes(W, direction, sizes);
  return deming(Float64Array.from(sizes, Math.log), Float64Array.from(found, Math.log), Number.POSITIVE_INFINITY).slope;
}

const column = (G: EigenSystem, j: number): number[] =>
  Array.from({ length: hidden }, (_, i) => G.vectors.data[i * hidden + j]!);

/** A unit vector in the span of the last `count` eigenvectors of G. */
function within(G: EigenSystem, count: number, random: Random): number[] {
  const sum = new Array<number>(hidden).fill(0);
  for (let j = hidden - count; j < hidden; j++) {
    const weight = random.normal();
    column(G, j).forEach((value, i) => {
      sum[i]! += weight * value;
    });
  }
  return sum.map((value) => value / Math.hypot(...sum));
}

describe("directions of the representation in which no gradient points", () => {
  test("change the loss by eps^2, the others by eps; under weight decay nothing of h is left in them", async () => {
    const { W, G, irrelevant } = await trained(0.1);
    expect(irrelevant.count).toBe(5);
    expect(irrelevant.chance).toBeCloseTo(5 / 6, 12);
    expect(irrelevant.share!).toBeLessThan(1e-6);
    const random = new Random(5);
    for (let k = 0; k < 4; k++) expect(Math.abs((await order(W, within(G, 5, random))) - 2)).toBeLessThan(0.01);
    expect(Math.abs((await order(W, column(G, 0))) - 1)).toBeLessThan(0.01);
  });

  test("keep their share of h without weight decay: what the loss does not see stays as it was drawn", async () => {
    const { W, G, irrelevant } = await trained(0);
    expect(irrelevant.count).toBe(2);
    expect(irrelevant.share!).toBeGreaterThan(0.1);
    // These two never reach the output: moving along them changes nothing at all.
    for (const change of await changes(W, within(G, 2, new Random(6)), sizes)) expect(change).toBeLessThan(1e-6);
    expect(Math.abs((await order(W, column(G, 0))) - 1)).toBeLessThan(0.01);
  });
});
