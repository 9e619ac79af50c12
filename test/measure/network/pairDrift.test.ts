/** @file The drift of charges at rest, where noise and decay cancel (docs/theory.md Eq. 124). */
import { expect, test } from "vitest";
import { matrix } from "../../../src/linalg/matrix.ts";
import { errorOfTurnover, pairDrift } from "../../../src/measure/network/pairDrift.ts";
import type { PairHalf } from "../../../src/measure/network/pairHalf.ts";

test("the turnover is what noise adds to both sides and decay takes, of which the change at rest is a small part", () => {
  const [lr, decay, momentum, batch, steps] = [0.1, 0.01, 0.9, 8, 400];
  const vector = (values: readonly number[]) => matrix(values.length, 1, Float64Array.from(values));
  const half = (values: readonly number[]): PairHalf => ({
    weights: vector(values),
    squaresNorm: 1,
    noise: { moment: vector(values), examples: 100 },
    groups: [],
    mean: null,
  });
  const halves = { first: half([3, 1]), second: half([1, 2]) };
  const [k, brought] = [(2 * lr * decay) / (1 - momentum), (lr * lr) / ((1 - momentum) ** 2 * batch)];
  const rest = [2, -1].map((difference) => (brought * difference) / k);
  const moved = 0.02;
  const { since } = pairDrift({
    ...{ symmetry: "rescaling", step: steps, halves, training: { lr, decay, momentum, batch } },
    charge: vector(rest.map((value) => value * (1 + moved))),
    earlier: { charge: vector(rest), step: 0, halves },
  });
  const gone = 1 - Math.exp(-k * steps);
  const norm = Math.hypot(...rest);
  const turnover = gone * (norm + (brought / k) * Math.hypot(4, 3));
  expect(since!.predicted!.norm).toBeLessThan(1e-12 * norm);
  expect(since!.error).toBeCloseTo(1, 9);
  expect(since!.turnover! / turnover).toBeCloseTo(1, 9);
  expect(errorOfTurnover(since!)).toBeCloseTo((moved * norm) / turnover, 9);
});
