/**
 * @file Charges of neighbouring maps while a network trains: the exact recursion from the velocities of each step
 * (docs/theory.md Eq. 108), and the prediction from moments (Eq. 124), against what the weights do.
 */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { type PairHalf, pairHalf } from "../../src/measure/network/pairHalf.ts";
import { type PairSnapshot, pairsOf } from "../../src/measure/network/pairs.ts";
import type { Moments } from "../../src/moments/moments.ts";
import { parameterShapes } from "../../src/networks/network.ts";
import type { Tensor } from "../../src/onnx/tensor.ts";
import { parseParameters } from "../../src/parameters/parse.ts";
import { imbalance, withBias } from "../../src/symmetry/charge.ts";
import { type MomentumState, nextMomentumState } from "../../src/symmetry/noiseBalance.ts";
import { decodeCheckpoint } from "../../src/train/checkpoint.ts";
import type { Experiment } from "../../src/train/experiment.ts";
import { milestones } from "../../src/train/milestones.ts";
import { train } from "../../src/train/train.ts";
import { loadedSetting } from "../settings/loadedSettings.ts";

function experiment(parameters: Readonly<Record<string, unknown>>): Experiment {
  const setting = loadedSetting("fc2");
  return setting.build(parseParameters(setting, parameters as never) as never, {});
}

/** U and W~ of each pair of neighbours, of parameters or velocities. */
function mapsOf(values: ReadonlyMap<string, Tensor>) {
  const weights = [...values].filter(([name]) => name.endsWith(".weight"));
  const maps = weights.map(([name, { shape, data }]) => {
    const W = matrix(shape[0]!, shape[1]!, Float64Array.from(data as Float32Array));
    return { W, bias: values.get(name.replace(".weight", ".bias"))!.data as Float32Array };
  });
  return maps.slice(1).map(({ W: U }, i) => ({ U, W: maps[i]!.W, bias: maps[i]!.bias }));
}

test("the recursion over the velocities of all steps is the change of the charges, to float32", async () => {
  const [steps, lr, momentum, decay] = [300, 0.05, 0.9, 0.01];
  const small = { depth: 2, width: 12, inputs: 8, outputs: 4, terms: 5, batch: 6, samples: 40, noise: 0.3 };
  const built = experiment({ ...small, steps, lr, momentum, decay });
  const shapes = { parameters: parameterShapes(built.network), states: ["momentum"] };
  let states: { imbalance: MomentumState["imbalance"]; overlap: MomentumState["overlap"] }[] | undefined;
  let worst = 0;
  let moved = 0;
  const start: Float64Array[] = [];
  await train(nodeEngine, built, {
    steps,
    milestones: milestones({ steps, every: steps, checkpointEvery: 1 }),
    observer: {
      onCheckpoint(step, bytes) {
        const { parameters, optimizer } = decodeCheckpoint(bytes, shapes);
        const found = mapsOf(parameters).map(imbalance);
        const velocities = mapsOf(optimizer.get("momentum")!);
        if (step === 0) {
          states = found.map((Q) => ({ imbalance: Q, overlap: matrix(Q.rows, Q.cols) }));
          start.push(...found.map(({ data }) => data.slice()));
          return;
        }
        states = states!.map((state, i) => {
          const { U, W, bias } = velocities[i]!;
          return nextMomentumState(state, { U, W: withBias(W, bias) }, { eta: lr, decay, momentum });
        });
        for (const [i, { imbalance: predicted }] of states.entries())
          for (let k = 0; k < predicted.rows; k++) {
            const at = k * (predicted.rows + 1);
            worst = Math.max(worst, Math.abs(predicted.data[at]! - found[i]!.data[at]!));
            moved = Math.max(moved, Math.abs(found[i]!.data[at]! - start[i]![at]!));
          }
      },
    },
  });
  expect(moved).toBeGreaterThan(0.05);
  expect(worst).toBeLessThan(1e-6);
});

const small = { depth: 2, width: 30, inputs: 10, outputs: 5, terms: 10, noise: 1, batch: 40 };

test.each([
  ["without", { momentum: 0, decay: 1e-3, lr: 0.1 }],
  ["with", { momentum: 0.9, decay: 1e-3, lr: 0.01 }],
])(
  "the prediction from moments a thousand steps apart, %s momentum, is within a tenth of the change",
  async (_, rates) => {
    const steps = 3000;
    const built = experiment({ ...small, ...rates, steps, samples: 10_000 });
    const found: PairSnapshot[][] = [];
    let previous: Moments | undefined;
    await train(nodeEngine, built, {
      steps,
      milestones: milestones({ steps, every: 1000 }),
      observer: {
        onMeasurement(_, { total, groups }) {
          const training = { ...rates, batch: small.batch, optimizer: "sgd" };
          found.push(pairsOf(total, groups, { training, previous })!.pairs);
          previous = total;
        },
      },
    });
    expect(found.at(-1)!.length).toBe(2);
    for (const { drift } of found.slice(2).flat()) {
      const { measured, error, rounding } = drift.since!;
      expect(drift.status).toBe("ok");
      expect(measured.norm).toBeGreaterThan(100 * rounding);
      expect(error).toBeLessThan(0.1);
    }
  },
);

test("without decay, moments taken every hundred steps predict the change of two thousand to a tenth", async () => {
  const [steps, from, every, lr] = [4000, 2000, 100, 0.1];
  const built = experiment({ ...small, momentum: 0, decay: 0, lr, steps, samples: 6000 });
  /** By pair: charges at the start and the end, and what moments predict between. */
  const pairs = new Map<string, { start: number[]; end: number[]; change: Float64Array }>();
  await train(nodeEngine, built, {
    steps,
    milestones: milestones({ steps, every }),
    observer: {
      onMeasurement(step, { total, groups }) {
        if (step < from) return;
        const found = pairsOf(total, groups)!.pairs;
        for (const [i, edge] of total.edges!.pairs.entries()) {
          const charge = found[i]!.charge as number[];
          const known = pairs.get(edge.first) ?? {
            start: charge,
            end: charge,
            change: new Float64Array(charge.length),
          };
          const [below, above] = [edge.first, edge.second].map((name, end) => {
            const layer = total.layers.find((one) => one.name === name)!;
            return pairHalf(edge, end === 0 ? edge.firstEnd : edge.secondEnd!, layer, [])!;
          }) as [PairHalf, PairHalf];
          const share = step === from || step === steps ? 0.5 : 1; // trapezoid
          known.change.forEach((_, k) => {
            const noise = below.noise!.moment.data[k]! - above.noise!.moment.data[k]!;
            const mean = below.mean!.data[k]! - above.mean!.data[k]!;
            known.change[k]! += share * every * lr * lr * (noise / small.batch + (1 - 1 / small.batch) * mean);
          });
          pairs.set(edge.first, { ...known, end: charge });
        }
      },
    },
  });
  expect(pairs.size).toBe(2);
  for (const { start, end, change } of pairs.values()) {
    const measured = end.map((value, k) => value - start[k]!);
    const off = measured.map((value, k) => value - change[k]!);
    expect(Math.hypot(...off) / Math.hypot(...measured)).toBeLessThan(0.1);
  }
});
