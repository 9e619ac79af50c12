import { describe, expect, it } from "vitest";
import { frobenius, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";
import {
  factorisationMinimum,
  permutationMinimum,
  rescalingMinimum,
  signMinimum,
} from "../../src/symmetry/thresholds.ts";
import { combined, minimise, normals } from "./cases.ts";

/** What descent leaves of a minimum, away from the critical penalty, where it would be slow. */
const BRUTE = 1e-8;

const cases = [0.3, 0.8, 1.3, 3].flatMap((share) =>
  [
    { xx: 1, xy: 0.7 },
    { xx: 2.5, xy: 1.1 },
    { xx: 0.6, xy: 0.4 },
  ].map((moments) => ({ share, moments })),
);

describe("signMinimum", () => {
  it("is where descent on the loss ends, on either side of the critical penalty", () => {
    for (const { share, moments } of cases) {
      const { xx, xy } = moments;
      const gamma = share * signMinimum(moments, 0).critical;
      const [w = Number.NaN] = minimise(
        ([w = 0]) => ({
          value: w ** 4 * xx - 2 * w * w * xy + gamma * w * w,
          gradient: [4 * w ** 3 * xx - 4 * w * xy + 2 * gamma * w],
        }),
        [[1], [0.1], [-0.6]],
      );
      expect(Math.abs(w * w - signMinimum(moments, gamma).value)).toBeLessThan(BRUTE);
      expect(signMinimum(moments, gamma).value > 0).toBe(share < 1);
    }
  });

  it("needs no penalty to collapse where inputs and targets disagree in sign", () => {
    expect(signMinimum({ xx: 1, xy: -0.5 }, 0)).toEqual({ value: 0, critical: 0 });
  });
});

describe("rescalingMinimum", () => {
  it("is where descent on the loss ends, with |u| = |w|", () => {
    for (const { share, moments } of cases)
      for (const sign of [1, -1]) {
        const [xx, xy] = [moments.xx, sign * moments.xy];
        const gamma = share * rescalingMinimum({ xx, xy }, 0).critical;
        const [u = Number.NaN, w = Number.NaN] = minimise(
          ([u = 0, w = 0]) => {
            const slope = 2 * (u * w * xx - xy);
            return {
              value: (u * w) ** 2 * xx - 2 * u * w * xy + gamma * (u * u + w * w),
              gradient: [slope * w + 2 * gamma * u, slope * u + 2 * gamma * w],
            };
          },
          [
            [1, 0.3],
            [-0.8, 0.5],
          ],
        );
        expect(Math.abs(u * w - rescalingMinimum({ xx, xy }, gamma).value)).toBeLessThan(BRUTE);
        expect(Math.abs(Math.abs(u) - Math.abs(w))).toBeLessThan(BRUTE);
        expect(rescalingMinimum({ xx, xy }, gamma).value !== 0).toBe(share < 1);
      }
  });
});

describe("factorisationMinimum", () => {
  const random = new Random(3);
  const [m, n] = [3, 4];

  function descended(M: ReturnType<typeof normals>, gamma: number, width: number) {
    const parts = (theta: Float64Array) =>
      [matrix(m, width, theta.slice(0, m * width)), matrix(width, n, theta.slice(m * width))] as const;
    const end = minimise(
      (theta) => {
        const [U, W] = parts(theta);
        const P = matmul(U, W);
        const slope = combined(2, P, -2, M); // whitened: E|UWx - y|^2 = |UW|^2 - 2 <UW, M> + const
        const gU = combined(1, matmul(slope, transpose(W)), 2 * gamma, U);
        const gW = combined(1, matmul(transpose(U), slope), 2 * gamma, W);
        const inner = P.data.reduce((sum, value, i) => sum + value * M.data[i]!, 0);
        const size = frobenius(U) ** 2 + frobenius(W) ** 2;
        return { value: frobenius(P) ** 2 - 2 * inner + gamma * size, gradient: [...gU.data, ...gW.data] };
      },
      [normals(random, 1, width * (m + n)).data, normals(random, 1, width * (m + n)).data],
    );
    const [U, W] = parts(end);
    return matmul(U, W);
  }

  it("is where descent over both factors ends, at every rank and for narrow products", () => {
    const M = normals(random, m, n);
    const s = factorisationMinimum(M, 0).singularValues;
    expect(s).toHaveLength(3);
    const halfway = [s[2]! / 2, (s[1]! + s[2]!) / 2, (s[0]! + s[1]!) / 2, 1.2 * s[0]!];
    halfway.forEach((gamma, i) => {
      const found = factorisationMinimum(M, gamma);
      expect(found.rank).toBe(3 - i);
      expect(found.critical).toBeCloseTo(s[0]!, 12);
      expect(frobenius(combined(1, found.product, -1, descended(M, gamma, 3)))).toBeLessThan(BRUTE);
    });
    const narrow = factorisationMinimum(M, s[2]! / 2, 2);
    expect(narrow.rank).toBe(2);
    expect(frobenius(combined(1, narrow.product, -1, descended(M, s[2]! / 2, 2)))).toBeLessThan(BRUTE);
  });

  it("takes no rounding for rank, and keeps repeated singular values whole", () => {
    const thin = matmul(normals(random, m, 1), normals(random, 1, n));
    expect(factorisationMinimum(thin, 0).rank).toBe(1);
    expect(factorisationMinimum(matrix(m, n), 0)).toMatchObject({ rank: 0, critical: 0 });
    const repeated = matrix(2, 2, [0, 2, -2, 0]);
    const { product } = factorisationMinimum(repeated, 0.5);
    expect(frobenius(combined(1, product, -0.75, repeated))).toBeLessThan(1e-13);
  });

  it("has singular values lowered by the penalty, and gives the matrix back without one", () => {
    const M = normals(random, m, n);
    const whole = factorisationMinimum(M, 0);
    expect(frobenius(combined(1, whole.product, -1, M))).toBeLessThan(1e-13);
    const { singularValues } = factorisationMinimum(M, 0.25);
    singularValues.forEach((s, i) => {
      expect(s).toBeCloseTo(whole.singularValues[i]! - 0.25, 12);
    });
  });
});

describe("permutationMinimum", () => {
  it("is where descent on the loss ends, with u + w = 0", () => {
    for (const { share, moments } of cases) {
      const a = moments.xy;
      const gamma = share * permutationMinimum(a, 0).critical;
      const [u = Number.NaN, w = Number.NaN] = minimise(
        ([u = 0, w = 0]) => {
          const slope = 4 * ((u - w) ** 2 - a) * (u - w);
          return {
            value: ((u - w) ** 2 - a) ** 2 + gamma * (u * u + w * w),
            gradient: [slope + 2 * gamma * u, -slope + 2 * gamma * w],
          };
        },
        [
          [0.5, -0.2],
          [-0.3, 0.6],
        ],
      );
      expect(Math.abs((u - w) ** 2 - permutationMinimum(a, gamma).value)).toBeLessThan(BRUTE);
      expect(Math.abs(u + w)).toBeLessThan(BRUTE);
      expect(permutationMinimum(a, gamma).value > 0).toBe(share < 1);
    }
  });
});

it("thresholds refuse bad input in one line", () => {
  expect(() => signMinimum({ xx: 1, xy: 1 }, -0.1)).toThrow(
    "signMinimum: expected penalty of at least 0, got -0.1; it is the factor of the penalty gamma |theta|^2",
  );
  expect(() => rescalingMinimum({ xx: 0, xy: 1 }, 0)).toThrow("rescalingMinimum: expected xx above 0, got 0;");
  expect(() => factorisationMinimum(matrix(2, 2), 0, 0.5)).toThrow("expected a whole width of at least 0, got 0.5");
  expect(() => permutationMinimum(Number.NaN, 0)).toThrow("expected a finite a, got NaN");
});
