import { expect, it } from "vitest";
import { Memory } from "../../src/linalg/memory.ts";

it("hands out what was given back, cleared where that is asked for, and each array to one", () => {
  const memory = new Memory();
  const first = memory.take(4).fill(7);
  memory.give([first]);
  expect(memory.zeros(4)).toBe(first);
  expect([...first]).toEqual([0, 0, 0, 0]);
  memory.give([first]);
  expect(memory.take(4)).toBe(first);
  expect(memory.take(4)).not.toBe(first);
  memory.give([first]);
  const { rows, cols, data } = memory.square(2);
  expect([rows, cols, data === first]).toEqual([2, 2, true]);
});

it("makes new arrays of other lengths", () => {
  const memory = new Memory();
  memory.give([new Float64Array(3)]);
  expect(memory.zeros(5)).toHaveLength(5);
});
