/** @file A transformer made by hand whose heads' RGA rises while they leave their start, for figures and claims. */
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { asHead, plantedSnapshot } from "./planted.ts";

const steps = [0, 10, 100, 1000];

/** @param others alignment with the other heads at the end */
export function plantedCourse({ others = 0.3, start = 0.2, rga = 0.8 } = {}): Snapshot[] {
  const names = [0, 1].flatMap((block) => [0, 1].map((head) => `blocks.${block}.attn.MatMul_1[${head}]`));
  return steps.map((step, i) => {
    const share = i / (steps.length - 1);
    const snapshot = plantedSnapshot(step, names, 8);
    const between = (from: number, to: number) => from + (to - from) * share;
    const spread = (value: number) => ({ median: value, low: value - 0.05, high: value + 0.05, count: 1 });
    snapshot.layers = snapshot.layers.map((layer, k) => ({
      ...asHead(layer, 0),
      alignment: {
        paper: asHead(layer, between(0.2, rga + 0.1 * (k % 2))).alignment.paper,
        covariance: asHead(layer, between(0.2, rga + 0.1 * (k % 2)) - 0.01).alignment.covariance,
        raw: asHead(layer, between(0.2, rga + 0.1 * (k % 2)) - 0.02).alignment.raw,
      },
      baselines: {
        otherHeads: { paper: spread(between(0.9, others)), covariance: spread(0.9), raw: spread(0.9) },
        start:
          i === 0
            ? { paper: null, covariance: null, raw: null }
            : { paper: between(1, start), covariance: 0.9, raw: 0.9 },
      },
    }));
    return snapshot;
  });
}
