import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matrix } from "../../../src/linalg/matrix.ts";
import { centredProduct, entriesOf, product, symmetricEntriesOf } from "../../../src/measure/alignment/entrySums.ts";
import { Random } from "../../../src/random/random.ts";

function symmetric(random: Random, d: number, size = 1) {
  const A = matrix(d, d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) A.data[i * d + j] = A.data[j * d + i] = size * (random.normal() + 0.3);
  return A;
}

describe("sums over entries", () => {
  it("a symmetric matrix gives by one triangle what all entries give", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 40 }), (seed, d) => {
        const random = new Random(seed);
        const [A, B] = [symmetric(random, d), symmetric(random, d, 1e-3)];
        const [x, y] = [symmetricEntriesOf(A), symmetricEntriesOf(B)];
        const [all, other] = [entriesOf(A), entriesOf(B)];
        for (const key of ["mean", "squares", "norm"] as const) expect(x[key] / all[key]).toBeCloseTo(1, 9);
        const size = x.norm * y.norm;
        expect((centredProduct(x, y) - centredProduct(all, other)) / size).toBeCloseTo(0, 12);
        expect((product(x, y) - product(all, other)) / size).toBeCloseTo(0, 12);
      }),
      { numRuns: 50 },
    );
  });

  it("of a symmetric matrix and another all entries count", () => {
    const random = new Random(1);
    const [A, B] = [symmetric(random, 7), matrix(7, 7)];
    for (let k = 0; k < 49; k++) B.data[k] = random.normal();
    const expected = centredProduct(entriesOf(A), entriesOf(B));
    expect(centredProduct(symmetricEntriesOf(A), entriesOf(B))).toBeCloseTo(expected, 12);
    expect(centredProduct(entriesOf(B), symmetricEntriesOf(A))).toBeCloseTo(expected, 12);
  });

  it("finds what has no spread, and scales what would overflow", () => {
    expect(symmetricEntriesOf(matrix(3, 3)).status).toBe("zero-matrix");
    expect(symmetricEntriesOf(matrix(1, 1, Float64Array.of(2))).status).toBe("undefined-1x1");
    expect(symmetricEntriesOf(matrix(3, 3, new Float64Array(9).fill(0.1))).status).toBe("constant-matrix");
    expect(symmetricEntriesOf(matrix(2, 2, Float64Array.of(1, Number.NaN, Number.NaN, 1))).status).toBe("not-finite");
    const huge = symmetricEntriesOf(symmetric(new Random(2), 5, 1e300));
    expect(huge.status).toBeUndefined();
    expect(Number.isFinite(huge.squares)).toBe(true);
  });
});
