/**
 * @file Runs made by hand for the tests of figures and report: alignments that rise by a known law, matrices of known
 * shape.
 */

import { type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import type { AlignmentValue, LayerSnapshot, RankValue, SideAlignments, Snapshot } from "../../src/measure/snapshot.ts";
import type { LayerMoments, Moments, SideMoments } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";
import type { AnalysisReport, RunReport } from "../../src/report/reportData.ts";

/** Log-spaced steps as a run measures: 0, 1, 2, 5, ... */
export const plantedSteps = [
  0, 1, 2, 4, 8, 15, 30, 60, 120, 250, 500, 1000, 1500, 2200, 3200, 4600, 6800, 10000, 15000, 22000, 32000, 46000,
  68000, 100000,
];

/** Alignment of a layer at a step: from `start` to `end`, halfway at `half`. */
export function rise(step: number, start: number, end: number, half: number): number {
  return start + (end - start) / (1 + (half / (step + 1e-9)) ** 1.2);
}

export function alignmentValue(value: number, nullValue = 0.12, noise: number | null = 0.01): AlignmentValue {
  return { value, cosine: Math.min(1, value + 0.03), null: nullValue, noise, n: 3000 };
}

export function rankValue(participation: number, dimension: number): RankValue {
  return {
    numerical: Math.round(participation * 1.6),
    threshold: 1e-3,
    stable: participation / 3,
    participation,
    leading: [participation],
    dimension,
    n: 3000,
  };
}

export function plantedLayer(name: string, index: number, step: number, d = 100): LayerSnapshot {
  const side = (shift: number): SideAlignments => {
    const end = 0.96 - 0.03 * index - shift - (index === 0 ? 0.35 : 0);
    return {
      rga: alignmentValue(
        rise(step, 0.1 + 0.03 * index, end, 900 - 60 * index),
        0.13 + 0.02 * index,
        0.006 + 0.02 / (1 + index),
      ),
      rwa: alignmentValue(rise(step, 0.45 - 0.05 * index, end - 0.05, 3000), 0.1),
      gwa: alignmentValue(rise(step, 0.62, end - 0.02, 5000) - (step > 50 && step < 2000 ? 0.08 : 0), 0.16),
    };
  };
  const ranks = { H: rankValue(rise(step, 30 - index, 6 + index, 1500), d), G: rankValue(12, d) };
  const convention = { a: side(0), b: side(0.06) };
  const measured = { value: 0.1, n: 3000 };
  return {
    name,
    kind: "linear",
    dIn: d,
    dOut: d,
    samples: 3000,
    alignment: { paper: convention, covariance: convention, raw: { a: side(0.1), b: side(0.2) } },
    ranks: {
      paper: { a: ranks, b: ranks },
      covariance: { a: ranks, b: ranks },
      raw: { a: ranks, b: ranks },
      weights: rankValue(20, d),
    },
    meanRatio: { a: { h: measured, g: measured }, b: { h: measured, g: measured } },
    droppedRows: { a: 0, b: 0 },
    droppedActivationRows: { a: index === 3 ? 17 : 0, b: 0 },
  };
}

export function plantedSnapshot(step: number, names: readonly string[], d = 100): Snapshot {
  return {
    schema: "crh-lab/snapshot@1",
    step,
    loss: { mean: 0.9 / (1 + step / 800) + 0.02 },
    samples: 3000,
    objective: "mse",
    layers: names.map((name, index) => plantedLayer(name, index, step, d)),
    skipped: [],
  };
}

/** A random matrix of `rank` directions with falling weights, plus a little of the identity. */
function lowRank(random: Random, d: number, rank: number): Matrix {
  const A = matrix(d, rank);
  for (let i = 0; i < d; i++) for (let k = 0; k < rank; k++) A.data[i * rank + k] = random.normal() * 0.8 ** k;
  const M = matmul(A, transpose(A));
  for (let i = 0; i < d; i++) M.data[i * d + i]! += 0.02;
  return M;
}

function mixed(A: Matrix, B: Matrix, weight: number): Matrix {
  return { ...A, data: A.data.map((value, k) => value + weight * B.data[k]!) };
}

/** One side whose second moments are exactly H and G in both conventions. */
export function plantedSide(H: Matrix, G: Matrix, n = 100): SideMoments {
  const sums = (M: Matrix) => M.data.map((value) => value * n);
  const zero = () => new Float64Array(H.rows);
  return {
    d: H.rows,
    hSum: zero(),
    hh: sums(H),
    gSum: zero(),
    gg: sums(G),
    hnSum: zero(),
    hnhn: sums(H),
    gnSum: zero(),
    gngn: sums(G),
    keptH: n,
    keptG: n,
    h2: 1,
    h4: 1,
    g2: 1,
    g4: 1,
  };
}

export function plantedMoments(names: readonly string[], d: number): Moments {
  const random = new Random(7);
  const layers = names.map((name): LayerMoments => {
    const W = matrix(d, d);
    const core = lowRank(random, d, 8);
    for (let k = 0; k < d * d; k++) W.data[k] = core.data[k]! / 8 + 0.15 * random.normal();
    const [ZA, ZB] = [matmul(transpose(W), W), matmul(W, transpose(W))];
    const side = (Z: Matrix) =>
      plantedSide(mixed(Z, lowRank(random, d, 5), 0.15), mixed(Z, lowRank(random, d, 5), 0.25));
    return { name, kind: "linear", dIn: d, dOut: d, n: 100, a: side(ZA), b: side(ZB), W };
  });
  return { step: 100000, objective: "mse", source: "planted", layers };
}

export const layerNames6 = ["layers.0", "layers.1", "layers.2", "layers.3", "layers.4", "layers.5"];

/** A finished run of the size of fc2: 6 layers of width d, losses every 100 steps. */
export function plantedRun({ d = 100, names = layerNames6, steps = plantedSteps } = {}): RunReport {
  const random = new Random(3);
  const last = steps.at(-1) ?? 0;
  const train = Array.from({ length: 1000 }, (_, k) => ({
    step: (k + 1) * (last / 1000),
    name: "train/loss",
    value: (0.9 / (1 + (k * last) / 1000 / 800) + 0.02) * Math.exp(0.15 * random.normal()),
  }));
  const snapshots = steps.map((step) => plantedSnapshot(step, names, d));
  const evaluated = snapshots.map(({ step, loss }) => ({ step, name: "eval/loss", value: loss.mean! }));
  return {
    info: {
      schema: "crh-lab/run@1",
      id: "2026-03-01-fc2-1a2b3c4d",
      setting: "fc2",
      status: "finished",
      seed: 0,
      steps: last,
      step: last,
      argv: ["run", "fc2", "--seed", "0", "--steps", String(last)],
      pid: 4711,
      host: "machine",
      versions: { crh: "0.1.0", node: "v20.19.0", onnxruntime: "1.30.0" },
      startedAt: "2026-03-01T10:20:30.000Z",
      endedAt: "2026-03-01T10:22:10.000Z",
      durationMs: 100_000,
      stepsPerSecond: 1234.5,
    },
    config: {
      setting: "fc2",
      depth: 5,
      width: d,
      activation: "relu",
      batch: 100,
      lr: 0.1,
      momentum: 0.9,
      decay: 1e-4,
      phi: 0.2,
      teacherScale: 0.1,
      optimizer: "sgd",
      evalSamples: 3000,
    },
    notes: [
      "Learning rate 0.1, momentum 0.9, weight decay 1e-4, batch 100: arXiv 2410.03006, fc2.",
      "chosen: width 100, implied by the input dimension.",
    ],
    metrics: [...train, ...evaluated],
    snapshots,
    moments: plantedMoments(names, d),
  };
}

/** The layer as an attention head: RGA of its output alone. */
export function asHead(layer: LayerSnapshot, rga: number): LayerSnapshot {
  const none: AlignmentValue = { ...alignmentValue(0), value: null, cosine: null, status: "missing-moments" };
  const alignment = { a: null, b: { rga: alignmentValue(rga), rwa: none, gwa: none } };
  return { ...layer, kind: "head", alignment: { paper: alignment, covariance: alignment, raw: alignment } };
}

/** One measurement of a transformer: per block two maps around `heads` attention heads of RGA 0.5, 0.51, ... */
export function plantedTransformer({ blocks = 2, heads = 2, d = 8 } = {}): { snapshot: Snapshot; moments: Moments } {
  const names = Array.from({ length: blocks }, (_, block) => [
    `blocks.${block}.qkv`,
    ...Array.from({ length: heads }, (_, head) => `blocks.${block}.attn.MatMul_1[${head}]`),
    `blocks.${block}.out`,
  ]).flat();
  const snapshot = plantedSnapshot(0, names, d);
  snapshot.layers = snapshot.layers.map((layer, i) =>
    layer.name.endsWith("]") ? asHead(layer, 0.5 + i / 100) : layer,
  );
  const moments = plantedMoments(names, d);
  moments.layers = moments.layers.map(({ a, W, ...rest }) =>
    rest.name.endsWith("]") ? { ...rest, kind: "head" } : { ...rest, a: a!, W: W! },
  );
  return { snapshot, moments };
}

/** The report of one measurement of a model, as `crh analyze` makes it. */
export function plantedAnalysis({ names = layerNames6, d = 12 } = {}): AnalysisReport {
  return {
    analysis: {
      title: "resnet20",
      model: "resnet20.onnx",
      inputs: ["images.npy"],
      targets: ["labels.npy"],
      measuredAt: "2026-03-01T10:20:30.000Z",
      durationMs: 24_300,
      versions: { crh: "0.1.0", node: "v20.19.0", onnxruntime: "1.30.0" },
      argv: ["analyze", "resnet20.onnx", "--inputs", "images.npy"],
    },
    config: { loss: "mse", cost: "standard" },
    notes: [],
    snapshots: [{ ...plantedSnapshot(0, names, d), accuracy: 0.917 }],
    moments: plantedMoments(names, d),
  };
}
