/**
 * @file Optimizers, objectives and schedules against PyTorch in float64 (torchOptimizers.json, written by
 * torchOptimizers.py).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { mlp } from "../../src/networks/mlp.ts";
import type { Network } from "../../src/networks/network.ts";
import { objective } from "../../src/objectives/objective.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";
import { type OptimizerOptions, optimizer } from "../../src/train/optimizer.ts";
import { schedule } from "../../src/train/schedule.ts";
import { train } from "../../src/train/train.ts";
import type { TrainingData } from "../../src/train/trainingData.ts";

/** Three float32 steps against float64 ones. */
const FLOAT32 = 2e-6;

interface Reference {
  sizes: number[];
  initial: number[][];
  x: number[];
  y: number[];
  labels: number[];
  trained: Record<string, { losses: number[]; parameters: number[][] }>;
  schedules: Record<string, number[]>;
}
const reference = JSON.parse(readFileSync(join(import.meta.dirname, "torchOptimizers.json"), "utf8")) as Reference;

const options: Record<string, OptimizerOptions & { lr: number }> = {
  sgd: { kind: "sgd", lr: 0.1, decay: 0.01 },
  momentum: { kind: "sgd", lr: 0.1, momentum: 0.9, decay: 0.01 },
  nesterov: { kind: "sgd", lr: 0.1, momentum: 0.9, nesterov: true, decay: 0.01 },
  adam: { kind: "adam", lr: 0.01, decay: 0.01 },
  adamw: { kind: "adamw", lr: 0.01, decay: 0.1 },
};

/** The reference's network: same shapes as mlp's, its own initial values. */
function network(): Network {
  const { graph, parameters } = mlp({ widths: reference.sizes, activation: "tanh" }, new Random(0));
  const initializers = new Map(graph.initializers);
  parameters.forEach((name, i) => {
    initializers.set(name, float32(reference.initial[i]!, initializers.get(name)!.shape));
  });
  return { graph: { ...graph, initializers }, parameters };
}

/** The reference's three batches of five samples, in order. */
function batches(kind: "mse" | "cross-entropy"): TrainingData {
  const [dIn, , dOut] = reference.sizes as [number, number, number];
  const labels = BigInt64Array.from(reference.labels, BigInt);
  const all: Tensor =
    kind === "mse" ? float32(reference.y, [3, 5, dOut]) : { dtype: "int64", shape: [3, 5], data: labels };
  const target = { dtype: all.dtype, shape: all.shape.slice(1) };
  return {
    inputShape: [5, dIn],
    target,
    draw(K) {
      expect(K).toBe(3);
      return { "data/x": float32(reference.x, [3, 5, dIn]), "data/target": all };
    },
    prepare: (g) => ({
      x: g.input("data/x", "float32", ["K", 5, dIn]),
      target: g.input("data/target", target.dtype, ["K", ...target.shape]),
    }),
    state: () => null,
    restore: () => {},
  };
}

describe("training agrees with PyTorch", () => {
  test.each(Object.keys(reference.trained))("%s: losses and parameters after three steps", async (key) => {
    const [name, kind] = key.split("/") as [string, "mse" | "cross-entropy"];
    const { lr, ...optimizerOptions } = options[name]!;
    const evaluated = await batches(kind).draw(3);
    const evaluation = async () => [
      { x: first(evaluated["data/x"]!), target: first(evaluated["data/target"]!) },
      { x: first(evaluated["data/x"]!), target: first(evaluated["data/target"]!) },
    ];
    const losses: number[] = [];
    const result = await train(
      nodeEngine,
      {
        network: network(),
        objective: objective(kind),
        optimizer: optimizer(optimizerOptions),
        schedule: schedule({ kind: "constant", lr, steps: 3 }),
        data: batches(kind),
        evaluation,
        evaluationName: "",
      },
      {
        steps: 3,
        milestones: { measure: [], record: [3], checkpoint: [] },
        observer: { onMetrics: (rows) => losses.push(rows[0]!.value) },
      },
    );
    const { losses: expectedLosses, parameters } = reference.trained[key]!;
    expect(losses[0]).toBeCloseTo(expectedLosses.reduce((sum, loss) => sum + loss, 0) / 3, 5);
    [...result.parameters.values()].forEach(({ data }, i) => {
      (data as Float32Array).forEach((value, j) => {
        expect(Math.abs(value - parameters[i]![j]!), `${key} parameter ${i}[${j}]`).toBeLessThan(FLOAT32);
      });
    });
  });

  test.each(["cosine", "step", "warmup"])("schedule %s has torch's learning rates", (name) => {
    const shared = { lr: 0.5, steps: 12, period: 5, factor: 0.1 };
    const rates = {
      cosine: schedule({ ...shared, kind: "cosine" }),
      step: schedule({ ...shared, kind: "step" }),
      // torch's LinearLR with start_factor 1/4 over 3 steps: 1/4, 1/2, 3/4, 1, 1 ...
      warmup: schedule({ ...shared, kind: "constant", warmup: 4 }),
    }[name]!;
    reference.schedules[name]!.forEach((rate, step) => {
      expect(rates(step)).toBeCloseTo(rate, 12);
    });
  });
});

/** The first batch of (K, B, ...). */
function first({ dtype, shape, data }: Tensor): Tensor {
  const size = data.length / shape[0]!;
  return { dtype, shape: shape.slice(1), data: data.slice(0, size) as Tensor["data"] };
}
