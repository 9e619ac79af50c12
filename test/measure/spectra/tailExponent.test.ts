import { describe, expect, it } from "vitest";
import { eigh } from "../../../src/linalg/eigh.ts";
import { eigvalsh } from "../../../src/linalg/eigvalsh.ts";
import { gram, type Matrix, matmul, matrix } from "../../../src/linalg/matrix.ts";
import { spectrumRecord } from "../../../src/measure/spectra/layerSpectra.ts";
import { tailExponent } from "../../../src/measure/spectra/tailExponent.ts";
import { exponentialTail, lognormalTail, vuong } from "../../../src/measure/spectra/tailRivals.ts";
import { Random } from "../../../src/random/random.ts";

const draw = (seed: number, n: number, one: (random: Random) => number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: n }, () => one(random));
};
const pareto = (alpha: number) => (random: Random) => (1 - random.uniform()) ** (-1 / (alpha - 1));
const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

describe("tailExponent", () => {
  it("has the planted exponent in its interval in most of 20 seeds, and finds the law plausible", () => {
    let covered = 0;
    let plausible = 0;
    for (let seed = 0; seed < 20; seed++) {
      const found = tailExponent(draw(seed, 300, pareto(2.5)), { replicates: 40, seed });
      if (found.interval![0] <= 2.5 && 2.5 <= found.interval![1]) covered++;
      if (found.plausibility! >= 0.1) plausible++;
    }
    expect(covered).toBeGreaterThanOrEqual(17);
    expect(plausible).toBeGreaterThanOrEqual(15);
  });

  it("finds where a tail begins", () => {
    const values = [...draw(1, 500, pareto(3)).map((value) => 10 * value), ...draw(2, 500, (r) => 10 * r.uniform())];
    const found = tailExponent(values, { replicates: 20 });
    expect(found.xMin!).toBeGreaterThan(7);
    expect(found.xMin!).toBeLessThan(16);
    expect(found.value!).toBeCloseTo(3, 0);
  });

  it("rejects exponential and half-normal values, by distance or by rival", () => {
    for (const one of [
      (random: Random) => -Math.log(1 - random.uniform()) + 1,
      (random: Random) => Math.abs(random.normal()) + 1,
    ]) {
      const { plausibility, against } = tailExponent(draw(3, 2000, one), { replicates: 40 });
      const lost = against!.exponential.ratio < 0 || against!.lognormal.ratio < 0;
      expect(plausibility! < 0.1 || lost).toBe(true);
    }
  });

  it("scales with its values, repeats itself, and holds no NaN", () => {
    const values = draw(5, 200, pareto(2));
    const found = tailExponent(values);
    expect(tailExponent(values)).toEqual(found);
    expect(tailExponent(values.map((value) => value * 2 ** 40)).value).toBeCloseTo(found.value!, 9);
    expect(JSON.stringify(found)).not.toMatch(/null|NaN/);
  });

  it("says why there is none", () => {
    expect(tailExponent([1, 2, 3]).status).toBe("too-few-values");
    expect(tailExponent(new Array(50).fill(2)).status).toBe("flat-spectrum");
    expect(tailExponent([...new Array(50).fill(2), Number.NaN]).status).toBe("not-finite");
    expect(tailExponent([...new Array(50).fill(0), 1]).n).toBe(1);
  });

  it("has values for all laws that it can tell over a decade, with the truth in their intervals", () => {
    for (const alpha of [1.5, 2, 3]) {
      let covered = 0;
      let valued = 0;
      for (let seed = 0; seed < 20; seed++) {
        const { value, interval, decades } = tailExponent(draw(seed, 300, pareto(alpha)), { replicates: 40, seed });
        if (value === null) continue;
        valued++;
        expect(decades).toBeGreaterThanOrEqual(1);
        if (interval![0] <= alpha && alpha <= interval![1]) covered++;
      }
      // of 300 values with alpha 3 some do not span a decade
      expect(valued).toBeGreaterThanOrEqual(alpha < 3 ? 20 : 17);
      expect(covered / valued).toBeGreaterThanOrEqual(0.85);
    }
  });

  it("says over how many decades the tail goes", () => {
    const found = tailExponent(draw(5, 200, pareto(2)));
    expect(found.decades).toBeCloseTo(Math.log10(Math.max(...draw(5, 200, pareto(2))) / found.xMin!), 12);
  });

  it("is null under one decade: a bulk, its edge, an exponential, a narrow lognormal", () => {
    const wishart = gram(matrix(200, 200, Float64Array.from(draw(1, 40_000, (r) => r.normal()))), "a");
    for (const values of [
      draw(1, 300, (r) => 1 + r.uniform()),
      Array.from(eigvalsh(wishart)).slice(0, 180),
      draw(2, 300, (r) => -Math.log(1 - r.uniform())),
      draw(3, 300, (r) => Math.exp(0.3 * r.normal())),
    ]) {
      const found = tailExponent(values, { replicates: 40 });
      expect(found).toMatchObject({ value: null, interval: null, status: "under-one-decade" });
      expect(found.decades).toBeGreaterThan(0);
      expect(found.decades).toBeLessThan(1);
    }
  });

  it("never counts rounding as values: equal levels, clusters, low rank", () => {
    for (const rounding of [0, 1e-16, 1e-8, 1e-7]) {
      const random = new Random(7);
      const levels = (of: number[], each: number) =>
        of.flatMap((level) => Array.from({ length: each }, () => level + rounding * random.normal()));
      expect(tailExponent(levels([3], 120)).status).toBe("flat-spectrum");
      expect(tailExponent(levels([1, 2], 60)).status).toBe("too-few-values");
      expect(tailExponent(levels([1, 2, 3, 4], 30)).status).toBe("too-few-values");
      expect(tailExponent(levels([1, 0.1, 0.01], 40)).status).toBe("too-few-values");
      const lowRank = tailExponent([...levels([1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005], 1), ...levels([0], 112)]);
      expect(lowRank).toMatchObject({ value: null, n: 8, status: "too-few-values" });
    }
  });

  it("leaves out what is at or below the floor, and takes values nearer than the resolution for one", () => {
    const values = draw(5, 200, pareto(2));
    const floor = values.toSorted((x, y) => x - y)[99]!;
    expect(tailExponent(values, { floor }).n).toBe(100);
    expect(tailExponent(values, { floor: 1e9 }).status).toBe("too-few-values");
    expect(tailExponent(values, { resolution: 1e9 }).status).toBe("flat-spectrum");
  });
});

describe("the tail of a spectrum", () => {
  const tailOf = (A: Matrix, n: number | "weights") => spectrumRecord(A, n, "full", undefined).tailExponent!;
  const rows = (n: number, d: number, scale: (j: number) => number, seed = 1): Matrix => {
    const random = new Random(seed);
    const X = matrix(n, d);
    for (let k = 0; k < n * d; k++) X.data[k] = Math.fround(random.normal() * scale(k % d));
    return X;
  };

  it("counts values above the noise floor alone: none of isotropic rows, C - 1 of a classifier's gradients", () => {
    expect(
      tailOf(
        gram(
          rows(1000, 100, () => 1),
          "a",
        ),
        1000,
      ),
    ).toMatchObject({ n: 0, status: "too-few-values" });
    const logits = rows(1000, 10, () => 1);
    for (let i = 0; i < 1000; i++) {
      const mean = logits.data.subarray(i * 10, (i + 1) * 10).reduce((total, value) => total + value / 10, 0);
      for (let j = 0; j < 10; j++) logits.data[i * 10 + j]! -= mean;
    }
    const found = tailOf(
      gram(
        matmul(
          logits,
          rows(10, 60, (j) => (j + 1) ** -1, 2),
        ),
        "a",
      ),
      1000,
    );
    expect(found.n).toBeLessThanOrEqual(9);
    expect(found.status).toBe("too-few-values");
  });

  it("has the exponent 1 + 1/s of eigenvalues k^-s", () => {
    for (const [s, d] of [
      [1, 100],
      [2, 300],
    ] as const) {
      const { value, interval, decades } = tailOf(
        gram(
          rows(5000, d, (j) => (j + 1) ** (-s / 2)),
          "a",
        ),
        5000,
      );
      expect(Math.abs(value! - (1 + 1 / s))).toBeLessThan(0.1);
      expect(interval![0]).toBeLessThan(1 + 1 / s);
      expect(decades).toBeGreaterThan(1);
    }
  });

  it("takes levels of eigenvalues that differ by float32's rounding of the weights for what they are", () => {
    const d = 120;
    const turn = eigh(
      gram(
        rows(200, d, () => 1),
        "a",
      ),
    ).vectors;
    for (const size of [
      (_: number) => 1,
      (j: number) => 1 + (j % 2),
      (j: number) => 2 ** (j % 4),
      (j: number) => 30 ** -(j % 3),
    ]) {
      const W = matrix(
        d,
        d,
        turn.data.map((value, k) => Math.fround(value * size(Math.floor(k / d)))),
      );
      const found = tailOf(gram(W, "a"), "weights");
      expect(found.value).toBeNull();
      expect(["flat-spectrum", "too-few-values"]).toContain(found.status);
    }
  });
});

describe("rivals of the power law", () => {
  it("the lognormal is never worse than the power law, and is found among lognormal values", () => {
    for (const [seed, one] of [
      [1, pareto(2.2)],
      [2, (random: Random) => 1 + Math.exp(random.normal())],
      [3, (random: Random) => 1 + random.uniform()],
    ] as const) {
      const tail = Float64Array.from(draw(seed, 400, one)).sort();
      const xMin = tail[0]!;
      const alpha = 1 + tail.length / tail.reduce((total, value) => total + Math.log(value / xMin), 0);
      const law = tail.map((value) => Math.log((alpha - 1) / xMin) - alpha * Math.log(value / xMin));
      const lognormal = lognormalTail(tail, xMin);
      expect(sum(lognormal)).toBeGreaterThanOrEqual(sum(law) - 1e-6);
      if (seed > 1) expect(vuong(law, lognormal).p).toBeLessThan(1e-3);
      else expect(vuong(law, lognormal).p).toBeGreaterThan(0.05);
    }
  });

  it("the lognormal has the parameters that it was drawn with", () => {
    // Cut off far below its middle, a lognormal of ln-mean 0 and ln-sd 0.5 has the mean log density -ln x - ln(0.5
    // sqrt(2 pi)) - 1/2.
    const values = Float64Array.from(draw(6, 20_000, (random) => Math.exp(0.5 * random.normal()))).sort();
    const xMin = Math.exp(-3);
    const logs = lognormalTail(values, xMin);
    const expected = -sum(values.map(Math.log)) / values.length - Math.log(0.5 * Math.sqrt(2 * Math.PI)) - 0.5;
    expect(sum(logs) / values.length).toBeCloseTo(expected, 2);
    expect(exponentialTail(Float64Array.of(1, 3), 1)[1]).toBeCloseTo(-2, 12);
  });

  it("Vuong's p is that of the normal distribution", () => {
    const zeros = new Float64Array(4);
    const at = (ratio: number): number =>
      vuong(Float64Array.of(ratio / 2 + 1, ratio / 2 - 1, ratio / 2 + 1, ratio / 2 - 1), zeros).p;
    expect(at(1.96)).toBeCloseTo(0.04999579, 7);
    expect(at(4)).toBeCloseTo(6.334248e-5, 10);
    expect(at(0)).toBe(1);
    expect(vuong(zeros, zeros)).toEqual({ ratio: 0, p: 1 });
  });
});
