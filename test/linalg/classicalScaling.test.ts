import { describe, expect, test } from "vitest";
import { classicalScaling } from "../../src/linalg/classicalScaling.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";

/** Rounding of some tens of operations in float64. */
const ROUNDING = 1e-9;

function squaredDistances(points: Float64Array, n: number, d: number) {
  const D = matrix(n, n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < d; k++) D.data[i * n + j]! += (points[i * d + k]! - points[j * d + k]!) ** 2;
  return D;
}

describe("classical scaling", () => {
  const random = new Random(4);
  const [n, d] = [12, 3];
  const planted = Float64Array.from({ length: n * d }, () => random.normal());
  const D = squaredDistances(planted, n, d);

  test("gives points of three dimensions back but for a rotation: their distances", () => {
    const { points, explained } = classicalScaling(D, 3);
    const found = squaredDistances(points.data, n, 3);
    found.data.forEach((value, i) => {
      expect(Math.abs(value - D.data[i]!)).toBeLessThan(ROUNDING);
    });
    expect(explained).toBeCloseTo(1, 12);
  });

  test("is centred, with axes of descending spread that are not correlated", () => {
    const { points, shares } = classicalScaling(D, 3);
    const column = (k: number) => Array.from({ length: n }, (_, i) => points.data[i * 3 + k]!);
    const dot = (k: number, l: number) => column(k).reduce((sum, value, i) => sum + value * column(l)[i]!, 0);
    for (const k of [0, 1, 2]) expect(column(k).reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 9);
    expect(dot(0, 1)).toBeCloseTo(0, 9);
    expect(shares).toEqual(shares.toSorted((x, y) => y - x));
  });

  test("says how much fewer dimensions hold, and holds nothing of points that coincide", () => {
    expect(classicalScaling(D, 2).explained).toBeLessThan(1);
    const { explained, points } = classicalScaling(matrix(4, 4), 3);
    expect(explained).toBe(0);
    expect([...points.data]).toEqual(Array(12).fill(0));
  });

  test("refuses a matrix that is not square", () => {
    expect(() => classicalScaling(matrix(2, 3), 1)).toThrow(RangeError);
  });
});
