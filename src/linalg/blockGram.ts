/**
 * @file Z = W^T W or W W^T of a large map by blocks, with a given fast product.
 */
import { gram, type Matrix, matrix, transpose } from "./matrix.ts";
import type { Multiply } from "./products.ts";
import { mirrorLower } from "./triangleTiles.ts";

/** chosen: multiplications that take some ten milliseconds here, about the latency of an engine's product. */
const WORTH_ASKING = 1e8;

/** chosen: columns multiplied at a time; more are not faster in an engine. */
const BLOCK_COLUMNS = 512;

/**
 * As `gram`, with large products by `multiply`   (theory.md Eq. 4).
 *
 * @param W (dOut, dIn)
 * @returns (dIn, dIn) for side "a", (dOut, dOut) for side "b"; exactly symmetric
 */
export async function gramBy(multiply: Multiply, W: Matrix, side: "a" | "b"): Promise<Matrix> {
  const d = side === "a" ? W.cols : W.rows;
  if (W.data.length * d < WORTH_ASKING) return gram(W, side);
  const Z = matrix(d, d);
  await eachLowerBlock(multiply, W, side, (found, { top, left, width }) => {
    for (let row = 0; row * width < found.length; row++)
      Z.data.set(found.subarray(row * width, (row + 1) * width), (top + row) * d + left);
  });
  mirrorLower(Z.data, d);
  return Z;
}

/** |W W^T| = |W^T W|; the larger of the two is never formed. */
export async function gramNorm(multiply: Multiply, W: Matrix): Promise<number> {
  const side = W.rows <= W.cols ? "b" : "a";
  const squares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
  if (W.data.length * Math.min(W.rows, W.cols) < WORTH_ASKING) return Math.sqrt(squares(gram(W, side).data));
  let sum = 0;
  await eachLowerBlock(multiply, W, side, (found, { top, left }) => {
    sum += (top === left ? 1 : 2) * squares(found);
  });
  return Math.sqrt(sum);
}

/** A block of rows from `top` on, with `width` columns from `left` on. */
interface Place {
  readonly top: number;
  readonly left: number;
  readonly width: number;
}

/** Yields the blocks of the lower triangle of Z, diagonal blocks whole. */
async function eachLowerBlock(
  multiply: Multiply,
  W: Matrix,
  side: "a" | "b",
  visit: (block: Float64Array, place: Place) => void,
): Promise<void> {
  const [n, d] = side === "a" ? [W.rows, W.cols] : [W.cols, W.rows];
  const columns = (from: number) => columnsOf(W, side, from, Math.min(d, from + BLOCK_COLUMNS));
  for (let top = 0; top < d; top += BLOCK_COLUMNS) {
    const X = columns(top);
    for (let left = 0; left <= top; left += BLOCK_COLUMNS) {
      const Y = left === top ? X : columns(left);
      visit(await multiply({ X: X.data, Y: Y.data, n, dx: X.cols, dy: Y.cols }), { top, left, width: Y.cols });
    }
  }
}

/** Columns of W for side "a", rows of W as columns for side "b". */
function columnsOf({ rows, cols, data }: Matrix, side: "a" | "b", from: number, to: number): Matrix {
  if (side === "b") return transpose(matrix(to - from, cols, data.subarray(from * cols, to * cols)));
  const block = matrix(rows, to - from);
  for (let i = 0; i < rows; i++) block.data.set(data.subarray(i * cols + from, i * cols + to), i * (to - from));
  return block;
}
