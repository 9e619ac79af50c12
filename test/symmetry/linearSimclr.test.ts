import { describe, expect, it } from "vitest";
import { Random } from "../../src/random/random.ts";
import { linearSimclr } from "../../src/symmetry/linearSimclr.ts";
import { minimise } from "./cases.ts";

/** What descent leaves of a minimum. */
const BRUTE = 1e-8;

describe("linearSimclr", () => {
  it("has the norms where descent on the expanded loss ends, and collapses by the signal alone", () => {
    for (const penalty of [0, 0.4, 1.1])
      for (const temperature of [0.5, 1, 2])
        for (const [signal, augmentation] of [
          [1, 0.5],
          [0.3, 0.1],
          [3, 4],
        ] as const) {
          const s2 = ((signal + augmentation) / temperature) ** 2;
          const [w = 0] = minimise(
            ([w = 0]) => ({
              value: (penalty - signal / temperature) * w * w + (s2 / 2) * w ** 4,
              gradient: [2 * (penalty - signal / temperature) * w + 2 * s2 * w ** 3],
            }),
            [[0.5], [-1]],
          );
          const [mode] = linearSimclr([{ signal, augmentation }], { penalty, temperature });
          expect(Math.abs(mode!.squaredNorm - w * w)).toBeLessThan(BRUTE);
          expect(mode!.kept).toBe(signal > penalty * temperature);
          expect(mode!.kept).toBe(mode!.squaredNorm > 0);
        }
  });

  it("expands InfoNCE: for small W the loss itself falls by the first two terms", () => {
    // one mode, Gaussian signal and augmentations, loss -s + log E over negatives of e^s', by quadrature over samples
    const random = new Random(2);
    const [a, c, n] = [1, 0.5, 1500];
    const views = Array.from({ length: n }, () => {
      const x = Math.sqrt(a) * random.normal();
      return [x + Math.sqrt(c) * random.normal(), x + Math.sqrt(c) * random.normal()] as const;
    });
    const square = (of: (pair: readonly [number, number]) => number) =>
      views.reduce((sum, pair) => sum + of(pair), 0) / n;
    const [shared, first, second] = [square(([x, y]) => x * y), square(([x]) => x * x), square(([, y]) => y * y)];
    const mean = square(([x]) => x) * square(([, y]) => y);
    for (const q of [0.01, 0.02]) {
      let loss = -q * shared;
      for (const [x] of views) loss += Math.log(views.reduce((sum, [, y]) => sum + Math.exp(q * x * y), 0) / n) / n;
      // sample moments in place of a and s^2, so that only higher orders of q are left
      expect(Math.abs(loss - (-q * (shared - mean) + (q * q * first * second) / 2))).toBeLessThan(0.02 * q * q);
      expect(shared).toBeCloseTo(a, 0);
      expect(first * second).toBeCloseTo((a + c) ** 2, 0);
    }
  });

  it("refuses what is no variance", () => {
    const options = { penalty: 0.1 };
    expect(() => linearSimclr([{ signal: -1, augmentation: 1 }], options)).toThrow(
      "linearSimclr: expected signal of at least 0, got -1; it is a variance",
    );
    expect(() => linearSimclr([{ signal: 0, augmentation: 0 }], options)).toThrow("leave out modes without variance");
    expect(() => linearSimclr([], { penalty: -1 })).toThrow("expected penalty of at least 0, got -1");
    expect(() => linearSimclr([], { penalty: 0, temperature: 0 })).toThrow("expected temperature above 0, got 0");
  });
});
