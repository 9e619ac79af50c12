import { describe, expect, test } from "vitest";
import { eigvalsh } from "../../src/linalg/eigvalsh.ts";
import { KrylovBasis } from "../../src/linalg/krylovBasis.ts";
import { type Matrix, matrix } from "../../src/linalg/matrix.ts";
import { multiplyHere } from "../../src/linalg/products.ts";

const [n, w] = [200, 16];

/** H diag(values) H with the reflection H = I - (2 / n) 1 1^T. */
function planted(value: (i: number) => number): Matrix {
  const values = Array.from({ length: n }, (_, i) => value(i));
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const A = matrix(n, n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      A.data[i * n + j] = (i === j ? values[i]! : 0) - (2 / n) * (values[i]! + values[j]! - 2 * mean);
  return A;
}

async function grown(A: Matrix, blocks: number): Promise<KrylovBasis> {
  const basis = new KrylovBasis(A, { scale: 1, w, most: blocks, multiply: multiplyHere });
  while (basis.blocks < blocks) await basis.grow();
  return basis;
}

describe("the matrix on the space", () => {
  test("has the eigenvalues of the whole once the space is everything that A reaches", async () => {
    const [A, blocks] = [planted((i) => (i < 40 ? 1 / (1 + i) : 0)), 4];
    const [found, all] = [eigvalsh((await grown(A, blocks)).projected()), eigvalsh(A)];
    for (let i = 0; i < blocks * w; i++) expect(found[i]).toBeCloseTo(all[i]!, 12);
  });

  test("is known to be the whole's where A takes no vector out of the space", async () => {
    const A = planted((i) => (i < 40 ? 1 / (1 + i) : 0));
    const bases = await Promise.all([1, 2, 3, 4].map((blocks) => grown(A, blocks)));
    expect(bases.map(({ isClosed }) => isClosed)).toEqual([false, false, false, true]);
  });

  test("is block tridiagonal, and its eigenvalues lie within those of A", async () => {
    const T = (
      await grown(
        planted((i) => (1 + i) ** -0.5),
        5,
      )
    ).projected();
    expect(T.data[2 * w]).toBe(0);
    expect(T.data[w]).not.toBe(0);
    const found = eigvalsh(T);
    expect(found[0]).toBeLessThanOrEqual(1 + 1e-12);
    expect(found.at(-1)).toBeGreaterThanOrEqual(n ** -0.5 - 1e-12);
  });
});

describe("the largest eigenvalue outside of the space", () => {
  test("shows copies of an eigenvalue that the space has too few columns for", async () => {
    const basis = await grown(
      planted((i) => (i < 60 ? 1 : 0.1)),
      2,
    );
    expect(await basis.largestOutside()).toBeGreaterThan(0.9);
  });

  test("is no larger than what is left once the space holds the rest", async () => {
    const basis = await grown(
      planted((i) => (i < 30 ? 1 : 1e-3)),
      4,
    );
    const outside = await basis.largestOutside();
    expect(outside).toBeLessThanOrEqual(1e-3 * (1 + 1e-9));
    expect(outside).toBeGreaterThan(0.9e-3);
  });
});
