/**
 * @file Sums of the wide side of a map, accumulated in the fewer coordinates of its narrow side and transformed after
 * the last batch: of h_b, plain and normalized, if W widens, of g_a if it narrows. The transform preserves norms.
 */
import type { ArrayPool } from "../../linalg/arrayPool.ts";
import { type Matrix, matmul, matrix, transpose } from "../../linalg/matrix.ts";
import { mirrorLower } from "../../linalg/triangleTiles.ts";
import type { LayerMoments, Side } from "../moments.ts";
import { changeBasis, type SumProducts } from "./changeOfBasis.ts";
import { emptyRowSums, type RowSums } from "./rowSums.ts";

/** Sums of coordinates y, whose rows are x = y Q. */
export interface DeferredSums {
  readonly side: Side;
  readonly Q: Matrix;
  readonly plain: RowSums;
  readonly normalized: RowSums;
}

export function emptyDeferred(side: Side, Q: Matrix): DeferredSums {
  return { side, Q, plain: emptyRowSums(Q.rows), normalized: emptyRowSums(Q.rows) };
}

/** The sums by the names of addMomentNodes. */
export function deferredRows({ side, plain, normalized }: DeferredSums): Readonly<Record<string, RowSums>> {
  return side === "a" ? { ga: plain, gan: normalized } : { hb: plain, hbn: normalized };
}

/**
 * Adds deferred sums to those of one group, whose columns are already in the order of W and whose other sums are
 * complete.
 */
export async function addDeferred(
  { n, a, b }: LayerMoments,
  { side, Q, plain, normalized }: DeferredSums,
  products: SumProducts,
): Promise<void> {
  const [sums, normalizedSums] =
    side === "a"
      ? [
          { sum: a!.gSum!, gram: a!.gg! },
          { sum: a!.gnSum!, gram: a!.gngn! },
        ]
      : [
          { sum: b.hSum!, gram: b.hh! },
          { sum: b.hnSum!, gram: b.hnhn! },
        ];
  await changeBasis(sums, plain, Q, n, products);
  await changeBasis(normalizedSums, normalized, Q, n, products);
  for (const { gram, sum } of [sums, normalizedSums]) mirrorLower(gram, sum.length);
}

/** Adds the cross moments of both sides from sum g_b h_a^T; call after addDeferred. */
export async function addCrossMoments(layer: LayerMoments, products: SumProducts, memory: ArrayPool): Promise<void> {
  const { n, a, b, W, gbHa } = layer;
  if (a === undefined || W === undefined || gbHa === undefined) return;
  a.gh = memory.zeros(a.d * a.d);
  b.gh = memory.zeros(b.d * b.d);
  if (n === 0) return;
  const centred = matrix(b.d, a.d, gbHa.slice());
  addOuter(centred.data, b.gSum!, a.hSum!, -n);
  const Wt = transpose(W);
  a.gh.set(await products.product(Wt, centred));
  b.gh.set(await products.product(centred, Wt));
  addOuter(a.gh, matmul(matrix(1, b.d, b.gSum), W).data, a.hSum!, n);
  addOuter(b.gh, b.gSum!, b.hSum!, n);
}

/** Adds x y^T / n. */
function addOuter(into: Float64Array, x: Float64Array, y: Float64Array, n: number): void {
  for (let i = 0; i < x.length; i++) {
    const share = x[i]! / n;
    for (let j = 0; j < y.length; j++) into[i * y.length + j]! += share * y[j]!;
  }
}
