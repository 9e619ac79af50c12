/**
 * @file A growing orthonormal basis of the block Krylov space of a symmetric matrix, and the block tridiagonal matrix
 * on it: the working part of `leadingEigenvalues`, which has the sources. The large products are those of the
 * `multiply` that it is given.
 *
 * Blocks are (n, w), with basis vectors as columns. They are also stored as rows, because products need both.
 */
import { eigh } from "./eigh.ts";
import { eigvalsh } from "./eigvalsh.ts";
import { type Matrix, matmul, matrix } from "./matrix.ts";
import { addGram, addProducts, type Multiply } from "./products.ts";

/**
 * New directions below this share of |A| are dropped; the error of T is far below the tolerance of eigenvalues.
 */
const vanishing = 1e-7;

/**
 * chosen: an image with singular values below this share is orthogonalized again; otherwise the basis is exact to eps /
 * poor.
 */
const poor = 1e-3;

export interface KrylovOptions {
  /** Divisor of A. */
  readonly scale: number;
  /** Columns per block. */
  readonly w: number;
  /** Initial capacity in blocks. */
  readonly most: number;
  readonly multiply: Multiply;
}

export class KrylovBasis {
  /** Number of blocks in the space; the next one is known already. */
  blocks = 0;
  private readonly A: Matrix;
  private readonly multiply: Multiply;
  private readonly factor: number;
  private readonly w: number;
  private readonly columns: Float64Array[] = [];
  /** (m + w, n): the same as rows. */
  private readonly rows: Float64Array;
  /** Blocks of T: (w, w) on the diagonal, and below it. */
  private readonly diagonal: Float64Array[] = [];
  private readonly below: Matrix[] = [];
  /** A lower bound of |A|. */
  private norm = 0;
  private seed = 0;

  /**
   * @param A (n, n)
   */
  constructor(A: Matrix, { scale, w, most, multiply }: KrylovOptions) {
    this.A = A;
    this.multiply = multiply;
    this.factor = 1 / scale;
    this.w = w;
    this.rows = new Float64Array((most + 1) * w * A.rows);
    this.append(this.normalize(this.signs(w), 0).Q);
  }

  /** Couples the last block of the space to the one after it: A Q_last = .. + Q_next R, (w, w). */
  get coupling(): Matrix {
    return this.below[this.blocks - 1]!;
  }

  /** Whether the space is invariant under A, up to negligible parts. */
  get isClosed(): boolean {
    return this.coupling.data.every((value) => value === 0);
  }

  /** The largest eigenvalue of A on the last block of the space, in units of the scale. */
  largestOfLast(): number {
    return eigvalsh(matrix(this.w, this.w, this.diagonal[this.blocks - 1]!))[0]!;
  }

  /** Adds the next block to the space and computes the one after it. O(n^2 w + n m w). */
  async grow(): Promise<void> {
    const { w } = this;
    const last = this.columns[this.blocks]!;
    const applyMatrix = await this.image(last);
    const own = symmetrize(this.product(last, applyMatrix), w);
    for (let i = 0; i < w; i++) this.norm = Math.max(this.norm, own[i * (w + 1)]!);
    this.diagonal.push(own);
    this.blocks++;
    // First the two blocks in which the image has components, then all, to remove rounding errors.
    await this.removeSpace(applyMatrix, Math.max(0, this.blocks - 2));
    await this.removeSpace(applyMatrix, 0);
    const { Q, R } = await this.orthonormalize(applyMatrix);
    this.below.push(R);
    this.append(Q);
  }

  /** The matrix on the space, block tridiagonal, (m, m). */
  projected(): Matrix {
    const { w } = this;
    const m = this.blocks * w;
    const T = matrix(m, m);
    for (let block = 0, start = 0; block < this.blocks; block++, start += w)
      for (let i = 0; i < w; i++)
        for (let j = 0; j < w; j++) {
          T.data[(start + i) * m + start + j] = this.diagonal[block]![i * w + j]!;
          if (block + 1 === this.blocks) continue;
          const value = this.below[block]!.data[i * w + j]!;
          T.data[(start + w + i) * m + start + j] = value;
          T.data[(start + j) * m + start + w + i] = value;
        }
    return T;
  }

  /**
   * A lower bound of the largest eigenvalue of A on what is orthogonal to the space, from vectors drawn there and
   * multiplied by A once. It exceeds the k-th eigenvalue on the space only where that is not the k-th of A.
   */
  async largestOutside(): Promise<number> {
    const drawn = await this.projectOutside(this.signs(this.w));
    const once = await this.projectOutside(await this.image(drawn));
    const inside = symmetrize(this.product(once, await this.image(once)), this.w);
    return eigh(matrix(this.w, this.w, inside)).values[0]!;
  }

  /** Orthonormal vectors that span what X has outside of the space; X is changed. */
  private async projectOutside(X: Float64Array): Promise<Float64Array> {
    await this.removeSpace(X, 0);
    return (await this.orthonormalize(X)).Q;
  }

  /** A X / scale. */
  private async image(X: Float64Array): Promise<Float64Array> {
    const { n, w } = this.size;
    const Y = new Float64Array(X.length);
    for (let i = 0; i < X.length; i++) Y[i] = X[i]! * this.factor;
    return await this.multiply({ X: this.A.data, Y, n, dx: n, dy: w, isSymmetric: true });
  }

  /** X^T Y, (w, w). */
  private product(X: Float64Array, Y: Float64Array): Float64Array {
    const { n, w } = this.size;
    const out = new Float64Array(w * w);
    addProducts(out, X, Y, n, w, w);
    return out;
  }

  /** X minus its components in the blocks of the space from `from` on. */
  private async removeSpace(X: Float64Array, from: number): Promise<void> {
    const { n, w } = this.size;
    const count = (this.blocks - from) * w;
    if (count === 0) return;
    const part = new Float64Array(count * w);
    for (let block = from; block < this.blocks; block++)
      part.set(await this.multiply({ X: this.columns[block]!, Y: X, n, dx: w, dy: w }), (block - from) * w * w);
    const inside = await this.multiply({
      X: this.rows.subarray(from * w * n, this.blocks * w * n),
      Y: part,
      n: count,
      dx: n,
      dy: w,
    });
    for (let i = 0; i < X.length; i++) X[i]! -= inside[i]!;
  }

  /**
   * X = Q R but for directions that vanish, with the columns of Q orthonormal, and orthogonal to the space as those of
   * X are. Where directions vanish, others take their place, and their rows of R are zero.
   */
  private async orthonormalize(X: Float64Array): Promise<{ Q: Float64Array; R: Matrix }> {
    const { n, w } = this.size;
    let { Q, R, kept, ratio } = this.normalize(X, vanishing * this.norm);
    if (kept < w) {
      const fresh = this.signs(w);
      for (let i = 0; i < n; i++) for (let j = kept; j < w; j++) Q[i * w + j] = fresh[i * w + j]! / Math.sqrt(n);
    }
    // Drawn vectors once, for their part in the space, and once more for what rounding left of it.
    for (let again = kept < w ? 2 : ratio < poor ? 1 : 0; again > 0; again--) {
      await this.removeSpace(Q, 0);
      const next = this.normalize(Q, 0);
      Q = next.Q;
      R = matmul(next.R, R);
    }
    return { Q, R };
  }

  /**
   * X V L^(-1/2) and L^(1/2) V^T by the eigenvectors of X^T X, of the singular values above `least`; zeros for the
   * others.
   */
  private normalize(X: Float64Array, least: number): { Q: Float64Array; R: Matrix; kept: number; ratio: number } {
    const { n, w } = this.size;
    const gram = matrix(w, w);
    addGram(gram.data, X, n, w);
    const { values, vectors } = eigh(gram);
    const sizes = values.map((value) => Math.sqrt(Math.max(0, value)));
    const kept = sizes.filter((size) => size > least).length;
    const R = matrix(w, w);
    const scaled = new Float64Array(w * w);
    for (let i = 0; i < kept; i++)
      for (let j = 0; j < w; j++) {
        R.data[i * w + j] = sizes[i]! * vectors.data[j * w + i]!;
        scaled[j * w + i] = vectors.data[j * w + i]! / sizes[i]!;
      }
    const Q = new Float64Array(n * w);
    addProducts(Q, transposeBlock(X, n, w), scaled, w, n, w);
    return { Q, R, kept, ratio: kept > 0 ? sizes[kept - 1]! / sizes[0]! : 1 };
  }

  private append(Q: Float64Array): void {
    const { n, w } = this.size;
    this.rows.set(transposeBlock(Q, n, w), this.columns.length * n * w);
    this.columns.push(Q);
  }

  /** (n, w) signs from a fixed sequence that continues over calls (the 32-bit xorshift generator of Marsaglia 2003). */
  private signs(w: number): Float64Array {
    let state = Math.imul(0x9e3779b9, ++this.seed) | 1;
    const out = new Float64Array(this.A.rows * w);
    for (let i = 0; i < out.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      out[i] = state & 0x10000 ? 1 : -1;
    }
    return out;
  }

  private get size(): { n: number; w: number } {
    return { n: this.A.rows, w: this.w };
  }
}

/** (A + A^T) / 2, in place. */
function symmetrize(A: Float64Array, w: number): Float64Array {
  for (let i = 0; i < w; i++)
    for (let j = 0; j < i; j++) A[i * w + j] = A[j * w + i] = (A[i * w + j]! + A[j * w + i]!) / 2;
  return A;
}

function transposeBlock(X: Float64Array, rows: number, cols: number): Float64Array {
  const out = new Float64Array(X.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j * rows + i] = X[i * cols + j]!;
  return out;
}
