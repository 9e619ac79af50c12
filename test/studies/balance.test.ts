/**
 * @file Study symmetry/balance on planted runs: a slope of 1 where weights are out of balance as noise and decay say,
 * and who is ordered.
 */
import { describe, expect, test } from "vitest";
import { matrix } from "../../src/linalg/matrix.ts";
import { emptyLayer, type LayerMoments, type Moments } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";
import type { StudiedRun } from "../../src/studies/study.ts";
import { balanceStudy } from "../../src/studies/symmetry/balance.ts";
import { alignmentValue, layerNames6, plantedSnapshot } from "../figures/planted.ts";
import { plantedPair, withPairs } from "../figures/plantedPairs.ts";
import { momentsOf } from "../moments/cases.ts";
import { plantedRun } from "./planted.ts";

const parameters = { lr: 0.1, momentum: 0.9, decay: 1e-4, batch: 100 };
const width = 8;

/** Six maps whose weights are out of balance by `slope` times what their noise and decay give. */
function restingMoments(slope: number): Moments {
  const random = new Random(5);
  const factor = parameters.lr / ((1 - parameters.momentum) * 2 * parameters.decay * parameters.batch);
  const weights = layerNames6.map(() => {
    const values = Float64Array.from({ length: width * width }, () => random.normal());
    return matrix(width, width, values);
  });
  const squares = (at: number, side: "a" | "b", i: number) => {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += weights[at]!.data[side === "a" ? j * width + i : i * width + j]! ** 2;
    return sum;
  };
  const n = 10;
  const layers = layerNames6.map((name, at): LayerMoments => {
    const sumOf = (side: "a" | "b") => {
      const sum = new Float64Array(width * width);
      for (let i = 0; i < width; i++) {
        const imbalance = at > 0 ? squares(at, "a", i) - squares(at - 1, "b", i) : 0;
        sum[i * (width + 1)] = n * (side === "b" ? 1 : 1 + imbalance / (slope * factor));
      }
      return { width, inner: 1, outer: 1, sum };
    };
    const layer = emptyLayer(name, "linear", width, width, weights[at]);
    return { ...layer, n, noise: { examples: n, losses: 1, a: sumOf("a"), b: sumOf("b") } };
  });
  const end = { from: 0, outer: 1, inner: 1 };
  const pairs = layerNames6.slice(1).map((second, k) => ({
    ...{ first: layerNames6[k]!, second, through: "ReLU", symmetry: "rescaling" as const, width },
    ...{ firstEnd: { side: "b" as const, ...end }, secondEnd: { side: "a" as const, ...end } },
  }));
  return { ...momentsOf(layers), edges: { pairs, broken: [] } };
}

/** Noise balance and RGA that rise together over three steps; layers stand in opposite orders. */
function run(decay: number, seed: number, { slope = 1, rising = true } = {}): StudiedRun {
  const snapshots = [0, 100, 1000].map((step, i) => {
    const plain = plantedSnapshot(step, layerNames6);
    const layers = plain.layers.map((layer, k) => {
      const { paper } = layer.alignment;
      const rga = alignmentValue(0.2 + 0.3 * i - 0.01 * k);
      return { ...layer, alignment: { ...layer.alignment, paper: { ...paper, a: { ...paper.a!, rga } } } };
    });
    const pairs = layerNames6
      .slice(1)
      .map((second, k) =>
        plantedPair({ first: layerNames6[k]!, second, alignment: 0.6 + (rising ? 0.15 * i : -0.15 * i) + 0.01 * k }),
      );
    return withPairs({ ...plain, layers }, pairs);
  });
  return {
    ...plantedRun({ label: `decay ${decay}, seed ${seed}`, seed, parameters: { ...parameters, decay } } as never),
    snapshots: () => snapshots,
    moments: () => restingMoments(slope),
  };
}

const verdicts = (runs: readonly StudiedRun[]) =>
  new Map(balanceStudy.evaluate(runs, { size: "small" }).claims.map((row) => [row.name, row] as const));

describe("symmetry/balance", () => {
  test("asks for runs that are measured often, with their moments", () => {
    const runs = balanceStudy.runs("small");
    expect(runs).toHaveLength(4);
    for (const one of runs) expect(one).toMatchObject({ setting: "fc2", measured: "often", keepsMoments: true });
  });

  test("finds the order over steps, not over layers, and a slope of 1 where it was planted", () => {
    const found = verdicts([run(1e-4, 0), run(0, 0)]);
    for (const name of ["over steps and settings", "over steps, decay 0.0001", "over steps, decay 0"])
      expect(found.get(name)).toMatchObject({ verdict: "holds" });
    expect(found.get("over layers")!.value).toBeCloseTo(-1, 12);
    expect(found.get("not the same at the start")!.value).toBeCloseTo(0.4 + 0.03 + 0.02, 1);
    expect(found.get("layers.4 → layers.5: slope")).toMatchObject({ verdict: "holds" });
    expect(found.get("layers.4 → layers.5: slope")!.value).toBeCloseTo(1, 10);
  });

  test("refuses a slope of 2, and a noise balance that falls while RGA rises", () => {
    const found = verdicts([run(1e-4, 0, { slope: 2, rising: false })]);
    expect(found.get("layers.4 → layers.5: slope")!.value).toBeCloseTo(2, 10);
    expect(found.get("layers.4 → layers.5: slope")).toMatchObject({ verdict: "does not hold" });
    expect(found.get("over steps, decay 0.0001")).toMatchObject({ verdict: "does not hold" });
    expect(found.get("over steps and settings")).toMatchObject({ verdict: "undecided" });
  });

  test("draws three figures, and says which values it has", () => {
    const { figures, notes } = balanceStudy.evaluate([run(1e-4, 0), run(0, 0)], { size: "small" });
    expect(figures.map(({ name }) => name)).toEqual(["joined", "courses", "rest"]);
    expect(figures[0]!.figure.csv.split("\n").length).toBe(1 + 2 * 5 * 3 + 1);
    expect(notes.join(" ")).toContain(
      "decay 0.0001, seed 0: noise balance, tr A / tr B and RGA at the end: layers.0 →",
    );
  });
});
