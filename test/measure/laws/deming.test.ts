import { describe, expect, it } from "vitest";
import { matmul, matrix } from "../../../src/linalg/matrix.ts";
import { deming, student } from "../../../src/measure/laws/deming.ts";
import { commutator, commutatorNull, overlap, unshared } from "../../../src/measure/laws/sharedBasis.ts";
import { Random } from "../../../src/random/random.ts";
import { diagonal, rotation, turn, wishart } from "../matrices.ts";

describe("deming", () => {
  const x = Float64Array.from({ length: 50 }, (_, i) => i / 10);

  it("finds a line exactly, whatever the ratio of errors", () => {
    for (const slope of [-3, -1, 0, 1 / 3, 2])
      for (const ratio of [0.1, 1, 10, Number.POSITIVE_INFINITY])
        expect(
          deming(
            x,
            x.map((value) => 1 + slope * value),
            ratio,
          ).slope,
        ).toBeCloseTo(slope, 12);
    expect(
      deming(
        x,
        x.map((value) => 2 * value),
        0,
      ),
    ).toEqual({ slope: expect.closeTo(2, 12), r2: expect.closeTo(1, 12) });
  });

  it("is unbiased with errors in both, where least squares is not", () => {
    const random = new Random(1);
    const long = Float64Array.from({ length: 20_000 }, (_, i) => (i % 100) / 25);
    const noisy = (scale: number) => long.map((value) => scale * value + random.normal());
    const [u, v] = [noisy(1), noisy(2)];
    expect(deming(u, v, 1).slope).toBeCloseTo(2, 1);
    expect(deming(u, v, Number.POSITIVE_INFINITY).slope).toBeLessThan(1.3);
  });

  it("weights count points, and upright points have an infinite slope", () => {
    const y = x.map((value) => value * value);
    const twice = deming(Float64Array.of(...x, ...x), Float64Array.of(...y, ...y), 1);
    expect(deming(x, y, 1, new Float64Array(50).fill(2)).slope).toBeCloseTo(twice.slope, 12);
    expect(Math.abs(deming(new Float64Array(50), x, 1).slope)).toBe(Number.POSITIVE_INFINITY);
  });

  it("Student's points agree with the tables", () => {
    expect(student(7)).toBeCloseTo(2.365, 1);
    expect(student(15)).toBeCloseTo(2.131, 2);
    expect(student(1000)).toBeCloseTo(1.962, 3);
  });
});

describe("the shared basis", () => {
  it("has commutator 0, overlap 1 and nothing unshared where it is shared", () => {
    const random = new Random(2);
    const Q = rotation(random, 20);
    const values = Array.from({ length: 20 }, (_, i) => 10 ** (-i / 10));
    const [A, B] = [turn(diagonal(values), Q), turn(diagonal(values.map((value) => value ** -2)), Q)];
    expect(commutator(A, B)).toBeLessThan(1e-13);
    expect(unshared(diagonal(values), diagonal(values), 20)).toEqual({ mass: 0, value: 0 });
    expect(overlap(Q, Q, 5)).toBeCloseTo(1, 12);
    expect(unshared(diagonal(Array(20).fill(1)), diagonal(Array(20).fill(1)), 20).value).toBeNull();
  });

  it("counts no correlation with a direction that has nothing, and none above 1 of sums that are damaged", () => {
    const some = diagonal([1, 0, 0]);
    expect(unshared(some, some, 3)).toEqual({ mass: 0, value: 0 });
    const damaged = matrix(2, 2, Float64Array.of(1, 5, 5, 1));
    expect(unshared(damaged, damaged, 2).mass).toBe(1);
  });

  it("has the values that theory states for random rotations (theory.md Eqs. 35, 36)", () => {
    const random = new Random(3);
    const [A, B] = [wishart(random, 25, 20), wishart(random, 40, 20)];
    let [squares, mass, shared] = [0, 0, 0];
    const runs = 200;
    for (let r = 0; r < runs; r++) {
      const Q = rotation(random, 20);
      const turned = turn(B, Q);
      squares += commutator(A, turned) ** 2 / runs;
      mass += unshared(turned, turned, 20).value! / runs;
      shared += overlap(matmul(diagonal(Array(20).fill(1)), Q), diagonal(Array(20).fill(1)), 4) / runs;
    }
    expect(Math.sqrt(squares) / commutatorNull(A, B)).toBeCloseTo(1, 1);
    expect(mass).toBeCloseTo(1, 0);
    expect(shared).toBeCloseTo(0.2, 1);
  });
});
