import { describe, expect, it } from "vitest";
import { eigh } from "../../../src/linalg/eigh.ts";
import { combination } from "../../../src/linalg/linearCombination.ts";
import { frobenius, gram, type Matrix, matmul, matrix, trace, transpose } from "../../../src/linalg/matrix.ts";
import { cosine } from "../../../src/measure/alignment/cosine.ts";
import { decayScaling } from "../../../src/measure/training/decayScaling.ts";
import { irrelevantDirections } from "../../../src/measure/training/irrelevantDirections.ts";
import { type LayerMeans, layerMeans } from "../../../src/measure/training/layerMeans.ts";
import { relativeChange } from "../../../src/measure/training/relativeChange.ts";
import { type Residual, residuals } from "../../../src/measure/training/residual.ts";
import {
  influenceNoise,
  populationChange,
  sameSampleChange,
  weightChange,
} from "../../../src/measure/training/weightChange.ts";
import { addRows } from "../../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";
import { gaussian, rotation } from "../matrices.ts";

/** Rounding of float64 sums over some hundred rows. */
const EXACT = 1e-12;

const scaled = (A: Matrix, c: number): Matrix => combination([[c, A]]);
const plus = (A: Matrix, B: Matrix, c = 1): Matrix =>
  combination([
    [1, A],
    [c, B],
  ]);
const relative = (A: Matrix, B: Matrix): number => frobenius(plus(A, B, -1)) / Math.max(frobenius(A), frobenius(B));
const moment = (X: Matrix): Matrix => scaled(gram(X, "a"), 1 / X.rows);
const row = (X: Matrix, i: number): Matrix => matrix(1, X.cols, X.data.slice(i * X.cols, (i + 1) * X.cols));
const mean = (all: readonly Matrix[]): Matrix => combination(all.map((A) => [1 / all.length, A] as const));

/** Rows of one norm. */
function unitRows(X: Matrix, norm: number): Matrix {
  const Y = matrix(X.rows, X.cols, X.data.slice());
  for (let i = 0; i < X.rows; i++) {
    const size = frobenius(row(X, i));
    for (let j = 0; j < X.cols; j++) Y.data[i * X.cols + j]! *= norm / size;
  }
  return Y;
}

/** A layer from samples: g = -dl/dh, as the equations have it. */
function layerOf(W: Matrix, ha: Matrix, g: Matrix, bias?: Float64Array): LayerMoments {
  const hb = matmul(ha, transpose(W));
  if (bias) for (let k = 0; k < hb.data.length; k++) hb.data[k]! += bias[k % W.rows]!;
  const layer = emptyLayer("layer", "linear", W.cols, W.rows, W);
  addRows(layer, { ha: ha.data, hb: hb.data, gb: scaled(g, -1).data });
  return layer;
}

function meansOf(layer: LayerMoments, bias?: Float64Array): LayerMeans {
  const means = layerMeans(layer, bias);
  if (typeof means === "string") throw new Error(means);
  return means;
}

/** W' = (1 - lr decay) W + lr g h^T, the mean of g h^T over the batch. */
function stepped(W: Matrix, ha: Matrix, g: Matrix, batch: readonly number[], lr: number, decay: number): Matrix {
  const update = mean(batch.map((i) => matmul(transpose(row(g, i)), row(ha, i))));
  return plus(scaled(W, 1 - lr * decay), update, lr);
}

describe("one step of SGD", () => {
  const random = new Random(3);
  const [n, dIn, dOut] = [6, 5, 4];
  const W = gaussian(random, dOut, dIn);
  const ha = unitRows(gaussian(random, n, dIn), 1.7);
  const g = gaussian(random, n, dOut);
  const m = meansOf(layerOf(W, ha, g));
  const [lr, decay] = [0.13, 0.21];
  const steps = Array.from({ length: n }, (_, i) => stepped(W, ha, g, [i], lr, decay));

  it("changes the outputs of its own sample and the weights as Eqs. 55 and 56 say, by enumeration", () => {
    const outputs = mean(steps.map((V, i) => moment(matmul(row(ha, i), transpose(V)))));
    expect(relative(plus(outputs, m.Hb, -1), sameSampleChange(m, { lr, decay }))).toBeLessThan(EXACT);
    const weights = mean(steps.map((V) => gram(V, "b")));
    expect(relative(plus(weights, gram(W, "b"), -1), weightChange(m, { lr, decay }))).toBeLessThan(EXACT);
  });

  it("shrinks H_b - z_b W W^T by (1 - lr decay)^2 whatever the gradients are, by enumeration", () => {
    const after = mean(steps.map((V, i) => plus(moment(matmul(row(ha, i), transpose(V))), gram(V, "b"), -m.zb)));
    const before = plus(m.Hb, gram(W, "b"), -m.zb);
    expect(relative(after, scaled(before, (1 - lr * decay) ** 2))).toBeLessThan(EXACT);
  });

  it("has the dual, for gradients of one norm: G_a - z_a W^T W shrinks alike", () => {
    const unit = unitRows(g, 0.9);
    const z = 0.9 ** 2;
    const free = gaussian(random, n, dIn);
    const all = Array.from({ length: n }, (_, i) => stepped(W, free, unit, [i], lr, decay));
    const after = mean(all.map((V, i) => plus(moment(matmul(row(unit, i), V)), gram(V, "a"), -z)));
    const before = plus(moment(matmul(unit, W)), gram(W, "a"), -z);
    expect(relative(after, scaled(before, (1 - lr * decay) ** 2))).toBeLessThan(EXACT);
  });

  it("changes the outputs of all samples as Eq. 57 says, by enumeration of all batches of 1, 2 and 3", () => {
    const free = gaussian(random, n, dIn);
    const f = meansOf(layerOf(W, free, g));
    const noise = influenceNoise(free, g, f.Ha);
    for (const batch of [1, 2, 3]) {
      const all = Array.from({ length: n ** batch }, (_, code) =>
        Array.from({ length: batch }, (_b, k) => Math.floor(code / n ** k) % n),
      );
      const after = mean(
        all.map((chosen) => {
          const V = stepped(W, free, g, chosen, lr, decay);
          return matmul(matmul(V, f.Ha), transpose(V));
        }),
      );
      const change = populationChange(f, { lr, decay, batch }, noise);
      expect(relative(plus(after, f.Hb, -1), change)).toBeLessThan(1e-14);
    }
  });

  it("needs no fourth moment where h^T H_a h does not vary: signs have it", () => {
    const signs = signPatterns(4);
    const any = gaussian(random, 16, dOut);
    const f = meansOf(layerOf(gaussian(random, dOut, 4), signs, any));
    expect(relative(influenceNoise(signs, any, f.Ha), scaled(f.Gb, frobenius(f.Ha) ** 2))).toBeLessThan(EXACT);
    const exact = populationChange(f, { lr, decay, batch: 2 }, influenceNoise(signs, any, f.Ha));
    expect(relative(exact, populationChange(f, { lr, decay, batch: 2 }))).toBeLessThan(EXACT);
  });
});

/** All 2^d rows of signs: second moment I, every row of norm sqrt(d). */
function signPatterns(d: number): Matrix {
  return matrix(
    2 ** d,
    d,
    Float64Array.from({ length: 2 ** d * d }, (_, k) => ((Math.floor(k / d) >> (k % d)) & 1 ? 1 : -1)),
  );
}

/** Gradients with E[g h^T] = gamma W exactly: gamma W H_a^-1 h and noise without any correlation with h. H_a = I. */
function stationary(W: Matrix, ha: Matrix, gamma: number, noise: number, random: Random): Matrix {
  const raw = gaussian(random, ha.rows, W.rows);
  const along = scaled(matmul(transpose(ha), raw), 1 / ha.rows); // (dIn, dOut)
  const rest = plus(raw, matmul(ha, along), -1);
  return plus(scaled(matmul(ha, transpose(W)), gamma), rest, noise);
}

const value = (found: Residual): number => {
  if (found.value === null) throw new Error(String(found.status));
  return found.value;
};

describe("residuals of a planted stationary layer", () => {
  const random = new Random(8);
  const [dIn, dOut, gamma] = [6, 5, 0.01];
  const W = gaussian(random, dOut, dIn);
  const ha = signPatterns(dIn);

  it("vanish: Eqs. 53, 54", () => {
    const found = residuals(layerOf(W, ha, stationary(W, ha, gamma, 0.3, random)), { lr: 0.1, decay: gamma });
    for (const residual of [found.stationarity, found.balance.forward, found.balance.backward, found.asymmetry])
      expect(value(residual)).toBeLessThan(1e-10);
    expect(found.rho!).toBeGreaterThan(1);
    expect(found.normSpread.ha).toBeLessThan(1e-7);
    expect(found.normSpread.gb).toBeGreaterThan(0.1);
  });

  it("with isotropic inputs has forward RWA, and 1/d for the constant that the paper has as 1", () => {
    const { proportional } = residuals(layerOf(W, ha, stationary(W, ha, gamma, 0.3, random)), {
      lr: 0.1,
      decay: gamma,
    });
    expect(value(proportional.forward)).toBeLessThan(EXACT);
    expect(proportional.constants.forward).toBeCloseTo(1 / dIn, 12);
  });

  it("are those of the whole map when the bias is counted in: Eq. 62 too", () => {
    // The last column of sign patterns is replaced by 1: as if the bias were its weight.
    const withOne = signPatterns(dIn - 1);
    const extended = matrix(withOne.rows, dIn);
    for (let i = 0; i < withOne.rows; i++) {
      extended.data.set(withOne.data.subarray(i * (dIn - 1), (i + 1) * (dIn - 1)), i * dIn);
      extended.data[i * dIn + dIn - 1] = 1;
    }
    const g = stationary(W, extended, gamma, 0.3, random);
    const bias = Float64Array.from({ length: dOut }, (_, i) => W.data[i * dIn + dIn - 1]!);
    const inner = matrix(
      dOut,
      dIn - 1,
      W.data.filter((_, k) => k % dIn !== dIn - 1),
    );
    const layer = layerOf(inner, withOne, g, bias);
    const whole = meansOf(layerOf(W, extended, g));
    const counted = meansOf(layer, bias);
    for (const key of ["W", "Ha", "Ga", "Hb", "Gb", "M", "Xa", "Xb"] as const)
      expect(relative(whole[key], counted[key])).toBeLessThan(EXACT);
    expect(counted.zb).toBeCloseTo(whole.zb, 12);
    const found = residuals(layer, { lr: 0.1, decay: gamma }, bias);
    expect(value(found.stationarity)).toBeLessThan(1e-10);
    expect(value(found.balance.forward)).toBeLessThan(1e-10);
    expect(value(found.bias!)).toBeLessThan(1e-10);
    expect(value(residuals(layer, { lr: 0.1, decay: gamma }).balance.forward)).toBeGreaterThan(0.01);
  });

  it("of rho are at least 1, and 1 only without gradient noise", () => {
    // Rank one: g h^T = gamma W for every sample.
    const rank1 = rankOne(random);
    expect(residuals(rank1.layer, { lr: 0.1, decay: rank1.gamma }).rho).toBeCloseTo(1, 10);
    for (const noise of [0.01, 0.1, 1]) {
      const g = stationary(W, ha, gamma, noise, random);
      const found = residuals(layerOf(W, ha, g), { lr: 0.1, decay: gamma });
      expect(found.rho!).toBeGreaterThan(1);
    }
  });
});

/** Samples s v with signs s, and g = s gamma |W| / |v| u: g h^T = gamma W for all. */
function rankOne(random: Random): { layer: LayerMoments; gamma: number; W: Matrix } {
  const gamma = 0.05;
  const [v, u] = [gaussian(random, 1, 6), gaussian(random, 1, 4)];
  const W = matmul(transpose(u), v);
  const sign = matrix(
    8,
    1,
    Float64Array.from({ length: 8 }, (_, i) => (i % 3 === 0 ? -1 : 1)),
  );
  return { layer: layerOf(W, matmul(sign, scaled(v, 2)), matmul(sign, scaled(u, gamma / 2))), gamma, W };
}

describe("the rank-one state that E[dW] = 0 and E[dW dW^T] = 0 force", () => {
  const { layer, gamma, W } = rankOne(new Random(2));
  const m = meansOf(layer);

  it("has all six relations with the constants of the theory", () => {
    const [Za, Zb] = [gram(W, "a"), gram(W, "b")];
    expect(relative(m.Hb, scaled(Zb, m.zb))).toBeLessThan(EXACT);
    expect(relative(scaled(m.Gb, m.zb), scaled(Zb, gamma ** 2))).toBeLessThan(EXACT);
    expect(relative(scaled(m.Ha, m.za), scaled(Za, gamma ** 2))).toBeLessThan(EXACT);
    expect(relative(m.Ga, scaled(Za, m.za))).toBeLessThan(EXACT);
  });

  it("misses the paper's condition of stationary H_b by lr gamma / 2: its noise term is spurious", () => {
    for (const lr of [0.01, 0.1, 1]) {
      const { sameSample, population } = residuals(layer, { lr, decay: gamma });
      expect(value(sameSample.forward)).toBeCloseTo((lr * gamma) / 2, 12);
      expect(value(sameSample.backward)).toBeCloseTo((lr * gamma) / 2, 12);
      expect(value(population)).toBeLessThan(1e-12); // W does not move at all
    }
    expect(frobenius(sameSampleChange(m, { lr: 0.1, decay: gamma }))).toBeLessThan(EXACT * frobenius(m.Hb));
  });
});

describe("a stationary layer without the six relations", () => {
  it("has them on the range of W only: cosine of G_b with Z_b 1 there and 0.34 for the whole", () => {
    const random = new Random(4);
    const [d, rank, gamma] = [6, 3, 0.1];
    const [U, V] = [rotation(random, d), rotation(random, d)];
    const first = (Q: Matrix): Matrix => matrix(rank, d, Q.data.slice(0, rank * d));
    const last = (Q: Matrix): Matrix => matrix(d - rank, d, Q.data.slice(rank * d));
    const W = matmul(transpose(first(U)), first(V)); // partial isometry
    const signs = signPatterns(rank);
    const ha = matmul(signs, first(V)); // H_a = P_a
    const rest = gaussian(random, signs.rows, d - rank);
    const uncorrelated = plus(rest, matmul(signs, scaled(matmul(transpose(signs), rest), 1 / signs.rows)), -1);
    // G_b = gamma^2 P_b + size^2 (I - P_b): cosine with P_b 1 / sqrt(1 + (size / gamma)^4), 0.34 for this size.
    const size = gamma * (1 / 0.34 ** 2 - 1) ** (1 / 4);
    const g = plus(scaled(matmul(ha, transpose(W)), gamma), matmul(whitened(uncorrelated), last(U)), size);
    const layer = layerOf(W, ha, g);
    const m = meansOf(layer);
    expect(value(residuals(layer, { lr: 0.1, decay: gamma }).stationarity)).toBeLessThan(1e-14);
    const [Za, Zb] = [gram(W, "a"), gram(W, "b")];
    const Pb = Zb; // of a partial isometry
    const pairs: [Matrix, Matrix][] = [
      [m.Ha, m.Ga],
      [m.Ha, Za],
      [m.Ga, Za],
      [m.Hb, Zb],
      [matmul(matmul(Pb, m.Gb), Pb), Zb],
    ];
    for (const [A, B] of pairs) expect(cosine(A, B).value).toBeCloseTo(1, 12);
    expect(cosine(m.Gb, Zb).value).toBeCloseTo(0.34, 12);
    expect(residuals(layer, { lr: 0.1, decay: gamma }).gradientNoise.forward.value).toBeGreaterThan(0.2);
  });
});

/** Rows in coordinates in which their second moment is I. */
function whitened(X: Matrix): Matrix {
  const { values, vectors } = eigh(moment(X));
  const Y = matmul(X, vectors);
  for (let k = 0; k < Y.data.length; k++) Y.data[k]! /= Math.sqrt(values[k % X.cols]!);
  return Y;
}

describe("the sampling floor", () => {
  it("is what independent samples of a stationary distribution leave, sqrt(rho / n) for Eq. 53", () => {
    const random = new Random(5);
    const [dIn, dOut, gamma, n] = [8, 6, 1e-3, 4000];
    const W = scaled(gaussian(random, dOut, dIn), 1 / Math.sqrt(dIn));
    const ha = gaussian(random, n, dIn);
    const g = plus(scaled(matmul(ha, transpose(W)), gamma), gaussian(random, n, dOut), 0.2);
    const found = residuals(layerOf(W, ha, g), { lr: 0.1, decay: gamma, batch: 10 });
    const near = (residual: Residual): void => {
      expect(value(residual) / residual.floor!).toBeGreaterThan(0.6);
      expect(value(residual) / residual.floor!).toBeLessThan(1.6);
    };
    near(found.stationarity);
    near(found.balance.forward);
    near(found.balance.backward);
    near(found.asymmetry);
    expect(found.stationarity.floor! / Math.sqrt(found.rho! / n)).toBeCloseTo(1, 1);
    const { terms } = found.sameSample.forward;
    expect(terms!.decay).toBeGreaterThan(0);
  });

  it("of 1 - cosine is what noise of its size leaves", () => {
    const random = new Random(6);
    const [d, n] = [10, 500];
    const W = rotation(random, d);
    const found = residuals(layerOf(W, gaussian(random, n, d), gaussian(random, n, d)), { lr: 0.1, decay: 1e-3 });
    for (const { value, floor } of [
      found.gradientNoise.forward,
      found.gradientNoise.backward,
      found.proportional.forward,
    ]) {
      expect(value! / floor!).toBeGreaterThan(0.7);
      expect(value! / floor!).toBeLessThan(1.4);
    }
  });
});

describe("residuals without an answer", () => {
  const random = new Random(7);
  const layer = layerOf(gaussian(random, 3, 4), gaussian(random, 20, 4), gaussian(random, 20, 3));

  it("say why", () => {
    expect(residuals(layer, { lr: 0.1, decay: 0 }).stationarity).toEqual({
      value: null,
      floor: null,
      n: 20,
      status: "no-decay",
    });
    const adam = residuals(layer, { lr: 0.1, decay: 0.1, optimizer: "adam" });
    expect(adam.sameSample.forward.status).toBe("not-sgd");
    expect(adam.proportional.forward.value).not.toBeNull();
    const { gbHa: _, ...without } = layer;
    expect(residuals(without, { lr: 0.1, decay: 0.1 }).balance.forward.status).toBe("missing-moments");
    const bad = { ...layer, b: { ...layer.b, gg: layer.b.gg!.map(() => Number.NaN) } };
    const text = JSON.stringify(residuals(bad, { lr: 0.1, decay: 0.1 }));
    expect(text).not.toContain("NaN");
    expect(residuals(bad, { lr: 0.1, decay: 0.1 }).sameSample.forward.status).toBe("not-finite");
  });

  it("refuse a bias of another length", () => {
    expect(() => residuals(layer, { lr: 0.1, decay: 0.1 }, [1, 2])).toThrow(/expected a bias of 3 values for layer/);
  });
});

describe("comparisons across steps and runs", () => {
  const points = [1e-5, 1e-4, 1e-3].map((decay) => ({ decay, noise: 7 * decay ** 1.5 }));

  it("find the exponent of the decay with its interval, from three decays on", () => {
    const { value, interval, ...counts } = decayScaling(points);
    expect(value).toBeCloseTo(1.5, 12);
    for (const end of interval!) expect(end).toBeCloseTo(1.5, 12);
    expect(counts).toEqual({ runs: 3, decays: 3 });
    const two = { value: null, interval: null, decays: 2 };
    expect(decayScaling(points.slice(1))).toEqual({ ...two, runs: 2 });
    expect(decayScaling([...points.slice(1), points[1]!, points[2]!])).toEqual({ ...two, runs: 4 });
    expect(decayScaling([points[0]!, points[0]!, { decay: 0, noise: 1 }, { decay: 1, noise: Number.NaN }])).toEqual({
      value: null,
      interval: null,
      runs: 2,
      decays: 1,
    });
  });

  it("hold the exponent within the interval in 95 % of sets of runs, however few", () => {
    const random = new Random(11);
    for (const runs of [3, 4, 5, 6, 8, 12]) {
      let inside = 0;
      const sets = 2000;
      for (let k = 0; k < sets; k++) {
        const scattered = Array.from({ length: runs }, (_, i) => {
          const decay = 10 ** (-6 + (3 * i) / (runs - 1));
          return { decay, noise: decay ** 2 * Math.exp(0.4 * random.normal()) };
        });
        const [low, high] = decayScaling(scattered).interval!;
        if (low <= 2 && 2 <= high) inside++;
      }
      expect(Math.abs(inside / sets - 0.95), `${runs} runs: ${inside}`).toBeLessThan(0.02); // four standard errors
    }
  });

  it("find the change of a matrix", () => {
    const A = gaussian(new Random(1), 3, 3);
    expect(relativeChange(A, scaled(A, 1.25)).value).toBeCloseTo(0.25, 12);
    expect(relativeChange(matrix(2, 2), matrix(2, 2)).status).toBe("zero-matrix");
  });
});

describe("irrelevant directions", () => {
  // x -> W1 x -> tanh(W2 h): four hidden directions cannot matter to two outputs.
  const random = new Random(9);
  const [n, dx, dh, dy, lr, decay] = [60, 5, 6, 2, 0.2, 0.02];
  const x = gaussian(random, n, dx);
  const y = scaled(gaussian(random, n, dy), 0.3);
  let W1 = scaled(gaussian(random, dh, dx), 0.5);
  let W2 = scaled(gaussian(random, dy, dh), 0.5);
  const forward = (h: Matrix): { f: Matrix; g: Matrix; loss: number } => {
    const f = matmul(h, transpose(W2));
    f.data.forEach((v, k) => {
      f.data[k] = Math.tanh(v);
    });
    const e = plus(f, y, -1);
    const delta = matrix(
      n,
      dy,
      e.data.map((v, k) => v * (1 - f.data[k]! ** 2)),
    );
    return { f: delta, g: matmul(delta, W2), loss: frobenius(e) ** 2 / 2 / n };
  };
  const train = (steps: number): void => {
    for (let t = 0; t < steps; t++) {
      const h = matmul(x, transpose(W1));
      const { f: delta, g } = forward(h);
      const [d1, d2] = [scaled(matmul(transpose(g), x), 1 / n), scaled(matmul(transpose(delta), h), 1 / n)];
      W1 = plus(scaled(W1, 1 - lr * decay), d1, -lr);
      W2 = plus(scaled(W2, 1 - lr * decay), d2, -lr);
    }
  };

  it("lose their variance under weight decay, and changing the representation along them changes the loss by O(eps^2)", () => {
    const measure = () => {
      const h = matmul(x, transpose(W1));
      const G = eigh(moment(forward(h).g));
      return { h, G, found: irrelevantDirections(moment(h), G) };
    };
    const before = measure().found;
    expect(before.count).toBe(dh - dy);
    expect(before.chance).toBeCloseTo(4 / 6, 12);
    expect(before.share!).toBeGreaterThan(0.2);
    train(3000);
    const { h, G, found } = measure();
    expect(found.count).toBe(dh - dy);
    expect(found.share!).toBeLessThan(1e-8);
    const loss = (direction: number, eps: number): number => {
      const moved = matrix(n, dh, h.data.slice());
      for (let i = 0; i < n; i++)
        for (let j = 0; j < dh; j++) moved.data[i * dh + j]! += eps * G.vectors.data[j * dh + direction]!;
      return forward(moved).loss - forward(h).loss;
    };
    for (let k = dy; k < dh; k++) expect(Math.abs(loss(k, 0.1))).toBeLessThan(1e-3 * 0.1 ** 2);
    // Along a relevant direction the change is of first order: halving eps halves it.
    expect(Math.abs(loss(0, 1e-3) / loss(0, 5e-4))).toBeGreaterThan(1.7);
    expect(trace(moment(h))).toBeGreaterThan(1e-3);
  });
});

describe("invariance of the outputs", () => {
  it("to a change of the inputs becomes that of the representation under weight decay, and does not without it", () => {
    // x -> W1 x -> W2 h with targets that depend on three of five inputs.
    const [dx, dh, dy, lr] = [5, 8, 3, 0.2];
    const x = signPatterns(dx);
    const random = new Random(12);
    const B = gaussian(random, dy, dx);
    for (let k = 0; k < B.data.length; k++) if (k % dx >= 3) B.data[k] = 0;
    const y = matmul(x, transpose(B));
    const starts = [scaled(gaussian(random, dh, dx), 0.5), scaled(gaussian(random, dy, dh), 0.5)] as const;
    /** Norms of the columns of W1 and of W2 W1: how h_b and f change with each input. */
    const sensitivity = (decay: number): { h: number[]; f: number[] } => {
      let [W1, W2]: [Matrix, Matrix] = [...starts];
      for (let t = 0; t < 2500; t++) {
        const h = matmul(x, transpose(W1));
        const e = plus(matmul(h, transpose(W2)), y, -1);
        const [d1, d2] = [matmul(transpose(matmul(e, W2)), x), matmul(transpose(e), h)];
        W1 = plus(scaled(W1, 1 - lr * decay), d1, -lr / x.rows);
        W2 = plus(scaled(W2, 1 - lr * decay), d2, -lr / x.rows);
      }
      const columns = (A: Matrix): number[] =>
        Array.from({ length: dx }, (_, j) =>
          Math.hypot(...Array.from({ length: A.rows }, (_r, i) => A.data[i * dx + j]!)),
        );
      return { h: columns(W1), f: columns(matmul(W2, W1)) };
    };
    const decayed = sensitivity(0.02);
    for (const j of [0, 1, 2]) expect(Math.min(decayed.h[j]!, decayed.f[j]!)).toBeGreaterThan(0.1);
    for (const j of [3, 4]) expect(Math.max(decayed.h[j]!, decayed.f[j]!)).toBeLessThan(1e-3);
    const plain = sensitivity(0);
    for (const j of [3, 4]) {
      expect(plain.f[j]).toBeLessThan(1e-3);
      expect(plain.h[j]).toBeGreaterThan(0.1);
    }
  });
});
