import { describe, expect, it } from "vitest";
import { identity, matrix } from "../../../src/linalg/matrix.ts";
import { splitHalf } from "../../../src/measure/alignment/splitHalf.ts";
import { meanRatio } from "../../../src/measure/spectra/meanRatio.ts";
import {
  numericalRank,
  participationRatio,
  rank,
  rankThreshold,
  stableRank,
} from "../../../src/measure/spectra/rank.ts";
import { Random } from "../../../src/random/random.ts";
import { affine, diagonal, gaussian, projector, rotation, turn, wishart } from "../matrices.ts";

describe("rank", () => {
  it("of a projector on k directions is k in all three senses", () => {
    for (const k of [1, 5, 20]) {
      const found = rank(projector(new Random(k), k, 20), 20, 100);
      expect(found).toMatchObject({ numerical: k, threshold: rankThreshold, dimension: 20, n: 100 });
      expect(found.stable).toBeCloseTo(k, 10);
      expect(found.participation).toBeCloseTo(k, 10);
      expect(found.status).toBeUndefined();
    }
  });

  it("counts a planted spectrum above the threshold, whatever the basis and scale", () => {
    const planted = [1, 0.5, 2e-3, 1.1e-3, 0.9e-3, 1e-6, 0];
    const squares = planted.reduce((sum, value) => sum + value * value, 0);
    const total = planted.reduce((sum, value) => sum + value, 0);
    for (const scale of [1, 1e-30, 1e30]) {
      const found = rank(affine(turn(diagonal(planted), rotation(new Random(1), 7)), scale, 0), 7, 10);
      expect(found.numerical).toBe(4);
      expect(found.stable).toBeCloseTo(squares, 10);
      expect(found.participation).toBeCloseTo(total ** 2 / squares, 10);
    }
    const eigenvalues = Float64Array.from(planted);
    expect(numericalRank(eigenvalues, 0.4)).toBe(2);
    expect(numericalRank(eigenvalues, 1e-7)).toBe(6);
  });

  it("of few samples is at most their number, and the senses are ordered", () => {
    const A = wishart(new Random(2), 6, 30);
    const found = rank(A, 30, 6);
    expect(found.numerical).toBe(6);
    expect(found.stable!).toBeLessThanOrEqual(found.participation!);
    expect(found.participation!).toBeLessThanOrEqual(6);
    expect(participationRatio(identity(30))).toBeCloseTo(30, 12);
    expect(stableRank(new Float64Array(30).fill(-2))).toBe(30);
  });

  it("of a 1 x 1 matrix is 1", () => {
    expect(rank(matrix(1, 1, [3]), 1, 10)).toMatchObject({ numerical: 1, stable: 1, participation: 1 });
  });

  it("has a status where there is none", () => {
    expect(rank(undefined, 5, 10)).toMatchObject({
      numerical: null,
      stable: null,
      participation: null,
      status: "missing-moments",
    });
    expect(rank(identity(5), 5, 1).status).toBe("too-few-samples");
    expect(rank(matrix(5, 5), 5, 10).status).toBe("zero-matrix");
    expect(rank(affine(identity(5), Number.NaN, 0), 5, 10).status).toBe("not-finite");
    expect(rank(identity(5), 5, "weights")).toMatchObject({ numerical: 5, n: 0 });
    expect(numericalRank(new Float64Array(3))).toBe(0);
  });
});

describe("mean ratio", () => {
  const sums = (rows: number[][]): [Float64Array, number, number] => {
    const sum = Float64Array.from(rows[0]!, (_, j) => rows.reduce((total, row) => total + row[j]!, 0));
    return [sum, rows.flat().reduce((total, value) => total + value * value, 0), rows.length];
  };

  it("is 0 for centred rows, 1 for equal rows, and |m|^2 / (|m|^2 + d s^2) in between", () => {
    expect(meanRatio(...sums([[1, -2], [-1, 2]]))).toEqual({ value: 0, n: 2 }); // biome-ignore format: rows
    expect(meanRatio(...sums(new Array(7).fill([0.1, 0.7]))).value).toBeCloseTo(1, 14);
    const noise = gaussian(new Random(1), 20_000, 3).data;
    const rows = Array.from({ length: 20_000 }, (_, i) => [
      1 + noise[3 * i]!,
      2 + noise[3 * i + 1]!,
      noise[3 * i + 2]!,
    ]);
    // 20,000 rows: a standard error of 0.002
    expect(Math.abs(meanRatio(...sums(rows)).value! - 5 / 8)).toBeLessThan(0.01);
  });

  it("holds at the edge of the floating-point range and has a status where there is none", () => {
    expect(meanRatio(Float64Array.of(2e-150), 2e-300, 2).value).toBeCloseTo(1, 12);
    expect(meanRatio(undefined, 1, 5)).toEqual({ value: null, n: 5, status: "missing-moments" });
    expect(meanRatio(Float64Array.of(1), 1, 1)).toEqual({ value: null, n: 1, status: "too-few-samples" });
    expect(meanRatio(Float64Array.of(0), 0, 5)).toEqual({ value: null, n: 5, status: "zero-matrix" });
    expect(meanRatio(Float64Array.of(Number.NaN), 1, 5)).toEqual({ value: null, n: 5, status: "not-finite" });
    expect(meanRatio(Float64Array.of(1), Number.POSITIVE_INFINITY, 5).status).toBe("not-finite");
  });
});

describe("split-half noise", () => {
  it("is half the difference, and null where a half has no value", () => {
    expect(splitHalf(0.5, 0.4)).toBeCloseTo(0.05, 15);
    expect(splitHalf(0.4, 0.5)).toBe(splitHalf(0.5, 0.4));
    expect(splitHalf(null, 0.4)).toBeNull();
    expect(splitHalf(0.4, undefined)).toBeNull();
  });

  it("estimates the standard error of the mean of two halves", () => {
    const random = new Random(3);
    // E |x_1 - x_2| / 2 = s / sqrt(pi), and the mean of the halves has the standard error s / sqrt(2)
    const pairs = 20_000;
    let sum = 0;
    for (let i = 0; i < pairs; i++) sum += splitHalf(random.normal(), random.normal())! / pairs;
    expect(Math.abs(sum - 1 / Math.sqrt(Math.PI))).toBeLessThan(0.02);
  });
});
