/**
 * @file Networks in training beside references that torchNetworks.py computes in float64: weights and data by its
 * formula, and what is expected of gradients, losses, parameters and running statistics.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { addGradients } from "../../src/autodiff/gradient.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { initialBuffers, initialParameters, type Network } from "../../src/networks/network.ts";
import { trainingForm } from "../../src/networks/trainingForm.ts";
import type { Objective } from "../../src/objectives/objective.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, sizeOf, type Tensor } from "../../src/onnx/tensor.ts";
import { TARGET } from "../../src/probe/feeds.ts";
import { lossGraph } from "../../src/probe/nodes/lossGraph.ts";
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
export interface Reference {
  names: string[];
  losses: number[];
  gradients: Record<string, Summary>;
  parameters: Record<string, Summary>;
  buffers: Record<string, Summary>;
}

/** A file that torchNetworks.py wrote: references by network. */
export function readReferences(name: string): Record<string, Reference> {
  return JSON.parse(readFileSync(join(import.meta.dirname, name), "utf8")) as Record<string, Reference>;
}

/** The formula of torchNetworks.py. */
export function noise(count: number, key: number): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const x = Math.sin(i * 12.9898 + key * 78.233 + 1) * 43758.5453;
    values[i] = Math.floor((x - Math.floor(x)) * 2 ** 20) / 2 ** 20 - 0.5;
  }
  return values;
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
export const indices = (data: BigInt64Array, shape: readonly number[]): Tensor => ({ dtype: "int64", shape, data });
/** n class indices below `classes`. */
export const labels = (n: number, classes: number, key: number) => indices(whole(noise(n, key), classes), [n]);
/** Eight images. */
export const image = (side: number, k: number) =>
  float32(
    Float32Array.from(noise(8 * 3 * side * side, 500 + k), (v) => v * 3),
    [8, 3, side, side],
  );
/** Tokens below `vocabulary`. */
export const words = (shape: readonly [number, number], vocabulary: number, key: number) =>
  indices(whole(noise(sizeOf(shape), key), vocabulary), shape);

export const sgd: OptimizerOptions = { kind: "sgd", momentum: 0.9, decay: 5e-4 };
export const adamw: OptimizerOptions = { kind: "adamw", decay: 0.1, beta2: 0.95, epsilon: 1e-4, decayVectors: false };

interface Batch {
  readonly x: Tensor;
  readonly target: Tensor;
}
export interface Case {
  readonly network: Network;
  readonly loss: Objective;
  readonly batches: readonly Batch[];
  readonly options: OptimizerOptions;
  readonly lr: number;
  /** Parts in which a batch is taken. */
  readonly parts?: number;
}
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

function expectSummary(name: string, tensor: Tensor, expected: Summary, floor = 0, relative = RELATIVE): void {
  const data = Float64Array.from(tensor.data as Float32Array);
  const stride = Math.max(1, Math.floor(data.length / 16));
  const within = relative * Math.max(expected.norm, floor);
  const along = expected.along.map((_, k) => noise(data.length, 1000 + k).reduce((sum, v, i) => sum + v * data[i]!, 0));
  const got = [
    Math.sqrt(data.reduce((sum, v) => sum + v * v, 0)),
    ...along,
    ...expected.entries.map((_, i) => data[i * stride]!),
  ];
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

/** Compares the gradient of every parameter on the first batch. */
export async function expectGradients(given: Case, reference: Reference, relative = RELATIVE): Promise<void> {
  const gradients = await gradientsOf(withValues(given, reference));
  // A gradient that is zero in exact arithmetic (a bias before a normalization) is compared with the largest's
  // rounding.
  const floor = 1e-2 * Math.max(...Object.values(reference.gradients).map(({ norm }) => norm));
  for (const name of reference.names)
    expectSummary(name, gradients.get(name)!, reference.gradients[name]!, floor, relative);
}

/** Trains on the three batches and compares losses, parameters and running statistics. */
export async function expectThreeSteps(given: Case, reference: Reference, relative = RELATIVE): Promise<void> {
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
    expect(Math.abs(losses[k]! / value - 1), `loss ${k}`).toBeLessThan(relative);
  });
  for (const name of reference.names)
    expectSummary(name, result.parameters.get(name)!, reference.parameters[name]!, 0, relative);
  const shapes = (values: Map<string, Tensor>) => new Map([...values].map(([name, { shape }]) => [name, shape]));
  const { buffers } = decodeCheckpoint(checkpoint, {
    parameters: shapes(initialParameters(network)),
    states: optimizer(options).states,
    buffers: shapes(initialBuffers(network)),
  });
  expect([...buffers!.keys()].sort()).toEqual(Object.keys(reference.buffers).sort());
  for (const [name, tensor] of buffers!) expectSummary(name, tensor, reference.buffers[name]!, 0, relative);
}
