/**
 * @file Pairs of maps from planted moments, against the theory of src/symmetry and against rows (docs/theory.md Eqs.
 * 105 to 108, 122 to 124): charges, imbalance, noise balance with its null, drift with its signs, and what is said
 * where something is missing.
 */
import { describe, expect, test } from "vitest";
import { type Matrix, matrix, trace } from "../../../src/linalg/matrix.ts";
import { diagonalNull } from "../../../src/measure/network/diagonalNull.ts";
import { PairHalves, pairsFrom, pairsOf } from "../../../src/measure/network/pairs.ts";
import type { MapEdge, PairSymmetry } from "../../../src/moments/edges.ts";
import type { LayerMoments, Moments } from "../../../src/moments/moments.ts";
import { bareLayer } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";
import { imbalance, imbalanceSize, neuronCharges } from "../../../src/symmetry/charge.ts";
import { expectedImbalance, noiseTerms } from "../../../src/symmetry/noiseBalance.ts";

const SIZES = { dIn: 5, d: 4, dOut: 3 };

function normal(random: Random, rows: number, cols: number): Matrix {
  return matrix(
    rows,
    cols,
    Array.from({ length: rows * cols }, () => random.normal()),
  );
}

/** Rows of a pair of maps, their gradients as if ReLU or nothing were between, and all that moments hold of them. */
function planted(seed: number, symmetry: PairSymmetry, n = 60) {
  const random = new Random(seed);
  const { dIn, d, dOut } = SIZES;
  const [W, U] = [normal(random, d, dIn), normal(random, dOut, d)];
  const bias = normal(random, 1, d).data;
  const rows = {
    h0: normal(random, n, dIn),
    g1: normal(random, n, d),
    a: normal(random, n, d),
    g2: normal(random, n, dOut),
  };
  const part = (from: number, to: number) => {
    const of = ({ cols, data }: Matrix) => matrix(to - from, cols, data.slice(from * cols, to * cols));
    return { h0: of(rows.h0), g1: of(rows.g1), a: of(rows.a), g2: of(rows.g2) };
  };
  const moments = (from: number, to: number, step = 0): Moments => {
    const own = part(from, to);
    const count = to - from;
    const { upper, lower } = noiseTerms(own);
    const [below, above] = [bareLayer("below", "linear", dIn, d, W), bareLayer("above", "linear", d, dOut, U)];
    const blocks = (M: Matrix) => ({ width: d, outer: 1, inner: 1, sum: M.data.map((value) => value * count) });
    Object.assign(below, { n: count, bias, noise: { examples: count, losses: 1, b: blocks(lower) } });
    Object.assign(above, { n: count, noise: { examples: count, losses: 1, a: blocks(upper) } });
    gradients(below, own.g1, own.h0);
    gradients(above, own.g2, own.a);
    const end = (side: "a" | "b") => ({ side, from: 0, outer: 1, inner: 1 });
    const edge: MapEdge = {
      ...{ first: "below", second: "above", through: "ReLU", symmetry, width: d },
      firstEnd: end("b"),
      ...(symmetry !== "scale" && { secondEnd: end("a") }),
    };
    return { step, objective: "mse", source: "", layers: [below, above], edges: { pairs: [edge], broken: [] } };
  };
  const groups = Array.from({ length: 4 }, (_, i) => moments((i * n) / 4, ((i + 1) * n) / 4));
  return { W, U, bias, rows, total: moments(0, n), groups };
}

function gradients(layer: LayerMoments, g: Matrix, h: Matrix): void {
  const sums = new Float64Array(g.cols * h.cols);
  layer.b.gSum = new Float64Array(g.cols);
  for (let t = 0; t < g.rows; t++)
    for (let i = 0; i < g.cols; i++) {
      layer.b.gSum[i]! += g.data[t * g.cols + i]!;
      for (let j = 0; j < h.cols; j++) sums[i * h.cols + j]! += g.data[t * g.cols + i]! * h.data[t * h.cols + j]!;
    }
  layer.gbHa = sums;
}

/** E[G] of both maps, the bias's as a last column. */
function means({ h0, g1, a, g2 }: ReturnType<typeof planted>["rows"]) {
  const n = h0.rows;
  const outer = (g: Matrix, h: Matrix, ones: boolean) => {
    const out = matrix(g.cols, h.cols + (ones ? 1 : 0));
    for (let t = 0; t < n; t++)
      for (let i = 0; i < g.cols; i++)
        for (let j = 0; j < out.cols; j++)
          out.data[i * out.cols + j]! += (g.data[t * g.cols + i]! * (j < h.cols ? h.data[t * h.cols + j]! : 1)) / n;
    return out;
  };
  return { U: outer(g2, a, false), W: outer(g1, h0, true) };
}

describe.each([1, 2, 3])("a planted pair, seed %i,", (seed) => {
  test("has the charges and the imbalance of the theory", () => {
    const { W, U, bias, total, groups } = planted(seed, "rescaling");
    const [pair] = pairsOf(total, groups)!.pairs;
    const charges = neuronCharges({ U, W, bias });
    for (const [i, value] of (pair!.charge as number[]).entries()) expect(value).toBeCloseTo(charges[i]!, 12);
    const rotation = planted(seed, "rotation");
    const [other] = pairsOf(rotation.total, rotation.groups)!.pairs;
    const size = imbalanceSize(imbalance({ U, W, bias }));
    const found = other!.charge as { frobenius: number; trace: number; eigenvalues: number[] };
    expect(found.frobenius).toBeCloseTo(size.frobenius, 12);
    expect(found.trace).toBeCloseTo(size.trace, 12);
    for (const [i, value] of found.eigenvalues.entries()) expect(value).toBeCloseTo(size.eigenvalues[i]!, 11);
    for (const { imbalance: share } of [pair!, other!]) {
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThan(1);
    }
  });

  test("drifts a step as the theory expects of one, by noise and mean gradients, in the sign of its charge", () => {
    const [eta, batch] = [0.05, 8];
    for (const symmetry of ["rescaling", "rotation"] as const) {
      const { W, U, bias, rows, total, groups } = planted(seed, symmetry);
      const training = { lr: eta, decay: 0, batch };
      const [pair] = pairsOf(total, groups, { training })!.pairs;
      const Q = imbalance({ U, W, bias });
      const noise = noiseTerms(rows);
      const next = expectedImbalance(Q, noise, means(rows), { eta, batch });
      // A sample's own mean gradients are too large by a share of the noise, which the measure takes out.
      const n = rows.h0.rows;
      const share = (eta * eta * (1 - 1 / batch)) / (n - 1);
      const change = next.data.map((value, k) => {
        const D = noise.upper.data[k]! - noise.lower.data[k]!;
        const mean = (value - Q.data[k]! - (eta * eta * D) / batch) / (eta * eta * (1 - 1 / batch));
        return value - Q.data[k]! + share * (mean - D);
      });
      const isDiagonal = (k: number) => k % (Q.rows + 1) === 0;
      const kept = symmetry === "rotation" ? Array.from(change) : Array.from(change).filter((_, k) => isDiagonal(k));
      const sum = Array.from(change).reduce((total, value, k) => total + (isDiagonal(k) ? value : 0), 0);
      const { perStep, status } = pair!.drift;
      expect(status).toBe("ok");
      expect(perStep!.norm).toBeCloseTo(Math.hypot(...kept), 12);
      expect(perStep!.sum).toBeCloseTo(symmetry === "rotation" ? sum : -sum, 12);
    }
  });

  test("moved along its symmetry by lambda has the charges e^(2 lambda) incoming - e^(-2 lambda) outgoing", () => {
    const { W, U, bias, total, groups } = planted(seed, "rescaling");
    const lambda = [0.3, -0.7, 1.1, 0];
    const layers = total.layers.map((layer) => ({ ...layer }));
    layers[0]!.W = matrix(
      W.rows,
      W.cols,
      W.data.map((w, k) => w * Math.exp(lambda[Math.floor(k / W.cols)]!)),
    );
    layers[0]!.bias = bias.map((b, i) => b * Math.exp(lambda[i]!));
    layers[1]!.W = matrix(
      U.rows,
      U.cols,
      U.data.map((u, k) => u * Math.exp(-lambda[k % U.cols]!)),
    );
    const charges = pairsOf({ ...total, layers }, groups)!.pairs[0]!.charge as number[];
    const [incoming, outgoing] = [
      neuronCharges({ U: matrix(U.rows, U.cols), W, bias }),
      neuronCharges({ U, W: matrix(W.rows, W.cols) }),
    ];
    for (const [i, value] of charges.entries())
      expect(value).toBeCloseTo(Math.exp(2 * lambda[i]!) * incoming[i]! + Math.exp(-2 * lambda[i]!) * outgoing[i]!, 11);
  });

  test("decays with its charge where there is no noise", () => {
    const { total, groups } = planted(seed, "rescaling");
    for (const { layers } of [total, ...groups])
      for (const layer of layers) {
        layer.noise!.a?.sum.fill(0);
        layer.noise!.b?.sum.fill(0);
        layer.gbHa!.fill(0);
        layer.b.gSum!.fill(0);
      }
    const training = { lr: 0.1, decay: 0.01, batch: 10, momentum: 0.5 };
    const [pair] = pairsOf(total, groups, { training })!.pairs;
    const charges = pair!.charge as number[];
    expect(pair!.drift.perStep!.norm).toBeCloseTo(((2 * 0.1 * 0.01) / 0.5) * Math.hypot(...charges), 12);
    expect(pair!.noiseBalance.status).toBe("dead");
  });

  test("has an alignment with its error, a ratio and a residual, of diagonals where values are rescaled one by one", () => {
    const { rows, total, groups } = planted(seed, "rescaling");
    const { noiseBalance } = pairsOf(total, groups)!.pairs[0]!;
    const { upper, lower } = noiseTerms(rows);
    const [A, B] = [upper, lower].map((M) => Array.from({ length: M.rows }, (_, i) => M.data[i * (M.rows + 1)]!)) as [
      number[],
      number[],
    ];
    const mean = (v: number[]) => v.reduce((x, y) => x + y, 0) / v.length;
    const about = (v: number[]) => v.map((value) => value - mean(v));
    const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    const r = dot(about(A), about(B)) / Math.sqrt(dot(about(A), about(A)) * dot(about(B), about(B)));
    expect(noiseBalance.alignment).toBeCloseTo(r, 10);
    expect(noiseBalance.ratio).toBeCloseTo(trace(upper) / trace(lower), 12);
    expect(noiseBalance.residual).toBeCloseTo(
      Math.hypot(...A.map((a, i) => a - B[i]!)) / (Math.hypot(...A) + Math.hypot(...B)),
      12,
    );
    expect(noiseBalance.alignmentError).toBeGreaterThan(0);
    expect(noiseBalance.n).toBe(rows.h0.rows);
    expect(pairsOf(total, groups.slice(0, 1))!.pairs[0]!.noiseBalance.alignmentError).toBeNull();
  });
});

test("halves that come one by one make the pairs of the whole", () => {
  const { total, groups } = planted(4, "rotation");
  const halves = new PairHalves(total.edges!);
  for (const i of [1, 0])
    halves.add(
      [total.layers[i]!],
      groups.map(({ layers }) => [layers[i]!]),
    );
  expect(pairsFrom(halves, 0)).toEqual(pairsOf(total, groups));
});

describe("what is missing is said", () => {
  test("weights, noise, training, SGD, a partner", () => {
    const { total, groups } = planted(5, "rescaling");
    const without = (change: (layer: LayerMoments) => void): Moments => {
      const layers = total.layers.map((layer) => ({ ...layer }));
      layers.forEach(change);
      return { ...total, layers };
    };
    const [noWeights] = pairsOf(
      without((layer) => delete layer.W),
      [],
    )!.pairs;
    expect(noWeights).toMatchObject({ charge: null, imbalance: null, status: "missing-moments" });
    const [noNoise] = pairsOf(
      without((layer) => delete layer.noise),
      [],
    )!.pairs;
    expect(noNoise).toMatchObject({
      noiseBalance: { alignment: null, status: "not-measured" },
      status: "not-measured",
    });
    expect(noNoise!.charge).not.toBeNull();
    expect(pairsOf(total, groups)!.pairs[0]!.drift).toMatchObject({ perStep: null, status: "no-training" });
    const adam = { lr: 0.1, decay: 0, batch: 5, optimizer: "adam" };
    expect(pairsOf(total, groups, { training: adam })!.pairs[0]!.drift.status).toBe("not-sgd");
    const broken = without((layer) => {
      layer.W = matrix(layer.dOut, layer.dIn, new Float64Array(layer.dOut * layer.dIn).fill(Number.NaN));
    });
    expect(pairsOf(broken, groups)!.pairs[0]).toMatchObject({ charge: null, status: "not-finite" });
    const [scale] = pairsOf(planted(5, "scale").total, [])!.pairs;
    expect(scale).toMatchObject({ imbalance: null, noiseBalance: { status: "one-sided" }, status: "ok" });
    expect(pairsOf({ ...total, edges: undefined as never }, [])).toBeUndefined();
  });

  test("a change below what float32 rounds", () => {
    const { total, groups } = planted(6, "rescaling");
    const training = { lr: 1e-6, decay: 0, batch: 5 };
    const previous = { ...total, step: 0 };
    const moved = total.layers.map((layer) => ({
      ...layer,
      W: matrix(
        layer.dOut,
        layer.dIn,
        layer.W!.data.map((w) => w * (1 + 1e-9)),
      ),
    }));
    const [pair] = pairsOf({ ...total, step: 1000, layers: moved }, groups, { training, previous })!.pairs;
    expect(pair!.drift.status).toBe("below-rounding");
    expect(pair!.drift.since!.rounding).toBeGreaterThan(pair!.drift.since!.measured.norm);
  });
});

describe("chance for two diagonals", () => {
  test.each([
    [30, 0],
    [30, 12],
    [8, 0],
  ])("of %i values, %i dead in both, leaves a fortieth of permutations above", (d, dead) => {
    const random = new Random(d + dead);
    const draw = () => Array.from({ length: d }, (_, i) => (i < dead ? 0 : Math.exp(0.5 * random.normal())));
    const [x, y] = [draw(), draw()];
    const limit = diagonalNull(x, y)!;
    const pearson = (u: number[], v: number[]) => {
      const [mu, mv] = [u, v].map((w) => w.reduce((s, value) => s + value, 0) / d) as [number, number];
      const sum = (of: (i: number) => number) => u.reduce((s, _, i) => s + of(i), 0);
      const cross = sum((i) => (u[i]! - mu) * (v[i]! - mv));
      return cross / Math.sqrt(sum((i) => (u[i]! - mu) ** 2) * sum((i) => (v[i]! - mv) ** 2));
    };
    let above = 0;
    const count = 20_000;
    for (let k = 0; k < count; k++) {
      const order = random.permutation(d - dead);
      const permuted = y.map((value, i) => (i < dead ? value : y[dead + order[i - dead]!]!));
      if (pearson(x, permuted) > limit) above++;
    }
    expect(above / count).toBeGreaterThan(0.008);
    expect(above / count).toBeLessThan(0.05);
  });

  test("a null of diagonals does not depend on their size, however large or small", () => {
    const [x, y] = [
      [1, 2, 3, 5],
      [2, 1, 4, 3],
    ];
    const expected = diagonalNull(x, y);
    for (const size of [2 ** 1020, 2 ** -1050])
      expect(
        diagonalNull(
          x.map((value) => value * size),
          y,
        ),
      ).toBe(expected);
  });

  test("has no value for too few values or none that differ", () => {
    expect(diagonalNull([1, 2], [2, 1])).toBeNull();
    expect(diagonalNull([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(diagonalNull([0, 0, 0], [0, 0, 0])).toBeNull();
  });
});
