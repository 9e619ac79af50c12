import { expect, it } from "vitest";
import { ArrayPool } from "../../src/linalg/arrayPool.ts";

it("hands out what was given back, cleared where that is asked for, and each array to one", () => {
  const memory = new ArrayPool();
  const first = memory.acquire(4).fill(7);
  memory.release([first]);
  expect(memory.zeros(4)).toBe(first);
  expect([...first]).toEqual([0, 0, 0, 0]);
  memory.release([first]);
  expect(memory.acquire(4)).toBe(first);
  expect(memory.acquire(4)).not.toBe(first);
  memory.release([first]);
  const { rows, cols, data } = memory.square(2);
  expect([rows, cols, data === first]).toEqual([2, 2, true]);
});

it("makes new arrays of other lengths", () => {
  const memory = new ArrayPool();
  memory.release([new Float64Array(3)]);
  expect(memory.zeros(5)).toHaveLength(5);
});
