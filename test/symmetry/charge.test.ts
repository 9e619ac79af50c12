import { describe, expect, it } from "vitest";
import { frobenius, identity, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";
import { charge, chargeRate, imbalance, imbalanceSize, neuronCharges } from "../../src/symmetry/charge.ts";
import { combined, deviation, normals } from "./cases.ts";

/** Rounding of float64. */
const EXACT = 1e-12;

const rescaling = matrix(2, 2, [1, 0, 0, -1]);

describe("chargeRate", () => {
  const random = new Random(1);
  const samples = Array.from({ length: 50 }, () => ({ x: random.normal(), y: random.normal() }));
  const [u, w, eta] = [0.8, -0.3, 1e-4];
  const gradients = samples.map(({ x, y }) => {
    const r = 2 * (u * w * x - y) * x;
    return [r * w, r * u] as const;
  });
  const mean = [0, 1].map((i) => gradients.reduce((sum, g) => sum + g[i]!, 0) / 50);
  const second = (i: number, j: number) => gradients.reduce((sum, g) => sum + g[i]! * g[j]!, 0) / 50;
  const Sigma = matrix(
    2,
    2,
    [0, 1].flatMap((i) => [0, 1].map((j) => second(i, j) - mean[i]! * mean[j]!)),
  );

  it("is the mean change over all single samples less that of the whole batch, per eta", () => {
    const chargeAfter = (g: readonly number[]) => charge([u - eta * g[0]!, w - eta * g[1]!], rescaling);
    const single = gradients.reduce((sum, g) => sum + chargeAfter(g), 0) / 50;
    const rate = chargeRate(charge([u, w], rescaling), rescaling, Sigma, { eta, batch: 1 });
    expect(rate / ((single - chargeAfter(mean)) / eta)).toBeCloseTo(1, 6);
    const batched = chargeRate(0, rescaling, Sigma, { eta, batch: 8 });
    expect(batched / chargeRate(0, rescaling, Sigma, { eta, batch: 1 })).toBeCloseTo(1 / 8, 14);
  });

  it("decays at four times the penalty, as a step of gradient descent on the penalty does", () => {
    const C = charge([u, w], rescaling);
    const penalty = 0.3;
    const step = charge([u - 1e-7 * 2 * penalty * u, w - 1e-7 * 2 * penalty * w], rescaling);
    const rate = chargeRate(C, rescaling, Sigma, { eta, batch: Number.POSITIVE_INFINITY, penalty });
    expect(rate / ((step - C) / 1e-7)).toBeCloseTo(1, 5);
  });

  it("refuses what does not fit", () => {
    const options = { eta: 0.1, batch: 1 };
    expect(() => charge([1, 2], matrix(2, 2, [1, 2, 3, 4]))).toThrow(
      "charge: expected a symmetric A, got 3 at (1, 0) and 2 at (0, 1); take its symmetric part",
    );
    expect(() => charge([1, 2, 3], rescaling)).toThrow("expected 2 parameters for A of 2 rows, got 3");
    expect(() => chargeRate(0, rescaling, identity(3), options)).toThrow(
      "chargeRate: expected noise of 2 x 2, got 3 x 3; A and noise act on the same parameters",
    );
    expect(() => chargeRate(0, rescaling, Sigma, { ...options, penalty: -1 })).toThrow(
      "expected penalty of at least 0",
    );
    expect(() => chargeRate(0, rescaling, Sigma, { ...options, batch: 0 })).toThrow("expected batch above 0, got 0");
  });
});

describe("imbalance", () => {
  const random = new Random(2);
  const [U, W] = [normals(random, 3, 4), normals(random, 4, 5)];
  const bias = normals(random, 1, 4).data;

  it("is U^T U - W W^T - b b^T", () => {
    const b = matrix(4, 1, bias);
    const plain = combined(1, matmul(transpose(U), U), -1, matmul(W, transpose(W)));
    expect(deviation(imbalance({ U, W }).data, plain.data)).toBeLessThan(EXACT);
    const wanted = combined(1, plain, -1, matmul(b, transpose(b)));
    expect(deviation(imbalance({ U, W, bias }).data, wanted.data)).toBeLessThan(EXACT);
  });

  it("has the charges of neurons, incoming minus outgoing, on its diagonal with the sign changed", () => {
    const wanted = Array.from({ length: 4 }, (_, i) => {
      const incoming = W.data.slice(i * 5, i * 5 + 5).reduce((sum, value) => sum + value * value, bias[i]! ** 2);
      return incoming - [0, 1, 2].reduce((sum, k) => sum + U.data[k * 4 + i]! ** 2, 0);
    });
    expect(deviation(neuronCharges({ U, W, bias }), wanted)).toBeLessThan(EXACT);
  });

  it("has a size that agrees with its entries and does not depend on the hidden basis", () => {
    const Q = imbalance({ U, W });
    const size = imbalanceSize(Q);
    expect(size.eigenvalues.reduce((sum, value) => sum + value, 0)).toBeCloseTo(size.trace, 12);
    expect(Math.hypot(...size.eigenvalues)).toBeCloseTo(size.frobenius, 12);
    expect(size.trace).toBeCloseTo(frobenius(U) ** 2 - frobenius(W) ** 2, 12);
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    const R = matrix(4, 4, [c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const turned = imbalanceSize(imbalance({ U: matmul(U, transpose(R)), W: matmul(R, W) }));
    expect(deviation(turned.eigenvalues, size.eigenvalues)).toBeLessThan(EXACT);
  });

  it("refuses maps that are not adjacent", () => {
    expect(() => imbalance({ U, W: normals(random, 3, 5) })).toThrow(
      "imbalance: expected U with 3 columns above W of 3 rows, got 4; take adjacent maps",
    );
    expect(() => imbalance({ U, W, bias: [1] })).toThrow("expected a bias of 4 values, one per row of W, got 1");
  });
});
