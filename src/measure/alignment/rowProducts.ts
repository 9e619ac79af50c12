/**
 * @file Sums over the products of all pairs of rows, t_ij = x_i . y_j. The inner product of two second moments is such
 * a sum (theory.md Eqs. 2, 8, 83):
 *
 *     <A, B> = sum_ij ((f_i x_i - m) . (f'_j y_j - m'))^2 / (p q)
 *
 * for p rows x of A and q rows y of B with their factors f and means m.
 *
 * Products are made a block of rows at a time and added up for all conventions at once. Sums are kept by pairs of row
 * groups, so that any group can be left out afterwards. No (n, n) matrix is stored.
 */
import { addProducts, type Multiply } from "../../linalg/products.ts";

/** Rows of any kind, (n, width) row-major. */
export interface Rows {
  readonly n: number;
  readonly width: number;
  readonly data: Float32Array | Float64Array;
}

/** Which rows count in a convention, and the factor of each: 0 where it does not count. */
export interface Weighting {
  readonly factor: Float64Array;
  readonly isCentred: boolean;
  /** Rows that count, by group. */
  readonly counts: readonly number[];
}

/** Groups of consecutive rows: from bounds[g] to bounds[g + 1]. */
export type Bounds = readonly number[];

export function countOf({ counts }: Weighting, without?: number): number {
  return counts.reduce((sum, count, g) => (g === without ? sum : sum + count), 0);
}

/** Rows of a block. chosen: blocks of products of 2 MB. */
const BLOCK_ROWS = 512;
/** chosen: number of multiplications from which the engine makes the product. */
const WORTH_ASKING = 1e7;

/** X^T Y in float64, made here where it is small. */
export async function productOf(
  multiply: Multiply,
  X: Float64Array,
  Y: Float64Array,
  n: number,
  dx: number,
  dy: number,
): Promise<Float64Array> {
  if (n * dx * dy >= WORTH_ASKING) return await multiply({ X, Y, n, dx, dy });
  const out = new Float64Array(dx * dy);
  addProducts(out, X, Y, n, dx, dy);
  return out;
}

/** Bounds of the blocks that n rows are cut into. */
export function* blocksOf(n: number): Iterable<readonly [number, number]> {
  for (let from = 0; from < n; from += BLOCK_ROWS) yield [from, Math.min(n, from + BLOCK_ROWS)];
}

/** chosen: cache lines that are written in turn. */
const TILE = 32;

/** Some rows as columns (width, to - from), in float64. */
export function columnsOf({ width, data }: Rows, from: number, to: number): Float64Array {
  const count = to - from;
  const out = new Float64Array(width * count);
  for (let top = 0; top < count; top += TILE)
    for (let left = 0; left < width; left += TILE) {
      const [bottom, right] = [Math.min(count, top + TILE), Math.min(width, left + TILE)];
      for (let i = top; i < bottom; i++) {
        const row = (from + i) * width;
        for (let j = left; j < right; j++) out[j * count + i] = data[row + j]!;
      }
    }
  return out;
}

/** (width) for each group the sum of its rows times their factors */
export function groupSums({ width, data }: Rows, { factor }: Weighting, bounds: Bounds): Float64Array[] {
  return bounds.slice(1).map((end, g) => {
    const sum = new Float64Array(width);
    for (let i = bounds[g]!; i < end; i++) {
      const f = factor[i]!;
      if (f === 0) continue;
      const row = i * width;
      for (let j = 0; j < width; j++) sum[j]! += f * data[row + j]!;
    }
    return sum;
  });
}

/**
 * chosen: rows that are also stored as columns, in float64; with more rows each block is transposed again for every
 * other block.
 */
const HELD_BYTES = 2 ** 27;

/** Blocks of rows as columns. */
function turning(rows: Rows): (from: number, to: number) => Float64Array {
  if (8 * rows.n * rows.width > HELD_BYTES) return (from, to) => columnsOf(rows, from, to);
  const known = new Map<number, Float64Array>();
  return (from, to) => {
    const found = known.get(from) ?? columnsOf(rows, from, to);
    known.set(from, found);
    return found;
  };
}

/** Sums over the products of one convention, of rows centred where the convention centres. */
export interface ProductSums {
  readonly x: Weighting;
  readonly y: Weighting;
  /** (groups, groups) of squares, by the groups of x and y */
  readonly squares: Float64Array;
  /** (n, groups) of each row of x over the rows of y by group */
  readonly ofRows: Float64Array;
  /** (groups, m) of each row of y over the rows of x by group */
  readonly ofColumns: Float64Array;
}

/** Centring of the products of a convention: f_i f'_j t_ij - shiftX_i counts_j - shiftY_j. */
interface Shifted extends ProductSums {
  readonly shiftX: Float64Array;
  readonly shiftY: Float64Array;
  readonly isIn: Float64Array;
}

/**
 * The sums over all products of rows of x with rows of y, for each pair of weightings.
 *
 * @param y undefined where it equals x; then only half of the products are made
 * @returns in the order of the pairs
 *
 * O(n m width)
 */
export async function productSums(
  multiply: Multiply,
  x: Rows,
  y: Rows | undefined,
  pairs: readonly { readonly x: Weighting; readonly y: Weighting }[],
  bounds: Bounds,
): Promise<ProductSums[]> {
  const other = y ?? x;
  const groups = bounds.length - 1;
  const all = pairs.map((pair) => shifted(x, other, pair, bounds));
  const groupOf = bounds.slice(1).flatMap((end, g) => new Array<number>(end - bounds[g]!).fill(g));
  const columns = turning(other);
  for (const [top, bottom] of blocksOf(x.n)) {
    const X = y === undefined ? columns(top, bottom) : columnsOf(x, top, bottom);
    for (const [left, right] of blocksOf(other.n)) {
      if (y === undefined && left > top) break;
      const place = y !== undefined ? "any" : left < top ? "below" : "diagonal";
      const Y = y === undefined && left === top ? X : columns(left, right);
      const T = await productOf(multiply, X, Y, x.width, bottom - top, right - left);
      for (const sums of all) addBlock(sums, T, { top, bottom, left, right, groups, groupOf, place });
    }
  }
  if (y === undefined) for (const sums of all) mirror(sums, groups);
  return all;
}

function shifted(x: Rows, y: Rows, pair: { x: Weighting; y: Weighting }, bounds: Bounds): Shifted {
  const groups = bounds.length - 1;
  const isIn = pair.y.factor.map((factor) => (factor === 0 ? 0 : 1));
  const shared = {
    ...pair,
    squares: new Float64Array(groups * groups),
    ofRows: new Float64Array(x.n * groups),
    ofColumns: new Float64Array(groups * y.n),
    isIn,
  };
  if (!pair.x.isCentred) return { ...shared, shiftX: new Float64Array(x.n), shiftY: new Float64Array(y.n) };
  const [mx, my] = [meanOf(x, pair.x, bounds), meanOf(y, pair.y, bounds)];
  const both = mx.reduce((sum, value, j) => sum + value * my[j]!, 0);
  return {
    ...shared,
    shiftX: dots(x, my).map((value, i) => value * pair.x.factor[i]!),
    shiftY: dots(y, mx).map((value, j) => isIn[j]! * (value * pair.y.factor[j]! - both)),
  };
}

function meanOf(rows: Rows, weighting: Weighting, bounds: Bounds): Float64Array {
  const count = countOf(weighting);
  const mean = new Float64Array(rows.width);
  for (const sum of groupSums(rows, weighting, bounds)) for (let j = 0; j < mean.length; j++) mean[j]! += sum[j]!;
  return count === 0 ? mean : mean.map((value) => value / count);
}

/** (n) products of each row with a vector */
function dots({ n, width, data }: Rows, vector: Float64Array): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0, at = i * width; j < width; j++, at++) sum += data[at]! * vector[j]!;
    return sum;
  });
}

interface Block {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  readonly groups: number;
  readonly groupOf: readonly number[];
  /**
   * Position of a block among products of rows with themselves: on the diagonal; or below it, where it also stands for
   * its mirror image.
   */
  readonly place: "any" | "diagonal" | "below";
}

function addBlock(
  { x, y, squares, ofRows, ofColumns, shiftX, shiftY, isIn }: Shifted,
  T: Float64Array,
  { top, bottom, left, right, groups, groupOf, place }: Block,
): void {
  const [width, m] = [right - left, y.factor.length];
  for (let i = top; i < bottom; i++) {
    const [f, off, g] = [x.factor[i]!, shiftX[i]!, groupOf[i]!];
    if (f === 0) continue;
    const row = (i - top) * width - left;
    for (let j = left; j < right; ) {
      const h = groupOf[j]!;
      let [sum, square] = [0, 0];
      for (; j < right && groupOf[j] === h; j++) {
        const value = f * y.factor[j]! * T[row + j]! - off * isIn[j]! - shiftY[j]!;
        sum += value;
        square += value * value;
        if (place !== "diagonal") ofColumns[g * m + j]! += value;
      }
      ofRows[i * groups + h]! += sum;
      squares[g * groups + h]! += square;
      if (place === "below") squares[h * groups + g]! += square;
    }
  }
}

/**
 * Sums of all from the blocks on and below the diagonal. Squares of blocks above are already counted both ways; sums of
 * rows and columns are not.
 */
function mirror({ ofRows, ofColumns, x }: Shifted, groups: number): void {
  const n = x.factor.length;
  for (let i = 0; i < n; i++)
    for (let g = 0; g < groups; g++) {
      const [row, column] = [ofRows[i * groups + g]!, ofColumns[g * n + i]!];
      ofRows[i * groups + g] = row + column;
      ofColumns[g * n + i] = row + column;
    }
}

/** <A, B>, without the rows of group `without` if given. */
export function innerProduct({ x, y, squares, ofRows, ofColumns }: ProductSums, bounds: Bounds, without = -1): number {
  const groups = bounds.length - 1;
  const [p, q] = [countOf(x, without), countOf(y, without)];
  let sum = 0;
  for (let g = 0; g < groups; g++)
    for (let h = 0; h < groups; h++) if (g !== without && h !== without) sum += squares[g * groups + h]!;
  if (!x.isCentred || without < 0) return sum / p / q;
  // The remaining rows have a mean of their own.
  const m = y.factor.length;
  let [rows, columns, all] = [0, 0, 0];
  for (let g = 0; g < groups; g++) {
    if (g === without) continue;
    for (let i = bounds[g]!; i < bounds[g + 1]!; i++) {
      let [row, column] = [0, 0];
      for (let h = 0; h < groups; h++) {
        if (h === without) continue;
        row += ofRows[i * groups + h]!;
        column += ofColumns[h * m + i]!;
      }
      rows += row * row;
      columns += column * column;
      all += row;
    }
  }
  return Math.max(0, sum - rows / q - columns / p + (all * all) / p / q) / p / q;
}
