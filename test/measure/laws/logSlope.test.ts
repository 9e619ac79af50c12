import { describe, expect, it } from "vitest";
import { type Matrix, matmul, matrix, transpose } from "../../../src/linalg/matrix.ts";
import { type Halves, logSlope } from "../../../src/measure/laws/logSlope.ts";
import { Random } from "../../../src/random/random.ts";
import { affine, diagonal, gaussian, rotation, turn, wishart } from "../matrices.ts";

const d = 20;
const least = 8;
const random = new Random(1);
const Q = rotation(random, d);
const lambda = Array.from({ length: d }, (_, i) => 10 ** (-i / 8));
const power = (s: number): Matrix => turn(diagonal(lambda.map((value) => value ** s)), Q);
const twice = (A: Matrix): Halves => [A, A];

describe("the slope of two logarithms", () => {
  it.each([-2, -1, 0.5, 1, 3])("is s for H = c G^s, in any basis and at any scale: s = %d", (s) => {
    const R = rotation(random, d);
    for (const [H, G] of [
      [power(s), power(1)],
      [affine(power(s), 7, 0), affine(power(1), 1e-6, 0)],
      [turn(power(s), R), turn(power(1), R)],
    ] as const) {
      const found = logSlope(twice(H), twice(G), least)!;
      expect(found.slope).toBeCloseTo(s, 9);
      for (const angle of found.angles) expect(Math.tan(angle)).toBeCloseTo(s, 9);
    }
  });

  it("is the inverse where H and G change places, with any scatter", () => {
    const [H, G] = [matmul(power(1), power(1)), wishart(random, 3 * d, d)];
    const mixed = twice(turn(H, rotation(random, d)));
    const [one, other] = [logSlope(mixed, twice(G), least)!, logSlope(twice(G), mixed, least)!];
    expect(one.slope * other.slope).toBeCloseTo(1, 9);
    expect(one.angles[1]).toBeCloseTo((one.slope > 0 ? Math.PI / 2 : -Math.PI / 2) - other.angles[0], 9);
  });

  it("widens with scatter: its angles are one where there is none, and hold the slope in between", () => {
    const scattered = (size: number): [Matrix, Matrix] => {
      const draw = new Random(3);
      const noisy = (A: Matrix): Matrix => {
        const E = gaussian(draw, d, d);
        for (let k = 0; k < E.data.length; k++)
          E.data[k] = (k % (d + 1) === 0 ? 1 : 0) + (size * E.data[k]!) / Math.sqrt(d);
        return matmul(matmul(E, A), transpose(E));
      };
      return [noisy(power(1)), noisy(power(1))];
    };
    const widths = [0, 0.05, 0.1, 0.2].map((size) => {
      const [H, G] = scattered(size);
      const { slope, angles } = logSlope(twice(H), twice(G), least)!;
      expect(angles[0]).toBeLessThanOrEqual(Math.atan(slope) + 1e-12);
      expect(angles[1]).toBeGreaterThanOrEqual(Math.atan(slope) - 1e-12);
      return angles[1] - angles[0];
    });
    expect(widths[0]).toBeLessThan(1e-9);
    for (let k = 1; k < widths.length; k++) expect(widths[k]!).toBeGreaterThan(2 * widths[k - 1]!);
  });

  it("leaves out dimensions that one of them does not have", () => {
    const kept = lambda.map((_, i) => (i < 12 ? 1 : 0));
    const half = (A: readonly number[], s: number): Matrix =>
      turn(diagonal(A.map((value, i) => kept[i]! * value ** s)), Q);
    expect(logSlope(twice(half(lambda, 2)), twice(power(1)), least)!.slope).toBeCloseTo(2, 9);
    expect(logSlope(twice(power(2)), twice(half(lambda, 1)), least)!.slope).toBeCloseTo(2, 9);
  });

  it("is not there for too few dimensions, or where nothing varies", () => {
    const small = diagonal(lambda.map((value, i) => (i < 7 ? value : 0)));
    expect(logSlope(twice(small), twice(power(1)), least)).toBeUndefined();
    expect(logSlope(twice(matrix(d, d)), twice(power(1)), least)).toBeUndefined();
    const flat = diagonal(new Array<number>(d).fill(2));
    expect(logSlope(twice(flat), twice(power(1)), least)).toBeUndefined();
  });
});
