import { expect, it } from "vitest";
import { apart } from "../../src/figures/apart.ts";

const distances = (places: readonly { x: number; y: number }[]) =>
  places.flatMap((one, i) => places.slice(0, i).map((other) => Math.hypot(one.x - other.x, one.y - other.y)));

it("moves marks that lie on one another apart, and near where they were", () => {
  const crowd = Array.from({ length: 8 }, () => ({ x: 100, y: 50 }));
  const found = apart(crowd, 16);
  expect(Math.min(...distances(found))).toBeGreaterThan(15.9);
  for (const { x, y } of found) expect(Math.hypot(x - 100, y - 50)).toBeLessThan(40);
  expect(apart(crowd, 16)).toEqual(found);
});

it("leaves alone what is far enough from all others", () => {
  const places = [
    { x: 0, y: 0 },
    { x: 30, y: 0 },
    { x: 200, y: 10 },
    { x: 204, y: 10 },
  ];
  const found = apart(places, 16);
  expect(found.slice(0, 2)).toEqual(places.slice(0, 2));
  expect(found[2]!.x).toBeCloseTo(194, 0);
  expect(found[3]!.x).toBeCloseTo(210, 0);
});
