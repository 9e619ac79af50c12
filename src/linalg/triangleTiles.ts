/** @file The order in which a symmetric matrix is visited when entries (i, j) and (j, i) are needed together. */

/** chosen: two tiles of 32 by 32 float64 (16 KB) fit a first-level cache. */
const tileSide = 32;

/**
 * Rows `top` to `bottom` - 1 of the lower triangle, of columns `left` to `right` - 1 those up to the diagonal: j <= i.
 */
export type VisitTile = (top: number, bottom: number, left: number, right: number) => void;

/**
 * Covers the lower triangle of a (d, d) matrix with square tiles, so that a tile and its mirror image stay in the
 * cache.
 */
export function lowerTiles(d: number, visit: VisitTile): void {
  for (let top = 0; top < d; top += tileSide)
    for (let left = 0; left <= top; left += tileSide)
      visit(top, Math.min(d, top + tileSide), left, Math.min(d, left + tileSide));
}

/** Copies the lower triangle of a (d, d) row-major matrix over the upper one, in place. */
export function mirrorLower(data: Float64Array, d: number): void {
  lowerTiles(d, (top, bottom, left, right) => {
    for (let j = left; j < right; j++) {
      const row = j * d; // written in one go: rows whose distance is a power of two crowd each other out of the cache
      for (let i = Math.max(top, j + 1); i < bottom; i++) data[row + i] = data[i * d + j]!;
    }
  });
}

/** Makes a (d, d) row-major matrix symmetric, in place: (A + A^T) / 2. */
export function averageTriangles(data: Float64Array, d: number): void {
  lowerTiles(d, (top, bottom, left, right) => {
    for (let i = top; i < bottom; i++) {
      const end = Math.min(right, i);
      for (let j = left; j < end; j++) data[j * d + i] = data[i * d + j] = (data[i * d + j]! + data[j * d + i]!) / 2;
    }
  });
}
