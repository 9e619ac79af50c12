/**
 * The numbers of docs/theory.md about what shows before anything is learned: chance, initialisation, sorted spectra,
 * normalized rows.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { eigvalsh } from "../../src/linalg/eigvalsh.ts";
import { frobenius, gram, type Matrix, matmul, matrix, trace, transpose } from "../../src/linalg/matrix.ts";
import { alignment } from "../../src/measure/alignment/alignment.ts";
import { alignmentNull, type Size, sharedNullOf } from "../../src/measure/alignment/alignmentNull.ts";
import { cosine } from "../../src/measure/alignment/cosine.ts";
import { deming } from "../../src/measure/laws/deming.ts";
import { residuals } from "../../src/measure/training/residual.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments, secondMoment } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";
import { affine, gaussian, projector, wishart } from "../measure/matrices.ts";

const theory = readFileSync(new URL("../../docs/theory.md", import.meta.url), "utf8").replace(/\s+/g, " ");

function expectStated(words: string): void {
  expect(theory.includes(words), `docs/theory.md should state "${words}"`).toBe(true);
}

/** Rounding of float64 sums over some thousand rows. */
const EXACT = 1e-12;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1));
const over = (seeds: number, f: (random: Random) => number): number[] =>
  Array.from({ length: seeds }, (_, seed) => f(new Random(seed)));
const minus = (A: Matrix, B: Matrix): Matrix =>
  matrix(
    A.rows,
    A.cols,
    A.data.map((value, k) => value - B.data[k]!),
  );
const scaled = (A: Matrix, c: number): Matrix => affine(A, c, 0);

/** Two digits, as the documentation prints them. */
const two = (values: readonly number[]): string => values.map((value) => value.toFixed(2)).join(", ");

function layerOf(W: Matrix, ha: Matrix, gb: Matrix, bias?: Float64Array): LayerMoments {
  const hb = matmul(ha, transpose(W));
  if (bias) for (let k = 0; k < hb.data.length; k++) hb.data[k]! += bias[k % W.rows]!;
  const layer = emptyLayer("layer", "linear", W.cols, W.rows, W);
  addRows(layer, { ha: ha.data, hb: hb.data, gb: gb.data });
  return layer;
}

const covariance = (layer: LayerMoments, side: "a" | "b", which: "H" | "G"): Matrix =>
  secondMoment(layer[side]!, which, "covariance", layer.n)!;

describe("Eq. 6", () => {
  const random = new Random(1);
  const [n, dIn, dOut] = [300, 9, 7];

  it("holds to rounding for covariances with any bias, and for G_a without centring", () => {
    const W = gaussian(random, dOut, dIn);
    const bias = Float64Array.from({ length: dOut }, () => 5 * random.normal());
    const layer = layerOf(W, affine(gaussian(random, n, dIn), 1, 2), affine(gaussian(random, n, dOut), 1, -1), bias);
    const pairs = [
      [matmul(matmul(W, covariance(layer, "a", "H")), transpose(W)), covariance(layer, "b", "H")],
      [matmul(matmul(transpose(W), covariance(layer, "b", "G")), W), covariance(layer, "a", "G")],
      [matmul(matmul(transpose(W), secondMoment(layer.b, "G", "raw", n)!), W), secondMoment(layer.a!, "G", "raw", n)!],
    ] as const;
    for (const [left, right] of pairs) expect(frobenius(minus(left, right)) / frobenius(right)).toBeLessThan(EXACT);
    const [Ha, Hb] = [secondMoment(layer.a!, "H", "raw", n)!, secondMoment(layer.b, "H", "raw", n)!];
    expect(frobenius(minus(matmul(matmul(W, Ha), transpose(W)), Hb)) / frobenius(Hb)).toBeGreaterThan(0.1);
  });

  it("puts the ranges of H_b and G_a within those of Z_b and Z_a, and leaves those of H_a and G_b free", () => {
    const [U, V] = [gaussian(random, dOut, 3), gaussian(random, 3, dIn)];
    const W = matmul(U, V);
    const layer = layerOf(W, gaussian(random, n, dIn), gaussian(random, n, dOut));
    const outside = (A: Matrix, range: Matrix): number => {
      const P = onto(range);
      return 1 - trace(matmul(P, A)) / trace(A);
    };
    expect(Math.abs(outside(secondMoment(layer.b, "H", "raw", n)!, U))).toBeLessThan(EXACT);
    expect(Math.abs(outside(secondMoment(layer.a!, "G", "raw", n)!, transpose(V)))).toBeLessThan(EXACT);
    expect(outside(secondMoment(layer.a!, "H", "raw", n)!, transpose(V))).toBeGreaterThan(0.5);
    expect(outside(secondMoment(layer.b, "G", "raw", n)!, U)).toBeGreaterThan(0.4);
  });

  it("is missed by 0.10 of the norm once rows are normalized, at the best common scale", () => {
    const missed = over(20, (draw) => {
      const W = gaussian(draw, 15, 20);
      const layer = layerOf(W, gaussian(draw, 200, 20), gaussian(draw, 200, 15));
      const Ha = secondMoment(layer.a!, "H", "paper", 200)!;
      const Hb = secondMoment(layer.b, "H", "paper", 200)!;
      return Math.sqrt(2 - 2 * cosine(matmul(matmul(W, Ha), transpose(W)), Hb).value!);
    });
    expectStated(`differ by ${mean(missed).toFixed(2)} of their norm`);
    expect(Math.abs(mean(missed) - 0.12)).toBeLessThan(2 * deviation(missed)); // one such draw was 0.12
    for (const value of missed) expect(Math.abs(value - mean(missed))).toBeLessThan(0.04);
  });
});

/** The projector on the span of the columns. */
function onto(X: Matrix): Matrix {
  const Q = matrix(X.rows, X.cols, X.data.slice());
  for (let j = 0; j < X.cols; j++)
    for (let pass = 0; pass < 2; pass++) {
      for (let p = 0; p < j; p++) {
        let along = 0;
        for (let i = 0; i < X.rows; i++) along += Q.data[i * X.cols + p]! * Q.data[i * X.cols + j]!;
        for (let i = 0; i < X.rows; i++) Q.data[i * X.cols + j]! -= along * Q.data[i * X.cols + p]!;
      }
      let square = 0;
      for (let i = 0; i < X.rows; i++) square += Q.data[i * X.cols + j]! ** 2;
      for (let i = 0; i < X.rows; i++) Q.data[i * X.cols + j]! /= Math.sqrt(square);
    }
  return matmul(Q, transpose(Q));
}

describe("unrelated matrices of rank k = 40 in d = 200 dimensions", () => {
  const [k, d, n] = [40, 200, 200];

  it("show k / d as projectors, k / (d + k + 1) as Gaussian factors, less over 200 normalized samples", () => {
    const projectors = over(3, (random) => cosine(projector(random, k, d), projector(random, k, d)).value!);
    const factors = over(6, (random) => cosine(wishart(random, k, d), wishart(random, k, d)).value!);
    const samples = over(20, (random) => {
      const drawn = (): Matrix => {
        const layer = emptyLayer("head", "head", 1, d);
        const rows = matmul(gaussian(random, n, k), gaussian(random, k, d)).data;
        addRows(layer, { hb: rows, gb: rows });
        return secondMoment(layer.b, "H", "paper", n)!;
      };
      const [A, B] = [drawn(), drawn()];
      expect(alignment(A, B).value! - alignmentNull(A, B).value!).toBeCloseTo(0, 1);
      return alignment(A, B).value!;
    });
    expect(mean(projectors)).toBeCloseTo(k / d, 2);
    expect(mean(factors)).toBeCloseTo(k / (d + k + 1), 2);
    expect(k / (d + k + 1)).toBeCloseTo(0.166, 3);
    expectStated(`${mean(samples).toFixed(3)} ± ${deviation(samples).toFixed(3)} for the alignment`);
    expect(Math.abs(mean(samples) - 0.146)).toBeLessThan(deviation(samples)); // one such pair showed 0.146
  });
});

describe("sorted spectra", () => {
  const logs = (A: Matrix): Float64Array => eigvalsh(A).map(Math.log);

  it("of two independent Wishart matrices, d = 40, n = 80, have a slope of 1 with R^2 = 0.99", () => {
    const lines = Array.from({ length: 60 }, (_, seed) => {
      const random = new Random(seed);
      return deming(logs(wishart(random, 80, 40)), logs(wishart(random, 80, 40)), 1);
    });
    const slopes = lines.map(({ slope }) => slope);
    const fits = lines.map(({ r2 }) => r2);
    expectStated(
      `a sorted slope of ${mean(slopes).toFixed(2)} ± ${deviation(slopes).toFixed(2)} with R^2 = ${mean(fits).toFixed(2)}`,
    );
    expect(Math.abs(mean(slopes) - 0.94)).toBeLessThan(2 * deviation(slopes)); // one such pair showed 0.94
    for (const r2 of fits) expect(r2).toBeGreaterThan(0.98);
  });

  it("of H = G^-1 have a positive slope, 0.96 and more", () => {
    for (let seed = 0; seed < 6; seed++) {
      const x = logs(wishart(new Random(seed), 80, 40));
      const { slope } = deming(x, x.map((value) => -value).reverse(), 1);
      expect(slope).toBeGreaterThan(0.95);
      expect(slope).toBeLessThan(1.05);
    }
  });
});

const sizeOf = (A: Matrix): Size => ({ d: A.rows, trace: trace(A), norm: frobenius(A) });

/**
 * Alignments of untrained layers are within this of the nulls that know of the shared W (docs/theory.md, What to
 * expect).
 */
const SHARED = 0.04;

/**
 * A network 20-40-40-40-10 with He's weights and ReLU, isotropic inputs, squared error against a linear teacher of unit
 * variance.
 */
function untrained(random: Random): LayerMoments[] {
  const n = 2000;
  const widths = [20, 40, 40, 40, 10];
  const weights = widths
    .slice(1)
    .map((dOut, i) => scaled(gaussian(random, dOut, widths[i]!), Math.sqrt(2 / widths[i]!)));
  const x = gaussian(random, n, 20);
  const inputs = [x];
  const outputs = weights.map((W, i) => {
    const hb = matmul(inputs[i]!, transpose(W));
    inputs.push(
      matrix(
        n,
        W.rows,
        hb.data.map((value) => Math.max(0, value)),
      ),
    );
    return hb;
  });
  const y = scaled(matmul(x, transpose(gaussian(random, 10, 20))), 1 / Math.sqrt(20));
  let gb = minus(outputs[3]!, y);
  return weights
    .map((_, i) => 3 - i)
    .map((i) => {
      const W = weights[i]!;
      const layer = layerOf(W, inputs[i]!, gb);
      const ga = matmul(gb, W);
      if (i > 0)
        gb = matrix(
          n,
          W.cols,
          ga.data.map((value, k) => (outputs[i - 1]!.data[k]! > 0 ? value : 0)),
        );
      return layer;
    })
    .reverse();
}

describe("He's initialisation", () => {
  it("shows forward RWA, backward GWA and output RGA of 0.65 to 1.00 before the first step", () => {
    const seeds = 16;
    const found = Array.from({ length: seeds }, (_, seed) => {
      const layers = untrained(new Random(seed)).map((layer) => ({
        Z: { a: gram(layer.W!, "a"), b: gram(layer.W!, "b") },
        Hb: secondMoment(layer.b, "H", "paper", layer.n)!,
        Gb: secondMoment(layer.b, "G", "paper", layer.n)!,
        Ga: secondMoment(layer.a!, "G", "paper", layer.n)!,
        Ha: secondMoment(layer.a!, "H", "paper", layer.n)!,
      }));
      const last = layers[3]!;
      return [
        ...layers.map(({ Hb, Z }) => alignment(Hb, Z.b).value!),
        ...layers.map(({ Ga, Z }) => alignment(Ga, Z.a).value!),
        alignment(last.Hb, last.Gb).value!,
        ...layers.map(({ Ha, Z }) => sharedNullOf(sizeOf(Ha), sizeOf(Z.a)).value!),
        ...layers.map(({ Gb, Z }) => sharedNullOf(sizeOf(Gb), sizeOf(Z.b)).value!),
      ];
    });
    const column = (j: number): number[] => found.map((values) => values[j]!);
    const means = Array.from({ length: 17 }, (_, j) => mean(column(j)));
    expectStated(`forward RWA ${two(means.slice(0, 4))}, backward GWA ${two(means.slice(4, 8))}`);
    expectStated(`forward RGA of the outputs ${two(means.slice(8, 9))}`);
    expectStated(`${two(means.slice(9, 13))} and ${two(means.slice(13))}`);
    for (let j = 0; j < 8; j++) expect(Math.abs(means[j]! - means[9 + j]!), `null ${j}`).toBeLessThan(SHARED);
    // One such network, after one tiny step, had these values.
    const once = [1, 0.81, 0.7, 0.71, 0.91, 0.81, 0.77, 0.84, 0.82];
    once.forEach((value, j) => {
      expect(Math.abs(value - means[j]!), `value ${j}`).toBeLessThan(3 * deviation(column(j)) + 0.005);
    });
  });

  it("of isotropic inputs has H_b = (z_b / d) Z_b: the constant 0.050 for d = 20, whatever W is", () => {
    for (let seed = 0; seed < 3; seed++) {
      const random = new Random(seed);
      const [W, ha] = [gaussian(random, 40, 20), gaussian(random, 20_000, 20)];
      const layer = layerOf(W, ha, gaussian(random, 20_000, 40));
      const { constants } = residuals(layer, { lr: 0.1, decay: 1e-3 }).proportional;
      expect(constants.forward!).toBeCloseTo(0.05, 3);
    }
  });
});
