import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gram, type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";
import { matrixCosine, relativeDistance } from "../../src/symmetry/compare.ts";
import { balancedDeepLinear, deepLinearBalance } from "../../src/symmetry/deepLinear.ts";
import { gaussianNoise } from "../../src/symmetry/gaussianNoise.ts";
import { noiseTerms } from "../../src/symmetry/noiseBalance.ts";
import { combined, deviation, normals } from "./cases.ts";

/** Rounding of float64, relative to the largest entry. */
const EXACT = 1e-12;

/** Nodes and weights whose mean of any polynomial of degree five is that over a standard normal number. */
const NODES = [
  { at: -Math.sqrt(3), weight: 1 / 6 },
  { at: 0, weight: 2 / 3 },
  { at: Math.sqrt(3), weight: 1 / 6 },
];

/** All combinations of nodes in so many dimensions. */
function cubature(dimensions: number): { z: number[]; weight: number }[] {
  let all: { z: number[]; weight: number }[] = [{ z: [], weight: 1 }];
  for (let i = 0; i < dimensions; i++)
    all = all.flatMap(({ z, weight }) => NODES.map((node) => ({ z: [...z, node.at], weight: weight * node.weight })));
  return all;
}

/** A random symmetric positive definite matrix and a factor of it. */
function moment(random: Random, d: number): { root: Matrix; moment: Matrix } {
  const root = normals(random, d, d);
  return { root, moment: gram(root, "b") };
}

const anyCase = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  dIn: fc.integer({ min: 1, max: 3 }),
  d: fc.integer({ min: 1, max: 3 }),
  dOut: fc.integer({ min: 1, max: 3 }),
});

describe("gaussianNoise", () => {
  it("is noiseTerms of samples whose fourth moments are Gaussian, at any weights", () => {
    fc.assert(
      fc.property(anyCase, ({ seed, dIn, d, dOut }) => {
        const random = new Random(seed);
        const [U, W, V] = [normals(random, dOut, d), normals(random, d, dIn), normals(random, dOut, dIn)];
        const [X, S] = [moment(random, dIn), moment(random, dOut)];
        const points = cubature(dIn + dOut);
        // a row of weight p counts as sqrt(p n) times its fourth root in each of the two factors
        const rows = (of: (z: readonly number[]) => Matrix, share: number) =>
          points.map(({ z, weight }) => of(z).data.map((value) => value * (weight * points.length) ** share));
        const x = (z: readonly number[]) => matmul(X.root, matrix(dIn, 1, z.slice(0, dIn)));
        const residual = (z: readonly number[]) => {
          const eps = matmul(S.root, matrix(dOut, 1, z.slice(dIn)));
          const y = combined(1, matmul(V, x(z)), 1, eps);
          return combined(2, matmul(matmul(U, W), x(z)), -2, y);
        };
        const stack = (all: readonly Float64Array[]) =>
          matrix(
            all.length,
            all[0]!.length,
            all.flatMap((row) => Array.from(row)),
          );
        const samples = {
          h0: stack(rows(x, 0)),
          g1: stack(rows((z) => matmul(transpose(U), residual(z)), 0.5)),
          a: stack(rows((z) => matmul(W, x(z)), 0.5)),
          g2: stack(rows(residual, 0)),
        };
        const wanted = noiseTerms(samples, { bias: false });
        const found = gaussianNoise({ U, W }, { V, inputMoment: X.moment, labelNoise: S.moment });
        expect(deviation(found.upper.data, wanted.upper.data)).toBeLessThan(EXACT);
        expect(deviation(found.lower.data, wanted.lower.data)).toBeLessThan(EXACT);
      }),
      { numRuns: 40 },
    );
  });

  it("is in balance at the solution of Eq. 117, where its residual is that of Eq. 116", () => {
    const random = new Random(3);
    const V = normals(random, 3, 4);
    const task = { V, inputMoment: moment(random, 4).moment, labelNoise: moment(random, 3).moment };
    const [W, U] = balancedDeepLinear(V, task, 2) as [Matrix, Matrix];
    const { upper, lower } = gaussianNoise({ U, W }, task);
    expect(relativeDistance(upper, lower)).toBeLessThan(1e-10);
    const scaled = { U: combined(2, U, 0, U), W: combined(0.5, W, 0, W) };
    const off = gaussianNoise(scaled, task);
    expect(relativeDistance(off.upper, off.lower)).toBeCloseTo(
      deepLinearBalance([scaled.W, scaled.U], task)[0]!.residual,
      10,
    );
  });

  it("refuses maps that do not fit, and moments that are not symmetric", () => {
    const one = matrix(1, 1, [1]);
    const task = { V: one, inputMoment: one, labelNoise: one };
    expect(() => gaussianNoise({ U: matrix(1, 2), W: one }, task)).toThrow(
      /^gaussianNoise: expected U of 1 x 1, got 1 x 2/,
    );
    expect(() => gaussianNoise({ U: one, W: matrix(1, 2) }, task)).toThrow(/^gaussianNoise: expected W of 1 x 1/);
    const two = matrix(2, 2, [1, 0.5, 0, 1]);
    const wide = { U: matrix(1, 1, [1]), W: matrix(1, 2, [1, 1]) };
    expect(() => gaussianNoise(wide, { V: matrix(1, 2), inputMoment: two, labelNoise: one })).toThrow(
      /^gaussianNoise: expected a symmetric inputMoment/,
    );
  });
});

describe("relativeDistance and matrixCosine", () => {
  it("are 0 and 1 for equal matrices, 1 and -1 for opposite ones, and know no cosine with 0", () => {
    const [A, zero] = [matrix(2, 2, [1, 2, 3, 4]), matrix(2, 2)];
    const minus = combined(-1, A, 0, A);
    expect([relativeDistance(A, A), matrixCosine(A, A)]).toEqual([0, 1]);
    expect([relativeDistance(A, minus), matrixCosine(A, minus)]).toEqual([1, -1]);
    expect([relativeDistance(zero, zero), matrixCosine(A, zero)]).toEqual([0, null]);
    expect(relativeDistance(A, zero)).toBe(1);
  });

  it("do not compare matrices of different sizes", () => {
    expect(() => relativeDistance(matrix(1, 2), matrix(2, 1))).toThrow(
      /^relativeDistance: expected the second matrix of 1 x 2/,
    );
    expect(() => matrixCosine(matrix(1, 2), matrix(2, 1))).toThrow(/^matrixCosine:/);
  });
});
