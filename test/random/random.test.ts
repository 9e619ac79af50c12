import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/random/random.ts";
import { fnv1a64, splitmix64, wordsFromSeed } from "../../src/random/seeding.ts";
import { beyond, edge, height, inside, layers, step } from "../../src/random/ziggurat.ts";

const draws = 1 << 20;
/** Bounds of 5 standard errors: a correct generator fails one such test in 2 million; the seeds are fixed anyway. */
const sigmas = 5;
/** Kolmogorov-Smirnov: sqrt(n) D exceeds 1.95 with probability 0.001 (Smirnov's limit law). */
const ksBound = 1.95;

/**
 * P(Z > x) for x >= 0 by the continued fraction of Mills' ratio, Laplace 1805; for |x| < 3 by the series of the
 * density.
 */
function upperTail(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x < 3) {
    let sum = x;
    let term = x;
    for (let k = 1; k < 200; k++) {
      term *= (x * x) / (2 * k + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = x;
  for (let k = 100; k > 0; k--) fraction = x + k / fraction;
  return density / fraction;
}

const cumulative = (x: number): number => (x < 0 ? upperTail(-x) : 1 - upperTail(x));

function moments(values: ArrayLike<number>): number[] {
  return [1, 2, 3, 4].map((k) => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i]! ** k;
    return sum / values.length;
  });
}

/** Standard deviation of the mean of z^k over the draws: sqrt((E z^2k - (E z^k)^2) / n). */
const standardErrors = [1, 2, 15, 96].map((variance) => Math.sqrt(variance / draws));

function expectNormal(values: Float64Array): void {
  moments(values).forEach((moment, k) => {
    expect(Math.abs(moment - [0, 1, 0, 3][k]!)).toBeLessThan(sigmas * standardErrors[k]!);
  });
  for (const x of [1, 2, 3, 3.5, 3.6541528853610088, 4, 4.5]) {
    for (const sign of [1, -1]) {
      const p = upperTail(x);
      const seen = values.reduce((count, value) => count + (sign * value > x ? 1 : 0), 0);
      expect(Math.abs(seen - draws * p)).toBeLessThan(sigmas * Math.sqrt(draws * p));
    }
  }
  const sorted = values.slice().sort();
  let distance = 0;
  sorted.forEach((value, i) => {
    const p = cumulative(value);
    distance = Math.max(distance, p - i / draws, (i + 1) / draws - p);
  });
  expect(distance * Math.sqrt(draws)).toBeLessThan(ksBound);
}

describe("the generator", () => {
  it("gives the published outputs of xoshiro128** from the state 1, 2, 3, 4", () => {
    const random = Random.fromState([1, 2, 3, 4, 0, 0, 0, 0]);
    const published = [
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ];
    expect(published.map(() => random.uint32())).toEqual(published);
  });

  it("is seeded by splitmix64, whose published outputs hold", () => {
    expect(splitmix64(1234567n, 5)).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
    // From the C sources of splitmix64 and xoshiro128** compiled together, seed 42.
    expect([...wordsFromSeed(42)]).toEqual([803958421, 3184996902, 2993090819, 686809907]);
    const random = new Random(42);
    expect([0, 0, 0, 0].map(() => random.uint32())).toEqual([1776835114, 4165204688, 17111135, 2317295270]);
  });

  it("takes numbers and bigints as seeds, modulo 2^64, and nothing else", () => {
    expect(new Random(7).state()).toEqual(new Random(7n).state());
    expect(new Random(-1).state()).toEqual(new Random(2n ** 64n - 1n).state());
    for (const seed of [0.5, Number.NaN, 2 ** 53]) expect(() => new Random(seed)).toThrow(TypeError);
  });

  it("draws uniforms in [0, 1) with the right moments and all 53 bits", () => {
    const random = new Random(11);
    const values = Float64Array.from({ length: draws }, () => random.uniform());
    expect(Math.min(...values.subarray(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    const [mean, square] = moments(values) as [number, number];
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(sigmas * Math.sqrt(1 / 12 / draws));
    expect(Math.abs(square - 1 / 3)).toBeLessThan(sigmas * Math.sqrt(4 / 45 / draws));
    expect(values.some((value) => (value * 2 ** 53) % 2 === 1)).toBe(true);
  });

  it("fills float32 uniforms between the bounds", () => {
    const out = new Float32Array(100_000);
    new Random(3).fillUniform(out, -0.25, 0.75);
    expect(out.every((value) => value >= -0.25 && value <= 0.75)).toBe(true);
    const mean = out.reduce((sum, value) => sum + value, 0) / out.length;
    expect(Math.abs(mean - 0.25)).toBeLessThan(sigmas * Math.sqrt(1 / 12 / out.length));
  });
});

describe("whole numbers and permutations", () => {
  it("below(n) is uniform", () => {
    const random = new Random(5);
    for (const n of [1, 2, 3, 10, 1000]) {
      const counts = new Float64Array(n);
      for (let i = 0; i < 100_000; i++) counts[random.below(n)]!++;
      const expected = 100_000 / n;
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      expect(chiSquare).toBeLessThan(n - 1 + sigmas * Math.sqrt(2 * n) + 5);
    }
    // Where 2^32 is far from a multiple of n, a plain remainder would draw the lower third twice as often.
    let lower = 0;
    for (let i = 0; i < 90_000; i++) if (random.below(3 * 2 ** 30) < 2 ** 30) lower++;
    expect(Math.abs(lower - 30_000)).toBeLessThan(sigmas * Math.sqrt(20_000));
  });

  it("below and permutation refuse what is no count", () => {
    const random = new Random(0);
    for (const n of [0, -1, 1.5, 2 ** 33, Number.NaN]) expect(() => random.below(n)).toThrow(RangeError);
    expect(() => random.permutation(-1)).toThrow(RangeError);
  });

  it("a permutation holds every index once", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 300 }), (seed, n) => {
        expect([...new Random(seed).permutation(n)].sort((i, j) => i - j)).toEqual(
          Array.from({ length: n }, (_, i) => i),
        );
      }),
    );
  });

  it("every order of four is equally likely", () => {
    const random = new Random(9);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.permutation(4).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(sigmas * Math.sqrt(1000));
  });
});

describe("normals", () => {
  it("the layers of the ziggurat have equal area and close at the top", () => {
    for (let i = 1; i < layers; i++)
      expect(edge[i]! * (height[i + 1]! - height[i]!)).toBeCloseTo(0.00492867323397466, 14);
    expect(edge[layers]).toBe(0);
    expect(upperTail(edge[1]!) * Math.sqrt(2 * Math.PI) + edge[1]! * height[1]!).toBeCloseTo(0.00492867323397466, 14);
  });

  it("filled float32 normals have the moments, tails and distribution of N(0, 1)", () => {
    const out = new Float32Array(draws);
    new Random(2024).fillNormal(out);
    expectNormal(Float64Array.from(out));
  });

  it("single normals have the moments, tails and distribution of N(0, 1)", () => {
    const random = new Random(2025);
    expectNormal(Float64Array.from({ length: draws }, () => random.normal()));
  });

  it("successive normals are uncorrelated, in value and in size", () => {
    const out = new Float32Array(draws);
    new Random(6).fillNormal(out);
    for (const lag of [1, 2, 3, 4, 100]) {
      let product = 0;
      let sizes = 0;
      for (let i = lag; i < draws; i++) {
        product += out[i]! * out[i - lag]!;
        sizes += (out[i]! ** 2 - 1) * (out[i - lag]! ** 2 - 1);
      }
      expect(Math.abs(product / draws)).toBeLessThan(sigmas / Math.sqrt(draws));
      expect(Math.abs(sizes / draws)).toBeLessThan((sigmas * 2) / Math.sqrt(draws));
    }
  });

  it("the fast fill equals the plain ziggurat, draw by draw", () => {
    const out = new Float32Array(200_000);
    const fast = new Random(77);
    fast.fillNormal(out, 0.5);
    const plain = new Random(77);
    const twin = out.map(() => {
      for (;;) {
        const draw = plain.uint32();
        const layer = draw % 256;
        const signed = Math.floor(draw / 256) - (draw >= 2 ** 31 ? 2 ** 24 : 0) + 0.5;
        const x = Math.abs(signed) * step[layer]!;
        const value = Math.abs(signed) - 0.5 < inside[layer]! ? x : beyond(layer, x, () => plain.uniform());
        if (value >= 0) return Math.sign(signed) * value * 0.5;
      }
    });
    expect(out).toEqual(twin);
    expect(fast.state()).toEqual(plain.state());
  });
});

describe("state and streams", () => {
  const use = (random: Random): number[] => {
    const normals = new Float32Array(37);
    random.fillNormal(normals);
    return [
      random.uniform(),
      random.normal(),
      random.below(10),
      ...normals,
      ...random.permutation(9),
      random.split("x").uint32(),
    ];
  };

  it("a restored state continues every kind of draw, bit for bit", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }), fc.nat(50), (seed, before) => {
        const random = new Random(seed).split("child");
        for (let i = 0; i < before; i++) random.normal();
        const state = random.state();
        const expected = use(random);
        expect(use(Random.fromState(state))).toEqual(expected);
        expect(use(Random.fromState([...state]))).toEqual(expected);
      }),
    );
  });

  it("a saved state is a copy", () => {
    const random = new Random(1);
    const state = random.state();
    const saved = [...state];
    const restored = Random.fromState(state);
    random.uint32();
    restored.uint32();
    expect([...state]).toEqual(saved);
  });

  it("a state that is none is refused", () => {
    expect(() => Random.fromState([1, 2, 3, 4])).toThrow("expected 8 unsigned 32-bit words, got 4 values");
    expect(() => Random.fromState(new Uint32Array(8))).toThrow("all zeros");
    expect(() => Random.fromState([-1, 2, 3, 4, 5, 6, 7, 8])).toThrow(RangeError);
  });

  it("a child stream depends on seed and label alone", () => {
    const parent = new Random(4);
    const before = parent.split("data").uint32();
    for (let i = 0; i < 10; i++) parent.normal();
    expect(parent.split("data").uint32()).toBe(before);
    const state = parent.state();
    parent.split("other");
    expect(parent.state()).toEqual(state);
  });

  it("streams of different labels, paths and seeds are unrelated", () => {
    const root = new Random(4);
    const streams = [
      root,
      root.split("a"),
      root.split("b"),
      root.split(""),
      root.split("a").split("b"),
      root.split("b").split("a"),
    ];
    streams.push(root.split("ab"), new Random(5), new Random(5).split("a"));
    const n = 20_000;
    const values = streams.map((stream) => Float64Array.from({ length: n }, () => stream.normal()));
    for (let i = 0; i < values.length; i++)
      for (let j = 0; j < i; j++) {
        const product = values[i]!.reduce((sum, value, k) => sum + value * values[j]![k]!, 0);
        expect(Math.abs(product) / Math.sqrt(n)).toBeLessThan(sigmas);
      }
  });

  it("labels are hashed by FNV-1a, whose published values hold", () => {
    expect(fnv1a64("")).toBe(0xcbf29ce484222325n);
    expect(fnv1a64("a")).toBe(0xaf63dc4c8601ec8cn);
    expect(fnv1a64("foobar")).toBe(0x85944171f73967e8n);
  });
});
