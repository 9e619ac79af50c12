/** @file Networks in training against PyTorch in float64 (torchNetworks.json, written by torchNetworks.py): loss, gradients, three steps. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { addGradients } from "../../src/autodiff/gradient.ts";
import { nodeEngine } from "../../src/engine/node.ts";
import { gpt } from "../../src/networks/gpt.ts";
import { initialBuffers, initialParameters, type Network } from "../../src/networks/network.ts";
import { resnet18 } from "../../src/networks/resnet18.ts";
import { trainingForm } from "../../src/networks/trainingForm.ts";
import { type Objective, objective } from "../../src/objectives/objective.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, sizeOf, type Tensor } from "../../src/onnx/tensor.ts";
import { TARGET } from "../../src/probe/feeds.ts";
import { lossGraph } from "../../src/probe/lossGraph.ts";
import { Random } from "../../src/random/random.ts";
import { decodeCheckpoint } from "../../src/train/checkpoint.ts";
import { type OptimizerOptions, optimizer } from "../../src/train/optimizer.ts";
import { train } from "../../src/train/train.ts";
import type { TrainingData } from "../../src/train/trainingData.ts";

const RELATIVE = 1e-4;

interface Summary {
  norm: number;
  along: number[];
  entries: number[];
}
interface Reference {
  names: string[];
  losses: number[];
  gradients: Record<string, Summary>;
  parameters: Record<string, Summary>;
  buffers: Record<string, Summary>;
}
const references = JSON.parse(readFileSync(join(import.meta.dirname, "torchNetworks.json"), "utf8")) as Record<
  string,
  Reference
>;

/** The formula of torchNetworks.py. */
function noise(count: number, key: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const x = Math.sin(i * 12.9898 + key * 78.233 + 1) * 43758.5453;
    return Math.floor((x - Math.floor(x)) * 2 ** 20) / 2 ** 20 - 0.5;
  });
}

function filled(network: Network, names: readonly string[]): Network {
  expect([...network.parameters].sort()).toEqual([...names].sort());
  const initializers = new Map(network.graph.initializers);
  names.forEach((name, k) => {
    const { shape } = initializers.get(name)!;
    const isVector = shape.length < 2;
    const scale = isVector ? 0.2 : 3.4 / Math.sqrt(sizeOf(shape.slice(1)));
    const offset = isVector && name.endsWith("weight") ? 1 : 0;
    const values = noise(sizeOf(shape), k).map((value) => Math.fround(value * scale) + offset);
    initializers.set(name, float32(Float32Array.from(values), shape));
  });
  return { ...network, graph: { ...network.graph, initializers } };
}

const whole = (values: Float64Array, most: number) =>
  BigInt64Array.from(values, (value) => BigInt(Math.floor((value + 0.5) * most)));
const indices = (data: BigInt64Array, shape: readonly number[]): Tensor => ({ dtype: "int64", shape, data });
const image = (k: number) =>
  float32(
    Float32Array.from(noise(8 * 3 * 256, 500 + k), (v) => v * 3),
    [8, 3, 16, 16],
  );
const words = (key: number) => indices(whole(noise(36, key), 29), [3, 12]);

interface Batch {
  readonly x: Tensor;
  readonly target: Tensor;
}
const steps = [0, 1, 2];
const labelled = steps.map((k) => ({ x: image(k), target: indices(whole(noise(8, 600 + k), 10), [8]) }));
const views = steps.map((k) => ({
  x: image(k),
  target: indices(BigInt64Array.of(4n, 5n, 6n, 7n, 0n, 1n, 2n, 3n), [8]),
}));
const texts = steps.map((k) => ({ x: words(700 + k), target: words(710 + k) }));

const sgd: OptimizerOptions = { kind: "sgd", momentum: 0.9, decay: 5e-4 };
const adamw: OptimizerOptions = { kind: "adamw", decay: 0.1, beta2: 0.95, epsilon: 1e-4, decayVectors: false };
const sizes = { layers: 2, heads: 4, width: 32, context: 12, vocabulary: 29 };
const small = (outputs: number) => resnet18({ outputs, width: 1 / 8, side: 16 }, new Random(0));

interface Case {
  readonly network: Network;
  readonly loss: Objective;
  readonly batches: readonly Batch[];
  readonly options: OptimizerOptions;
  readonly lr: number;
  /** Parts in which a batch is taken. */
  readonly parts?: number;
}
const cases: Record<string, Case> = {
  resnet18: { network: small(10), loss: objective("cross-entropy"), batches: labelled, options: sgd, lr: 0.01 },
  smoothed: {
    network: small(10),
    loss: objective("cross-entropy", { labelSmoothing: 0.1 }),
    batches: labelled,
    options: sgd,
    lr: 0.01,
  },
  simclr: { network: small(16), loss: objective("nt-xent"), batches: views, options: sgd, lr: 0.01 },
  gpt: {
    network: gpt({ ...sizes, tied: false }, new Random(0)),
    loss: objective("cross-entropy"),
    batches: texts,
    options: adamw,
    lr: 1e-3,
  },
  tied: {
    network: gpt(sizes, new Random(0)),
    loss: objective("cross-entropy"),
    batches: texts,
    options: { ...adamw, clip: 0.5 },
    lr: 1e-3,
  },
};

/** The batches in order, K at a time. */
function inOrder(batches: readonly Batch[]): TrainingData {
  const [{ x, target }] = batches as [Batch];
  let at = 0;
  const stacked = (tensors: readonly Tensor[]): Tensor => {
    const { dtype, shape } = tensors[0]!;
    const data = tensors.flatMap((tensor) => [...(tensor.data as Float32Array)]);
    const all = dtype === "int64" ? BigInt64Array.from(data as unknown as bigint[]) : Float32Array.from(data);
    return { dtype, shape: [tensors.length, ...shape], data: all } as Tensor;
  };
  return {
    inputShape: x.shape,
    target,
    draw(K) {
      const drawn = batches.slice(at, at + K);
      at += K;
      return { "data/x": stacked(drawn.map((b) => b.x)), "data/target": stacked(drawn.map((b) => b.target)) };
    },
    prepare: (g) => ({
      x: g.input("data/x", x.dtype, ["K", ...x.shape]),
      target: g.input("data/target", target.dtype, ["K", ...target.shape]),
    }),
    state: () => at,
    restore: (state) => {
      at = state as number;
    },
  };
}

/** The same networks taken in parts, against the same references. */
const inParts: Record<string, Case> = {
  gpt: { ...cases.gpt!, parts: 3 },
  tied: { ...cases.tied!, parts: 3 },
};

function expectSummary(name: string, tensor: Tensor, expected: Summary, floor: number): void {
  const data = Float64Array.from(tensor.data as Float32Array);
  const stride = Math.max(1, Math.floor(data.length / 16));
  const within = RELATIVE * Math.max(expected.norm, floor);
  const along = expected.along.map((_, k) => noise(data.length, 1000 + k).reduce((sum, v, i) => sum + v * data[i]!, 0));
  const got = [Math.hypot(...data), ...along, ...expected.entries.map((_, i) => data[i * stride]!)];
  [expected.norm, ...expected.along, ...expected.entries].forEach((value, i) => {
    expect(Math.abs(got[i]! - value), `${name}, number ${i}: ${got[i]} for ${value}`).toBeLessThan(within);
  });
}

/** Gradients of the mean loss on the first batch, by parameter. */
async function gradientsOf({ network, loss, batches }: Case): Promise<Map<string, Tensor>> {
  const feeds = { ...Object.fromEntries([...initialParameters(network), ...initialBuffers(network)]) };
  const all = { ...feeds, x: batches[0]!.x, [TARGET]: batches[0]!.target };
  const model = { graph: trainingForm(network).graph, opset: WORKING_OPSET };
  const { graph, values, perSample } = await lossGraph(nodeEngine, model, loss, Object.keys(feeds), all);
  const g = new GraphBuilder("gradients", graph);
  const mean = g.op("ReduceMean", [perSample], { keepdims: int(0) });
  values.set(mean, { dtype: "float32", shape: [] });
  const forward = g.build();
  const gradients = addGradients(g, forward, { of: mean, wrt: network.parameters, values });
  for (const [name, gradient] of gradients) g.output(gradient!, `grad/${name}`);
  const program = await nodeEngine.compile({ graph: g.build(), opset: WORKING_OPSET });
  const out = await program.run(all);
  await program.dispose();
  return new Map(network.parameters.map((name) => [name, out[`grad/${name}`]!]));
}

const withValues = (given: Case, { names }: Reference): Case => ({ ...given, network: filled(given.network, names) });

describe("training agrees with PyTorch to 1e-4", () => {
  test.each(Object.keys(references))("%s: the gradient of every parameter", async (key) => {
    const reference = references[key]!;
    const gradients = await gradientsOf(withValues(cases[key]!, reference));
    // A gradient that is zero in exact arithmetic (a bias before a normalization) is compared with the largest's rounding.
    const floor = 1e-2 * Math.max(...Object.values(reference.gradients).map(({ norm }) => norm));
    for (const name of reference.names) expectSummary(name, gradients.get(name)!, reference.gradients[name]!, floor);
  });

  test.each([
    ...Object.keys(references).map((key) => [key, "whole batches", cases[key]!] as const),
    ...Object.keys(inParts).map((key) => [key, "batches in parts", inParts[key]!] as const),
  ])("%s, %s: losses, parameters and running statistics after three steps", async (key, _, given) => {
    const reference = references[key]!;
    const { network, loss, batches, options, lr, parts = 1 } = withValues(given, reference);
    let checkpoint = new Uint8Array();
    const losses: number[] = [];
    const feeds = batches.slice(0, 2).map(({ x, target }) => ({ x, [TARGET]: target }));
    const experiment = {
      network,
      objective: loss,
      optimizer: optimizer(options),
      schedule: () => lr,
      data: inOrder(batches),
      parts,
      evaluation: async () => feeds,
      evaluationName: "the batches",
    };
    const result = await train(nodeEngine, experiment, {
      steps: 3,
      milestones: { record: [1, 2, 3], measure: [], checkpoint: [3] },
      observer: {
        onCheckpoint: (_, bytes) => {
          checkpoint = new Uint8Array(bytes);
        },
        onMetrics: (metrics) => losses.push(...metrics.filter((m) => m.name === "train/loss").map((m) => m.value)),
      },
    });
    reference.losses.forEach((value, k) => {
      expect(Math.abs(losses[k]! / value - 1), `loss ${k}`).toBeLessThan(RELATIVE);
    });
    for (const name of reference.names)
      expectSummary(name, result.parameters.get(name)!, reference.parameters[name]!, 0);
    const shapes = (values: Map<string, Tensor>) => new Map([...values].map(([name, { shape }]) => [name, shape]));
    const { buffers } = decodeCheckpoint(checkpoint, {
      parameters: shapes(initialParameters(network)),
      states: optimizer(options).states,
      buffers: shapes(initialBuffers(network)),
    });
    expect([...buffers!.keys()].sort()).toEqual(Object.keys(reference.buffers).sort());
    for (const [name, tensor] of buffers!) expectSummary(name, tensor, reference.buffers[name]!, 0);
  });
});
