/**
 * @file The neural feature ansatz against PyTorch (ansatzTorch.json, written by ansatzTorch.py), and what a change of
 * outputs does to it.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { combination } from "../../../src/linalg/linearCombination.ts";
import { frobenius, gram, identity, type Matrix, matmul, matrix, transpose } from "../../../src/linalg/matrix.ts";
import { symmetricPower } from "../../../src/linalg/symmetricPower.ts";
import { averageGradientOuterProduct, featureAnsatz } from "../../../src/measure/training/featureAnsatz.ts";
import { Random } from "../../../src/random/random.ts";
import { gaussian, projector, wishart } from "../matrices.ts";

interface Reference {
  n: number;
  shape: [number, number];
  W: number[];
  initial: number[];
  jacobians: number[];
  Ga: number[];
  Gb: number[];
  agop: number[];
  centred: number[];
  expected: object;
}

const reference = JSON.parse(readFileSync(new URL("ansatzTorch.json", import.meta.url), "utf8")) as Reference;

/** Digits after the point to which two ways of computing the same agree. */
const DIGITS = 10;

const relative = (A: Matrix, B: Matrix): number =>
  frobenius(
    combination([
      [1, A],
      [-1, B],
    ]),
  ) / frobenius(B);

function expectNear(found: object, expected: object): void {
  for (const [key, value] of Object.entries(expected)) {
    const own = (found as Record<string, unknown>)[key];
    if (typeof value === "number") expect(own, key).toBeCloseTo(value, DIGITS);
    else expectNear(own as object, value as object);
  }
}

describe("the neural feature ansatz", () => {
  const { n, shape, jacobians } = reference;
  const [dOut, dIn] = shape;
  const square = (values: number[], d: number): Matrix => matrix(d, d, values);
  const agop = averageGradientOuterProduct(Float64Array.from(jacobians), n, dIn);

  it("has PyTorch's average gradient outer product, centred or not", () => {
    expect(relative(agop, square(reference.agop, dIn))).toBeLessThan(1e-12);
    const centred = averageGradientOuterProduct(Float64Array.from(jacobians), n, dIn, true);
    expect(relative(centred, square(reference.centred, dIn))).toBeLessThan(1e-12);
  });

  it("agrees with PyTorch in both exponents, both comparisons, with and without the initial weights, and in G", () => {
    const [W, initial] = [matrix(dOut, dIn, reference.W), matrix(dOut, dIn, reference.initial)];
    const G = { a: square(reference.Ga, dIn), b: square(reference.Gb, dOut) };
    expectNear(featureAnsatz(W, agop, { initial, G }), reference.expected);
    expect(featureAnsatz(W, agop).change).toBeNull();
    expect(featureAnsatz(W, agop).equivariant).toBeNull();
  });

  it("tells its two exponents apart", () => {
    const W = gaussian(new Random(1), 8, 6);
    const Z = gram(W, "a");
    expect(featureAnsatz(W, Z).weights.one.cosine).toBeCloseTo(1, 12);
    expect(featureAnsatz(W, Z).weights.half.cosine).toBeLessThan(0.99);
    expect(featureAnsatz(W, matmul(Z, Z)).weights.half.pearson).toBeCloseTo(1, 12);
  });

  it("has nulls where there is nothing to compare", () => {
    const W = gaussian(new Random(1), 8, 6);
    const none = featureAnsatz(W, matrix(6, 6), { initial: W });
    expect(none.weights.one).toEqual({ cosine: null, pearson: null });
    expect(none.change!.half).toEqual({ cosine: null, pearson: null });
  });

  it("refuses Jacobians of another shape", () => {
    expect(() => averageGradientOuterProduct(new Float64Array(10), 3, 2)).toThrow(/expected 3 Jacobians of \(K, 2\)/);
  });
});

describe("outputs in other coordinates, f' = T f with l'(f') = l(T^-1 f')", () => {
  // h_a -> tanh(W h_a) -> V: Jacobians J = V D W, and l = (f^T A f)/2 + cos(c^T f).
  const random = new Random(5);
  const [n, dIn, dHidden, K] = [25, 6, 7, 3];
  const [W, V, ha] = [gaussian(random, dHidden, dIn), gaussian(random, K, dHidden), gaussian(random, n, dIn)];
  const T = combination([
    [1, gaussian(random, K, K)],
    [2, identity(K)],
  ]);
  const [A, c] = [wishart(random, 5, K), gaussian(random, 1, K)];
  const row = (X: Matrix, i: number): Matrix => matrix(1, X.cols, X.data.slice(i * X.cols, (i + 1) * X.cols));
  const gradient = (f: Matrix): Matrix =>
    combination([
      [1, matmul(f, A)],
      [-Math.sin(matmul(f, transpose(c)).data[0]!), c],
    ]);
  const jacobian = (i: number, readout: Matrix): Matrix => {
    const pre = matmul(row(ha, i), transpose(W));
    const slopes = matrix(
      dHidden,
      dIn,
      W.data.map((value, k) => value * (1 - Math.tanh(pre.data[Math.floor(k / dIn)]!) ** 2)),
    );
    return matmul(readout, slopes);
  };
  const inverse = inverseOf(T);

  /** AGOP and G_a of the network with readout T V (or V) and the loss in those coordinates. */
  function measure(T: Matrix, inverse: Matrix): { agop: Matrix; G: Matrix; jacobians: Matrix[] } {
    const readout = matmul(T, V);
    const jacobians = Array.from({ length: n }, (_, i) => jacobian(i, readout));
    const all = new Float64Array(n * K * dIn);
    const G = matrix(n, dIn);
    jacobians.forEach((J, i) => {
      all.set(J.data, i * K * dIn);
      const hidden = matmul(row(ha, i), transpose(W)).data.map(Math.tanh);
      const f = matmul(matrix(1, dHidden, hidden), transpose(readout));
      const inner = gradient(matmul(f, transpose(inverse))); // of l at T^-1 f'
      G.data.set(matmul(matmul(inner, inverse), J).data, i * dIn);
    });
    return { agop: averageGradientOuterProduct(all, n, dIn), G: combination([[1 / n, gram(G, "a")]]), jacobians };
  }

  it("leave G as it is, to 1e-10, and turn AGOP into E[J^T T^T T J]", () => {
    const [plain, other] = [measure(identity(K), identity(K)), measure(T, inverse)];
    expect(relative(other.G, plain.G)).toBeLessThan(1e-10);
    expect(relative(other.agop, plain.agop)).toBeGreaterThan(0.5);
    const TT = gram(T, "a");
    const turned = combination(plain.jacobians.map((J) => [1 / n, matmul(matmul(transpose(J), TT), J)] as const));
    expect(relative(other.agop, turned)).toBeLessThan(1e-12);
    // Not T T^T, as printed, unless T is symmetric.
    const printed = combination(
      plain.jacobians.map((J) => [1 / n, matmul(matmul(transpose(J), gram(T, "b")), J)] as const),
    );
    expect(relative(other.agop, printed)).toBeGreaterThan(0.1);
  });
});

/** Inverse by Gauss-Jordan elimination with pivoting. */
function inverseOf(A: Matrix): Matrix {
  const d = A.rows;
  const rows = Array.from({ length: d }, (_, i) => [
    ...A.data.subarray(i * d, (i + 1) * d),
    ...Array.from({ length: d }, (_c, j) => (i === j ? 1 : 0)),
  ]);
  for (let k = 0; k < d; k++) {
    const pivot = rows.findIndex(
      (r, i) => i >= k && Math.abs(r[k]!) === Math.max(...rows.slice(k).map((q) => Math.abs(q[k]!))),
    );
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    const scale = rows[k]![k]!;
    rows[k] = rows[k]!.map((value) => value / scale);
    for (let i = 0; i < d; i++) {
      const factor = rows[i]![k]!;
      if (i !== k) rows[i] = rows[i]!.map((value, j) => value - factor * rows[k]![j]!);
    }
  }
  return matrix(
    d,
    d,
    rows.flatMap((r) => r.slice(d)),
  );
}

describe("powers of a positive semi-definite matrix", () => {
  const A = wishart(new Random(2), 4, 7);

  it("multiply, and stay within the range", () => {
    const root = symmetricPower(A, 0.5);
    expect(relative(matmul(root, root), A)).toBeLessThan(1e-12);
    const P = symmetricPower(A, 0);
    expect(relative(matmul(P, P), P)).toBeLessThan(1e-12);
    expect(relative(matmul(symmetricPower(A, -1), A), P)).toBeLessThan(1e-10);
    expect(relative(symmetricPower(projector(new Random(3), 3, 5), 3), projector(new Random(3), 3, 5))).toBeLessThan(
      1e-12,
    );
  });
});
