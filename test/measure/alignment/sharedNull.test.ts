/** Nulls of relations that share W, or that are projected, against simulated rotations (theory.md Eq. 84). */
import { describe, expect, it } from "vitest";
import { frobenius, gram, type Matrix, matmul, matrix, trace, transpose } from "../../../src/linalg/matrix.ts";
import {
  alignmentNull,
  nullOf,
  projectedNullOf,
  type Size,
  sharedNullOf,
} from "../../../src/measure/alignment/alignmentNull.ts";
import { cosine } from "../../../src/measure/alignment/cosine.ts";
import { Random } from "../../../src/random/random.ts";
import { diagonal, gaussian, rotation } from "../matrices.ts";

const sizeOf = (A: Matrix): Size => ({ d: A.rows, trace: trace(A), norm: frobenius(A) });
const turned = (random: Random, values: readonly number[]): Matrix => {
  const Q = rotation(random, values.length);
  return matmul(matmul(Q, diagonal(values)), transpose(Q));
};
const falling = (d: number, decades: number) => Array.from({ length: d }, (_, i) => 10 ** ((-decades * i) / d));

describe("the null of forward RWA", () => {
  it.each([
    ["square", 40, 40, 1],
    ["narrowing", 60, 20, 1.5],
    ["widening", 20, 60, 2],
  ])("is what turned H_a show through a random W, %s", (_, dIn, dOut, decades) => {
    const random = new Random(3);
    const values = falling(dIn, decades);
    let [seen, said] = [0, 0];
    const draws = 60;
    for (let draw = 0; draw < draws; draw++) {
      const W = gaussian(random, dOut, dIn);
      const Ha = turned(random, values);
      seen += cosine(matmul(matmul(W, Ha), transpose(W)), gram(W, "b")).value! / draws;
      said += sharedNullOf(sizeOf(Ha), sizeOf(gram(W, "a"))).value! / draws;
    }
    expect(said).toBeCloseTo(seen, 1);
    expect(Math.abs(said - seen)).toBeLessThan(0.03);
  });

  it("is 1 + dOut/dIn times that of unrelated matrices for a random square W, where chance is small", () => {
    const random = new Random(4);
    const W = gaussian(random, 200, 200);
    const Ha = turned(random, [...Array(20).fill(1), ...Array(180).fill(0)]);
    const plain = alignmentNull(matmul(matmul(W, Ha), transpose(W)), gram(W, "b")).value!;
    expect(sharedNullOf(sizeOf(Ha), sizeOf(gram(W, "a"))).value! / plain).toBeCloseTo(2, 0);
  });

  it("is 1 for isotropic H_a, and for a W of one row", () => {
    const W = gaussian(new Random(5), 30, 30);
    expect(sharedNullOf(sizeOf(diagonal(Array(30).fill(2))), sizeOf(gram(W, "a"))).value).toBeCloseTo(1, 12);
    const row = gaussian(new Random(6), 1, 30);
    expect(sharedNullOf({ d: 1, trace: 3, norm: 3 }, sizeOf(gram(row, "b"))).value).toBe(1);
  });

  it("has a status where a matrix is zero or not finite", () => {
    const one = sizeOf(diagonal([1, 1]));
    const overflown = { d: 4, trace: Number.POSITIVE_INFINITY, norm: 1e308 };
    expect(sharedNullOf(overflown, one)).toEqual({ value: null, status: "not-finite" });
    expect(nullOf(one, overflown)).toEqual({ value: null, status: "not-finite" });
    expect(sharedNullOf(sizeOf(matrix(2, 2)), one)).toEqual({ value: null, status: "zero-matrix" });
    expect(sharedNullOf({ d: 2, trace: 1, norm: Number.NaN }, one)).toEqual({ value: null, status: "not-finite" });
  });
});

it("the null of a projected matrix is what turned and projected matrices show", () => {
  const random = new Random(7);
  const [d, rank] = [30, 12];
  const P = diagonal([...Array(rank).fill(1), ...Array(d - rank).fill(0)]);
  const B = diagonal([...falling(rank, 1), ...Array(d - rank).fill(0)]);
  const values = falling(d, 1);
  let seen = 0;
  for (let draw = 0; draw < 100; draw++) seen += cosine(matmul(matmul(P, turned(random, values)), P), B).value! / 100;
  const said = projectedNullOf(sizeOf(diagonal(values)), rank, sizeOf(B)).value!;
  expect(Math.abs(said - seen)).toBeLessThan(0.03);
  const whole = diagonal(falling(d, 2));
  expect(projectedNullOf(sizeOf(diagonal(values)), d, sizeOf(whole)).value).toBeCloseTo(
    alignmentNull(diagonal(values), whole).value!,
    10,
  );
});

it("nulls do not depend on units, where products of both matrices' sizes leave float64 neither", () => {
  const random = new Random(9);
  const [H, Z] = [sizeOf(turned(random, falling(12, 2))), sizeOf(gram(gaussian(random, 8, 12), "a"))];
  const scaled = ({ d, trace, norm }: Size, unit: number): Size => ({ d, trace: unit * trace, norm: unit * norm });
  for (const [x, y] of [
    [1e160, 1e160],
    [1e-170, 1e-170],
    [1e200, 1],
    [1, 1e200],
  ] as const) {
    const [largeH, largeZ] = [scaled(H, x), scaled(Z, y)];
    expect(nullOf(largeH, largeZ).value).toBeCloseTo(nullOf(H, Z).value!, 12);
    expect(sharedNullOf(largeH, largeZ).value).toBeCloseTo(sharedNullOf(H, Z).value!, 12);
    expect(projectedNullOf(largeH, 5, largeZ).value).toBeCloseTo(projectedNullOf(H, 5, Z).value!, 12);
  }
});
