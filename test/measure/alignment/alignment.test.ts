import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identity, matrix } from "../../../src/linalg/matrix.ts";
import { alignment } from "../../../src/measure/alignment/alignment.ts";
import { alignmentNull } from "../../../src/measure/alignment/alignmentNull.ts";
import { cosine } from "../../../src/measure/alignment/cosine.ts";
import { participationRatio } from "../../../src/measure/spectra/rank.ts";
import { Random } from "../../../src/random/random.ts";
import { affine, gaussian, projector, rotation, turn, wishart } from "../matrices.ts";

/** A few thousand products of numbers of order one. */
const rounding = 1e-12;

const seeds = fc.nat();
const sizes = fc.integer({ min: 2, max: 12 });
const positive = fc.double({ min: 1e-100, max: 1e100, noNaN: true });

describe("alignment", () => {
  it("is Pearson's correlation of the entries, written out", () => {
    fc.assert(
      fc.property(seeds, sizes, (seed, d) => {
        const random = new Random(seed);
        const [A, B] = [wishart(random, d, d), wishart(random, 2 * d, d)];
        const mean = (f: (k: number) => number): number => A.data.reduce((sum, _, k) => sum + f(k), 0) / (d * d);
        const [a, b] = [mean((k) => A.data[k]!), mean((k) => B.data[k]!)];
        const covariance = mean((k) => A.data[k]! * B.data[k]!) - a * b;
        const variances = (mean((k) => A.data[k]! ** 2) - a * a) * (mean((k) => B.data[k]! ** 2) - b * b);
        // the one-pass form cancels
        expect(Math.abs(alignment(A, B).value! - covariance / Math.sqrt(variances))).toBeLessThan(1e-9);
      }),
    );
  });

  it("alignment(A, c A + c' J) is 1 and alignment(A, -A) is -1, while the cosine sees the offset", () => {
    const A = wishart(new Random(1), 10, 10);
    const scaled = affine(A, 1 / 10, 0);
    expect(alignment(scaled, scaled)).toEqual({ value: 1 });
    expect(alignment(scaled, affine(scaled, 1, 7)).value).toBeCloseTo(1, 12);
    expect(alignment(scaled, affine(scaled, -1, 0))).toEqual({ value: -1 });
    expect(cosine(scaled, affine(scaled, 1, 7)).value).toBeLessThan(0.5);
    // Known in closed form: cos(I, I + 7 J) = (d + 7 d) / (sqrt(d) sqrt(d 8^2 + d (d - 1) 7^2)).
    const I = identity(10);
    expect(cosine(I, affine(I, 1, 7)).value).toBeCloseTo(80 / Math.sqrt(10 * (640 + 90 * 49)), 12);
    expect(alignment(I, affine(I, 1, -1 / 10)).value).toBeCloseTo(1, 12);
  });

  it("is symmetric, bounded, and blind to positive scaling and to offsets", () => {
    fc.assert(
      fc.property(
        seeds,
        sizes,
        positive,
        positive,
        fc.double({ min: -5, max: 5, noNaN: true }),
        (seed, d, x, y, offset) => {
          const random = new Random(seed);
          const [A, B] = [gaussian(random, d, d), gaussian(random, d, d)];
          const { value } = alignment(A, B) as { value: number };
          expect(alignment(B, A).value).toBe(value);
          expect(Math.abs(value)).toBeLessThanOrEqual(1);
          expect(Math.abs(alignment(affine(A, x, 0), affine(B, y, 0)).value! - value)).toBeLessThan(rounding);
          expect(Math.abs(alignment(affine(A, 1, offset), B).value! - value)).toBeLessThan(rounding);
          expect(Math.abs(alignment(affine(A, -x, 0), B).value! + value)).toBeLessThan(rounding);
        },
      ),
    );
  });

  it("depends on the basis, while the cosine does not", () => {
    const random = new Random(3);
    const [A, B] = [affine(wishart(random, 30, 10), 1, 4), affine(wishart(random, 30, 10), 1, 4)];
    const Q = rotation(random, 10);
    expect(Math.abs(alignment(turn(A, Q), turn(B, Q)).value! - alignment(A, B).value!)).toBeGreaterThan(0.01);
    expect(Math.abs(cosine(turn(A, Q), turn(B, Q)).value! - cosine(A, B).value!)).toBeLessThan(rounding);
  });

  it("holds at the edge of the floating-point range", () => {
    const random = new Random(4);
    const [A, B] = [gaussian(random, 5, 5), gaussian(random, 5, 5)];
    for (const scale of [2 ** 1000, 2 ** -1000]) {
      expect(alignment(affine(A, scale, 0), B)).toEqual(alignment(A, B));
      expect(cosine(affine(A, scale, 0), B).value).toBeCloseTo(cosine(A, B).value!, 14);
    }
  });

  it("has a status instead of a value where it is undefined", () => {
    const A = wishart(new Random(5), 3, 3);
    const constant = matrix(3, 3, new Float64Array(9).fill(0.1));
    expect(alignment(matrix(1, 1, [2]), matrix(1, 1, [3]))).toEqual({ value: null, status: "undefined-1x1" });
    expect(alignment(A, constant)).toEqual({ value: null, status: "constant-matrix" });
    expect(alignment(constant, A)).toEqual({ value: null, status: "constant-matrix" });
    expect(alignment(A, matrix(3, 3))).toEqual({ value: null, status: "zero-matrix" });
    expect(alignment(affine(A, Number.NaN, 0), constant)).toEqual({ value: null, status: "not-finite" });
    expect(alignment(constant, affine(A, Number.POSITIVE_INFINITY, 0))).toEqual({ value: null, status: "not-finite" });
    expect(() => alignment(A, identity(2))).toThrow(
      "alignment: expected two matrices of one shape, got 3 x 3 and 2 x 2",
    );
  });
});

describe("cosine", () => {
  it("is 1 for a positive multiple, and lies in [0, 1] between positive semi-definite matrices", () => {
    fc.assert(
      fc.property(seeds, sizes, positive, (seed, d, c) => {
        const random = new Random(seed);
        const [A, B] = [wishart(random, d, d), wishart(random, 1, d)];
        expect(cosine(A, affine(A, c, 0)).value).toBeCloseTo(1, 12);
        expect(cosine(A, B).value!).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("has a status where a matrix is zero or not finite", () => {
    expect(cosine(identity(2), matrix(2, 2))).toEqual({ value: null, status: "zero-matrix" });
    expect(cosine(identity(2), affine(identity(2), Number.NaN, 0))).toEqual({ value: null, status: "not-finite" });
    expect(cosine(identity(1), identity(1))).toEqual({ value: 1 });
    expect(() => cosine(identity(2), identity(3))).toThrow(RangeError);
  });
});

describe("the null of an alignment", () => {
  it("is sqrt(PR(A) PR(B)) / d", () => {
    fc.assert(
      fc.property(seeds, sizes, (seed, d) => {
        const random = new Random(seed);
        const [A, B] = [wishart(random, 2, d), wishart(random, d, d)];
        const expected = Math.sqrt(participationRatio(A) * participationRatio(B)) / d;
        expect(Math.abs(alignmentNull(A, B).value! - expected)).toBeLessThan(rounding);
      }),
    );
  });

  it("is the mean cosine over random rotations", () => {
    const random = new Random(8);
    const [A, B] = [wishart(random, 3, 8), wishart(random, 12, 8)];
    const rotations = 2000;
    const values = Array.from({ length: rotations }, () => cosine(A, turn(B, rotation(random, 8))).value!);
    const mean = values.reduce((x, y) => x + y) / rotations;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rotations);
    // 5 standard errors
    expect(Math.abs(mean - alignmentNull(A, B).value!)).toBeLessThan((5 * deviation) / Math.sqrt(rotations));
  });

  it("of two independent projectors of rank k is k / d, and matches a simulation", () => {
    const random = new Random(9);
    const [k, d, pairs] = [8, 40, 40];
    let [cosines, alignments] = [0, 0];
    for (let pair = 0; pair < pairs; pair++) {
      const [A, B] = [projector(random, k, d), projector(random, k, d)];
      expect(alignmentNull(A, B).value).toBeCloseTo(k / d, 12);
      cosines += cosine(A, B).value! / pairs;
      alignments += alignment(A, B).value! / pairs;
    }
    // One pair scatters by about 1/d (1 - k/d): the mean of 40 pairs stays within 0.02 at five standard errors.
    expect(Math.abs(cosines - k / d)).toBeLessThan(0.02);
    expect(Math.abs(alignments - k / d)).toBeLessThan(0.03); // Pearson also takes out the mean entry: off by order 1/d
  });

  it("of two Gaussian factors of rank k is near k / (d + k + 1)", () => {
    const random = new Random(10);
    const [A, B] = [wishart(random, 40, 200), wishart(random, 40, 200)];
    expect(Math.abs(alignmentNull(A, B).value! - 40 / 241)).toBeLessThan(0.01);
    expect(Math.abs(alignment(A, B).value! - 40 / 241)).toBeLessThan(0.03);
  });

  it("has a status where a matrix is zero or not finite, and wants square matrices", () => {
    expect(alignmentNull(matrix(2, 2), identity(2))).toEqual({ value: null, status: "zero-matrix" });
    expect(alignmentNull(identity(2), affine(identity(2), Number.NaN, 0))).toEqual({
      value: null,
      status: "not-finite",
    });
    expect(() => alignmentNull(matrix(1, 2), matrix(1, 2))).toThrow("expected a square matrix, got 1 x 2");
  });
});
