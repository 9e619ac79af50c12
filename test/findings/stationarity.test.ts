import { describe, expect, test } from "vitest";
import { lossChange, type MetricPoint, rateAtZero, stillFalls } from "../../src/findings/lastHalf.ts";
import { stationaritySentence } from "../../src/findings/stationarity.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import type { Residual, Residuals } from "../../src/measure/training/residual.ts";
import { Random } from "../../src/random/random.ts";
import { plantedSnapshot } from "../figures/planted.ts";
import { converged, measuredCourse } from "./plantedChange.ts";

const rows = (name: string, value: (step: number) => number): MetricPoint[] =>
  Array.from({ length: 100 }, (_, i) => ({ step: 10 * (i + 1), name, value: value(10 * (i + 1)) }));

function withResiduals(values: readonly (number | null)[], floor = 7): Snapshot {
  const snapshot = plantedSnapshot(1000, ["x", "y", "z"], 4);
  values.forEach((value, i) => {
    const stationarity: Residual = { value, floor, n: 9 };
    snapshot.layers[i]!.residuals = { stationarity } as Residuals;
  });
  return { ...snapshot, loss: { mean: null } };
}

describe("how far from stationary a run is", () => {
  const falling = rows("train/loss", (step) => (step <= 500 ? 1 : step > 900 ? 0.74 : 0.8));

  test("one sentence has the residual over its floor, the loss and the rate", () => {
    expect(stationaritySentence({ snapshots: [withResiduals([90, 110, 300])], metrics: falling })).toBe(
      "How far from stationary: residual 110 over a floor of 7.0 (Eq. 53, in units of γ|W|, median over layers); " +
        "loss still falling, by 26 % over the last half of the steps.",
    );
    const flat = [...rows("train/loss", () => 2), ...rows("lr", (step) => 0.1 * (1000 - step))];
    expect(stationaritySentence({ snapshots: [withResiduals([0.02, 0.031, 0.04], 0.03)], metrics: flat })).toBe(
      "How far from stationary: residual 0.031 over a floor of 0.030 (Eq. 53, in units of γ|W|, median over layers); " +
        "loss constant, down by less than 1 % over the last half of the steps; the learning rate is zero, where nothing changes.",
    );
  });

  test("dead layers are in no median", () => {
    const snapshot = withResiduals([90, 110, 9000]);
    snapshot.layers[2]!.dead = ["no-gradient"];
    expect(stationaritySentence({ snapshots: [snapshot] })).toContain("residual 100 over");
  });

  test("a change of the representation stands in it where it was measured", () => {
    expect(stationaritySentence({ snapshots: measuredCourse(converged(0.01)) })).toMatch(
      /representations changed by 1\.\d % since step 45,204 \(paper's convention\)\.$/,
    );
  });

  test("nothing is said where nothing is known: an analysis, another optimizer without losses", () => {
    expect(stationaritySentence({ snapshots: [withResiduals([])] })).toBe("");
    expect(stationaritySentence({ snapshots: [withResiduals([null, null, null])] })).toBe("");
    expect(stationaritySentence({ snapshots: [] })).toBe("");
  });
});

describe("the loss over the last half", () => {
  test("falls where it does by more than its scatter", () => {
    const random = new Random(4);
    const noisy = (fall: number) =>
      lossChange({
        snapshots: [],
        metrics: rows("train/loss", (step) => (1 - (fall * step) / 1000) * Math.exp(0.3 * random.normal())),
      })!;
    expect(stillFalls(noisy(0.5))).toBe(true);
    expect(stillFalls(noisy(0))).toBe(false);
  });

  test("comes from the measurements where training recorded none, and not from one end alone", () => {
    const at = (step: number, mean: number): Snapshot => ({ ...plantedSnapshot(step, ["x"]), loss: { mean } });
    expect(lossChange({ snapshots: [at(0, 5), at(50, 2), at(100, 1)] })).toMatchObject({
      change: -0.5,
      of: "evaluation",
      step: 100,
    });
    expect(lossChange({ snapshots: [at(0, 5), at(100, 1)] })).toBeUndefined();
    expect(lossChange({ snapshots: [] })).toBeUndefined();
  });
});

test("a schedule is at zero at the end of a cosine, not after two drops by ten, nor where it is constant", () => {
  expect(rateAtZero({ metrics: rows("lr", (step) => 1 + Math.cos((Math.PI * (step - 1)) / 1000)) })).toBe(true);
  expect(rateAtZero({ metrics: rows("lr", (step) => 0.1 ** Math.floor(step / 400)) })).toBe(false);
  expect(rateAtZero({ metrics: rows("lr", () => 0.1) })).toBe(false);
  expect(rateAtZero({})).toBe(false);
});
