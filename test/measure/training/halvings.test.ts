import { expect, test } from "vitest";
import { halvings } from "../../../src/measure/training/halvings.ts";
import { logSpaced } from "../../../src/train/milestones.ts";

test("each step is compared with the one nearest to its half, down to the start", () => {
  const found = halvings(logSpaced(100_000, 30));
  expect([...found].slice(0, 3)).toEqual([
    [100_000, 45_204],
    [45_204, 20_434],
    [20_434, 9_237],
  ]);
  expect(found.get(2)).toBe(1);
  for (const [step, half] of found) expect(step / half).toSatisfy((factor: number) => factor > 1.33 && factor < 3.01);
});

test("measurements at equal distances give factors of two as well", () => {
  expect([...halvings([0, 250, 500, 750, 1000])]).toEqual([
    [1000, 500],
    [500, 250],
  ]);
});

test("what is not near the half is not taken for it", () => {
  expect(halvings([0, 10, 1000]).size).toBe(0);
  expect(halvings([0, 1000]).size).toBe(0);
  expect(halvings([]).size).toBe(0);
});
