import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addGram, addProducts } from "../../src/linalg/products.ts";
import { productKernel } from "../../src/linalg/wasm/productKernel.ts";
import { Random } from "../../src/random/random.ts";

const values = (random: Random, n: number): Float64Array => Float64Array.from({ length: n }, () => random.normal());

/** out[p, q] + sum_i X[i, p] Y[i, q], entry by entry. */
function twin(out: Float64Array, X: Float64Array, Y: Float64Array, n: number, dx: number, dy: number): Float64Array {
  return out.map((start, k) => {
    const [p, q] = [Math.floor(k / dy), k % dy];
    let sum = start;
    for (let i = 0; i < n; i++) sum += X[i * dx + p]! * Y[i * dy + q]!;
    return sum;
  });
}

function expectClose(found: Float64Array, expected: Float64Array, n: number): void {
  let worst = 0;
  found.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(value - expected[i]!));
  });
  expect(worst).toBeLessThan(1e-13 * (n + 1)); // sums of n products of size 1, in another order
}

describe("products of blocks", () => {
  it("the vector kernel is there, and agrees with entries summed one by one, for every shape", () => {
    expect(productKernel()).not.toBeNull();
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (seed, n, dx, dy) => {
          const random = new Random(seed);
          const [X, Y, out] = [values(random, n * dx), values(random, n * dy), values(random, dx * dy)];
          const expected = twin(out, X, Y, n, dx, dy);
          addProducts(out, X, Y, n, dx, dy);
          expectClose(out, expected, n);
        },
      ),
    );
  });

  it("crosses the borders of its blocks: more than 256 rows, more than 512 columns", () => {
    const random = new Random(1);
    for (const [n, dx, dy] of [
      [257, 13, 515],
      [600, 30, 12],
      [14, 518, 13],
    ] as const) {
      const [X, Y, out] = [values(random, n * dx), values(random, n * dy), values(random, dx * dy)];
      const expected = twin(out, X, Y, n, dx, dy);
      addProducts(out, X, Y, n, dx, dy);
      expectClose(out, expected, n);
    }
  });

  it("Gram matrices are exactly symmetric and agree with the full product", () => {
    const random = new Random(2);
    for (const [n, d] of [
      [5, 40],
      [300, 41],
      [20, 530],
    ] as const) {
      const X = values(random, n * d);
      const full = new Float64Array(d * d);
      const found = new Float64Array(d * d);
      addProducts(full, X, X, n, d, d);
      addGram(found, X, n, d);
      addGram(found, X, n, d); // twice: the lower triangle is overwritten, not added to
      expectClose(
        found,
        full.map((value) => 2 * value),
        2 * n,
      );
      for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) expect(found[i * d + j]).toBe(found[j * d + i]);
    }
  });

  it("takes infinity and NaN as arithmetic does, and keeps them out of the padding", () => {
    const X = new Float64Array(13 * 13).fill(1);
    const out = new Float64Array(13 * 13);
    X[0] = Number.POSITIVE_INFINITY;
    addProducts(out, X, new Float64Array(13 * 13).fill(1), 13, 13, 13);
    expect(out[0]).toBe(Number.POSITIVE_INFINITY);
    expect(out[13]).toBe(13);
  });
});
