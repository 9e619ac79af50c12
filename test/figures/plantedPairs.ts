/** @file Symmetric pairs made by hand: known charges, noise and drift, over steps where a run is asked for. */
import type { NoiseBalance, PairDrift, PairSnapshot } from "../../src/measure/network/pairs.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import type { RunReport } from "../../src/report/reportData.ts";
import { layerNames6, plantedRun } from "./planted.ts";

export interface PlantedPair {
  readonly first?: string;
  readonly second?: string;
  /** tr A / tr B: noise above over noise below. */
  readonly ratio?: number;
  readonly alignment?: number;
  readonly residual?: number;
  readonly charge?: PairSnapshot["charge"];
  readonly since?: PairDrift["since"];
  readonly rest?: Partial<PairSnapshot>;
}

export const noBalance = (status: NoiseBalance["status"]): NoiseBalance => ({
  ...{ alignment: null, alignmentError: null, cosine: null, ratio: null, ratioError: null, residual: null },
  ...{ null: null, n: 0, status },
});

export const noDrift = (status: PairDrift["status"]): PairDrift => ({
  ...{ noise: null, mean: null, perStep: null, since: null, status },
});

export function plantedPair(planted: PlantedPair = {}): PairSnapshot {
  const { first = "layers.0", second = "layers.1", ratio = 1, alignment = 0.9, charge = [0.1, -0.05, 0.02] } = planted;
  return {
    ...{ first, second, through: "ReLU", symmetry: "rescaling", width: 3, charge, imbalance: 0.07 },
    noiseBalance: {
      ...{ alignment, alignmentError: 0.012, cosine: 0.95, ratio, ratioError: 0.01 * ratio },
      ...{ residual: planted.residual ?? Math.abs(ratio - 1) / (ratio + 1), null: 0.2, n: 3000, status: "ok" },
    },
    drift: { ...noDrift("ok"), since: planted.since ?? null },
    status: "ok",
    ...planted.rest,
  };
}

/** Heads of an attention, further from balance from one to the next. */
export function plantedHeads(block: number, heads: number): PairSnapshot[] {
  return Array.from({ length: heads }, (_, head) =>
    plantedPair({
      ...{ first: `transformer.h.${block}.attn.c_attn`, second: `transformer.h.${block}.attn.c_proj` },
      ...{ ratio: 1.1 + head / 10, alignment: 0.9 - head / 20 },
      charge: { frobenius: 1, trace: 0.1, eigenvalues: [0.4, 0.1, -0.4] },
      rest: { through: "attention values", symmetry: "rotation", head, width: 64, imbalance: 0.1 + head / 100 },
    }),
  );
}

export function plantedScale(first: string): PairSnapshot {
  return plantedPair({
    ...{ first, second: "bn1", charge: [2, 3, 4] },
    rest: {
      ...{ symmetry: "scale", through: "BatchNormalization", imbalance: null },
      ...{ noiseBalance: noBalance("one-sided"), drift: noDrift("not-measured") },
    },
  });
}

export const withPairs = (
  snapshot: Snapshot,
  pairs: PairSnapshot[],
  unpaired: Snapshot["unpaired"] = [],
): Snapshot => ({
  ...snapshot,
  pairs,
  unpaired,
});

/** A run whose five pairs come to balance from ratios of 4, 2, 1, .5, .25, charges shrinking with them. */
export function runWithPairs(): RunReport {
  const run = plantedRun({ d: 12, steps: [0, 1, 10, 100, 1000, 10_000] });
  const snapshots = run.snapshots.map((snapshot, i) => {
    const left = 1 - i / 6;
    const pairs = layerNames6.slice(1).map((second, k) =>
      plantedPair({
        ...{ first: layerNames6[k]!, second, ratio: 4 ** ((1 - k / 2) * left), alignment: 0.95 - 0.5 * left },
        charge: [0.1, 0.03, -0.02, -0.1].map((value) => value * left),
        since:
          i === 0
            ? null
            : {
                step: run.snapshots[i - 1]!.step,
                predicted: { sum: 0.001, norm: 0.01 * left },
                measured: { sum: 0.001, norm: k === 4 ? 1e-8 : 0.011 * left },
                ...{ error: 0.1, rounding: 1e-7 },
              },
      }),
    );
    return withPairs(snapshot, pairs);
  });
  return { ...run, snapshots };
}
