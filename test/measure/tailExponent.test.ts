import { describe, expect, it } from "vitest";
import { tailExponent } from "../../src/measure/tailExponent.ts";
import { exponentialTail, lognormalTail, vuong } from "../../src/measure/tailRivals.ts";
import { Random } from "../../src/random/random.ts";

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
    expect(tailExponent(new Array(50).fill(2)).status).toBe("constant-matrix");
    expect(tailExponent([...new Array(50).fill(2), Number.NaN]).status).toBe("not-finite");
    expect(tailExponent([...new Array(50).fill(0), 1]).n).toBe(1);
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
    // Cut off far below its middle, a lognormal of ln-mean 0 and ln-sd 0.5 has the mean log density -ln x - ln(0.5 sqrt(2 pi)) - 1/2.
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
