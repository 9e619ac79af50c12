import fc from "fast-check";
import { EigenvalueDecomposition, Matrix as Oracle } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { eigvalsh } from "../../src/linalg/eigvalsh.ts";
import { gram, identity, type Matrix, matmul, matrix, maxAbs, transpose } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";
import { rotation } from "../measure/matrices.ts";

/** Backward stable: each eigenvalue is off by a small multiple of n eps |A|_2. */
const tolerance = (n: number, norm: number): number => 4 * n * Number.EPSILON * norm;

function randomSymmetric(seed: number, n: number): Matrix {
  const random = new Random(seed);
  const A = matrix(n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) A.data[i * n + j] = A.data[j * n + i] = random.normal();
  return A;
}

function byOracle(A: Matrix): number[] {
  const values = new EigenvalueDecomposition(Oracle.from1DArray(A.rows, A.cols, A.data), { assumeSymmetric: true })
    .realEigenvalues;
  return values.sort((x, y) => y - x);
}

function expectSpectrum(A: Matrix, expected: ArrayLike<number>): void {
  const values = eigvalsh(A);
  expect(values.length).toBe(A.rows);
  const bound = tolerance(A.rows, maxAbs(expected));
  values.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(bound);
  });
}

describe("eigvalsh", () => {
  it("agrees with ml-matrix on random symmetric matrices", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 40 }), (seed, n) => {
        const A = randomSymmetric(seed, n);
        expectSpectrum(A, byOracle(A));
      }),
    );
    const large = randomSymmetric(1, 150);
    expectSpectrum(large, byOracle(large));
  });

  it("recovers a planted spectrum over twelve orders of magnitude", () => {
    const n = 60;
    const planted = Float64Array.from({ length: n }, (_, i) => 10 ** (-12 * (i / (n - 1))));
    const A = identity(n);
    A.data.set(A.data.map((_, k) => (k % (n + 1) === 0 ? planted[k / (n + 1)]! : 0)));
    // Reflections I - 2 u u^T are orthogonal: they turn the matrix and keep its spectrum.
    let turned = A;
    for (let r = 0; r < 3; r++) {
      const random = new Random(r);
      const u = Float64Array.from({ length: n }, () => random.normal());
      const square = u.reduce((sum, value) => sum + value * value, 0);
      const Q = identity(n);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) Q.data[i * n + j]! -= (2 * u[i]! * u[j]!) / square;
      turned = matmul(matmul(Q, turned), transpose(Q));
    }
    expectSpectrum(turned, planted);
  });

  it("knows matrices whose spectrum is known", () => {
    expectSpectrum(matrix(1, 1, [-3]), [-3]);
    expectSpectrum(matrix(2, 2, [2, 1, 1, 2]), [3, 1]);
    expectSpectrum(matrix(5, 5), new Float64Array(5));
    expectSpectrum(identity(50), new Float64Array(50).fill(1));
    expectSpectrum(matrix(40, 40, new Float64Array(1600).fill(1)), [40, ...new Float64Array(39)]);
    expect(eigvalsh(matrix(0, 0))).toEqual(new Float64Array(0));
    const n = 100; // the second difference: 2 - 2 cos(k pi / (n + 1))
    const A = matrix(n, n);
    for (let i = 0; i < n; i++) {
      A.data[i * n + i] = 2;
      if (i > 0) A.data[i * n + i - 1] = A.data[(i - 1) * n + i] = -1;
    }
    expectSpectrum(
      A,
      Float64Array.from({ length: n }, (_, i) => 2 - 2 * Math.cos(((n - i) * Math.PI) / (n + 1))),
    );
  });

  it("survives blocks of any size beside large ones", () => {
    const n = 12;
    for (const small of [1e-10, 1e-16, 1e-100, 1e-160, 1e-300]) {
      const A = randomSymmetric(3, n);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (i > 3 || j > 3) A.data[i * n + j]! *= small;
      const large = matrix(4, 4);
      for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) large.data[i * 4 + j] = A.data[i * n + j]!;
      if (small < 1e-10)
        expectSpectrum(
          A,
          [...byOracle(large), ...new Float64Array(n - 4)].sort((x, y) => y - x),
        );
      else expectSpectrum(A, byOracle(A));
    }
  });

  it("separates the close pairs of Wilkinson's matrix W21+", () => {
    const A = matrix(21, 21);
    for (let i = 0; i < 21; i++) {
      A.data[i * 21 + i] = Math.abs(i - 10);
      if (i > 0) A.data[i * 21 + i - 1] = A.data[(i - 1) * 21 + i] = 1;
    }
    expectSpectrum(A, byOracle(A));
    expect(eigvalsh(A)[0]).toBeCloseTo(10.74619418290339, 12);
  });

  it("finds the zeros of a low-rank Gram matrix and no negative value beyond rounding", () => {
    const random = new Random(2);
    const X = matrix(
      7,
      120,
      Float64Array.from({ length: 840 }, () => random.normal()),
    );
    const values = eigvalsh(gram(X, "a"));
    const inner = eigvalsh(gram(X, "b"));
    const bound = tolerance(120, inner[0]!);
    for (let i = 0; i < 120; i++) expect(Math.abs(values[i]! - (inner[i] ?? 0))).toBeLessThan(bound);
  });

  it("scales with the matrix, however large or small", () => {
    const A = randomSymmetric(5, 30);
    const values = eigvalsh(A);
    for (const scale of [2 ** 900, 2 ** -900]) {
      const scaled = eigvalsh(
        matrix(
          30,
          30,
          A.data.map((value) => value * scale),
        ),
      );
      expect(scaled.map((value) => value / scale)).toEqual(values);
    }
  });

  it("leaves its argument alone and reads the lower triangle only", () => {
    const A = randomSymmetric(6, 10);
    const before = A.data.slice();
    const values = eigvalsh(A);
    expect(A.data).toEqual(before);
    for (let i = 0; i < 10; i++) for (let j = i + 1; j < 10; j++) A.data[i * 10 + j] = 0;
    expect(eigvalsh(A)[0]).toBeCloseTo(values[0]!, 12);
  });

  it("refuses what has no real spectrum", () => {
    expect(() => eigvalsh(matrix(2, 3))).toThrow("eigvalsh: expected a square matrix, got 2 x 3");
    expect(() => eigvalsh(matrix(1, 1, [Number.NaN]))).toThrow("finite");
  });
});

it("converges for projectors and partial isometries, whose eigenvalues are 0 and 1 but for rounding", () => {
  for (let seed = 0; seed < 30; seed++) {
    const [n, r] = [100, 5];
    const Q = rotation(new Random(seed), n);
    const P = matrix(n, n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        for (let k = 0; k < r; k++) P.data[i * n + j]! += Q.data[i * n + k]! * Q.data[j * n + k]!;
    eigvalsh(P).forEach((value, i) => {
      expect(Math.abs(value - (i < r ? 1 : 0))).toBeLessThan(1e-13);
    });
  }
});
