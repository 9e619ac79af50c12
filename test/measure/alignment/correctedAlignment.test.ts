import { describe, expect, it } from "vitest";
import type { Matrix } from "../../../src/linalg/matrix.ts";
import { alignment } from "../../../src/measure/alignment/alignment.ts";
import { correctedAlignment } from "../../../src/measure/alignment/correctedAlignment.ts";
import { entriesOf } from "../../../src/measure/alignment/entrySums.ts";
import { Random } from "../../../src/random/random.ts";
import { affine, wishart } from "../matrices.ts";

const sum = (some: readonly Matrix[]): Matrix => ({
  ...some[0]!,
  data: some[0]!.data.map((_, k) => some.reduce((total, { data }) => total + data[k]!, 0)),
});
const average = (some: readonly Matrix[]): Matrix => affine(sum(some), 1 / some.length, 0);
const spread = (A: Matrix): number => Math.sqrt(entriesOf(A).squares);

/** Corrected alignment of the averages of two lists of matrices, one of each list a group of ten samples. */
function corrected(A: readonly Matrix[], B: readonly Matrix[], scale = 1): number {
  const [x, y] = [average(A), affine(average(B), scale, 0)];
  const without = A.map((_, i) => {
    const [u, v] = [A, B].map((some) => average(some.filter((__, j) => j !== i))) as [Matrix, Matrix];
    return { value: alignment(u, v).value, norms: [spread(u) / spread(x), (scale * spread(v)) / spread(y)] as const };
  });
  return correctedAlignment(
    alignment(x, y).value,
    without,
    A.map(() => 10),
  )!;
}

const moments = (seed: number, m: number, d = 12) => {
  const random = new Random(seed);
  return Array.from({ length: m }, () => wishart(random, 10, d));
};

describe("the corrected alignment", () => {
  it("is the value where all groups are the same, whatever their number", () => {
    const [A, B] = [moments(1, 1)[0]!, moments(2, 1)[0]!];
    for (const m of [2, 3, 16])
      expect(corrected(Array(m).fill(A), Array(m).fill(B))).toBeCloseTo(alignment(A, B).value!, 12);
  });

  it("does not depend on scales, and is symmetric", () => {
    const [A, B] = [moments(3, 8), moments(4, 8)];
    expect(corrected(A, B, 1000)).toBeCloseTo(corrected(A, B), 12);
    expect(corrected(B, A)).toBeCloseTo(corrected(A, B), 12);
  });

  it("has the mean over pairs of groups as product, and norms between the root of such a mean and the jackknifed norm", () => {
    const [A, B] = [moments(5, 6), moments(6, 6)];
    const centred = (X: Matrix) => {
      const { mean } = entriesOf(X);
      return X.data.map((value) => value - mean);
    };
    const overPairs = (X: readonly Matrix[], Y: readonly Matrix[]) => {
      let [total, count] = [0, 0];
      for (const [i, x] of X.entries())
        for (const [j, y] of Y.entries()) {
          if (i === j) continue;
          const [u, v] = [centred(x), centred(y)];
          total += u.reduce((all, value, k) => all + value * v[k]!, 0);
          count++;
        }
      return total / count;
    };
    const norm = (X: readonly Matrix[]) => {
      const rest = X.map((_, i) => spread(average(X.filter((__, j) => j !== i))));
      const root = X.length * spread(average(X)) - ((X.length - 1) / X.length) * rest.reduce((all, one) => all + one);
      const square = overPairs(X, X);
      const share = Math.min(1 / 2, 1 - square / spread(average(X)) ** 2);
      expect(Math.sqrt(square)).toBeLessThan(root);
      expect(share).toBeGreaterThan(0.1);
      return (1 - share) * root + share * Math.sqrt(square);
    };
    expect(corrected(A, B)).toBeCloseTo(overPairs(A, B) / norm(A) / norm(B), 12);
  });

  it("leaves a matrix without noise its norm, and cuts at 1", () => {
    const one = { value: 0.5, norms: [1, 1] } as const;
    expect(correctedAlignment(0.5, [one, one, one], [3, 4, 5])).toBeCloseTo(0.5, 12);
    const noisy = { value: 0.9, norms: [1.05, 1.05] } as const;
    expect(correctedAlignment(0.95, Array(16).fill(noisy), Array(16).fill(1))).toBe(1);
  });

  it("keeps a quarter of a norm that is noise altogether", () => {
    // m orthogonal groups of rank one: no two of them agree.
    const m = 16;
    const noise = { value: 0, norms: [1, Math.sqrt(m / (m - 1))] } as const;
    const found = correctedAlignment(0.1, Array(m).fill(noise), Array(m).fill(1))!;
    expect(found).toBeLessThanOrEqual(1);
    const share = (m - (m - 1) * Math.sqrt(m / (m - 1))) / 2;
    expect(share).toBeGreaterThan(1 / 4);
    expect(found).toBeCloseTo(Math.min(1, (m * 0.1) / share), 12);
  });

  it("is unknown for fewer than two groups, a missing value, an empty group or a norm that is not finite", () => {
    const one = { value: 1, norms: [1, 1] } as const;
    expect(correctedAlignment(1, [one], [3])).toBeNull();
    expect(correctedAlignment(null, [one, one], [3, 3])).toBeNull();
    expect(correctedAlignment(1, [one, { ...one, value: null }], [3, 3])).toBeNull();
    expect(correctedAlignment(1, [one, one], [3, 0])).toBeNull();
    expect(correctedAlignment(1, [one, { value: 1, norms: [1, Number.NaN] }], [3, 3])).toBeNull();
  });
});
