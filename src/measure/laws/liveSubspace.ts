/**
 * @file The live subspace of a layer: the leading singular directions of W that carry nearly all of H and G (theory.md
 * Eq. 86).
 *
 * Training with decay leaves directions that no longer take part. Their weights fall towards zero at different speeds,
 * and the range of their sizes (six decades, say) is no spectrum of the layer. Exponents, flatness and phases are read
 * on the live subspace alone.
 */
import { eigh } from "../../linalg/eigh.ts";
import { gram, type Matrix, matmul, matrix, transpose } from "../../linalg/matrix.ts";
import { type Convention, type LayerMoments, type Side, secondMoment } from "../../moments/moments.ts";
import { type Eigen, flatFrom, type WeightRange, weightRange } from "./weightRange.ts";

/** chosen: share of the traces of H and G that the live subspace carries. */
export const liveShare = 0.99;

/** chosen: two other shares for which the weights of phases are also stated. */
export const otherShares = [0.95, 0.999] as const;

/** Eigenvalues of Z and its eigenvectors on both sides, the singular vectors of W. */
export interface SingularSystem {
  a: Eigen;
  b: Eigen;
}

export interface LiveSubspace extends WeightRange {
  /** Of W on its whole range: squared singular values above a millionth of the largest. */
  rangeRank: number;
  /** The share of the traces asked for. */
  share: number;
  /** log10 of the largest over the smallest eigenvalue of Z in the subspace. */
  decades: number;
}

/** The side with the smaller Z, whose decomposition serves both. */
export function smallerSide({ rows, cols }: Matrix): Side {
  return rows < cols ? "b" : "a";
}

/**
 * Why W has no singular system: its squares vanish or overflow float64; undefined where it has one.
 *
 * @param W (dOut, dIn)
 */
export function singularStatus({ data }: Matrix): "zero-matrix" | "not-finite" | undefined {
  const square = data.reduce((sum, value) => sum + value * value, 0); // tr Z bounds all entries of Z
  if (square === 0) return "zero-matrix";
  return Number.isFinite(square) ? undefined : "not-finite";
}

/**
 * Eigenvalues of Z on its range and its eigenvectors there on both sides, the singular vectors of W.
 *
 * @param W     (dOut, dIn), with finite squares (`singularStatus`)
 * @param eigen of the smaller of Z_a and Z_b, where it is known
 */
export function singularSystem(W: Matrix, eigen: Eigen = eigh(gram(W, smallerSide(W)))): SingularSystem {
  const side = smallerSide(W);
  const { values, vectors } = eigen;
  const { rank } = weightRange(values);
  const kept = { values: values.slice(0, rank), vectors: firstColumns(vectors, rank) };
  const other = matmul(side === "a" ? W : transpose(W), kept.vectors);
  for (let k = 0; k < other.data.length; k++) other.data[k]! /= Math.sqrt(kept.values[k % rank]!);
  const mapped = { values: kept.values, vectors: other };
  return side === "a" ? { a: kept, b: mapped } : { a: mapped, b: kept };
}

/** The first `count` directions of both sides. */
export function truncateSystem({ a, b }: SingularSystem, count: number): SingularSystem {
  const first = ({ values, vectors }: Eigen): Eigen => ({
    values: values.slice(0, count),
    vectors: firstColumns(vectors, count),
  });
  return count >= a.values.length ? { a, b } : { a: first(a), b: first(b) };
}

/**
 * The live subspace   (theory.md Eq. 86): the fewest leading directions of Z that carry `share` of the trace of each of
 * H_a, G_b, H_b and G_a on the range of W, for covariances. Where Z is flat on them apart from a tail of small
 * eigenvalues, the tail is not live.
 *
 * @param layer its moments; without side a, or without sums, the whole range is live
 * @param Z     its singular system
 *
 * O(d^2 rank).
 */
export function liveSubspace(layer: LayerMoments, Z: SingularSystem, share = liveShare): LiveSubspace {
  const { values } = Z.a;
  const along = alongSingular(layer, Z);
  const carrying = along ? leadingCount(along, values, share) : values.length;
  const count = countWithoutTail(values.slice(0, carrying));
  const range = weightRange(values.slice(0, count));
  const decades = count > 0 ? Math.log10(values[0]! / values[count - 1]!) : 0;
  return { ...range, rangeRank: values.length, share, decades };
}

/** The eigenvalues of Z without the tail, where the others are equal within what can be read; otherwise all. */
function countWithoutTail(values: Float64Array): number {
  const { flatness, flatRank } = weightRange(values);
  return flatness >= flatFrom ? flatRank : values.length;
}

/** v^T H_a v and u^T G_b u along the singular vectors. */
interface Along {
  h: Float64Array;
  g: Float64Array;
}

function alongSingular({ a, b, n }: LayerMoments, Z: SingularSystem): Along | undefined {
  const convention: Convention = a?.hSum && b.gSum ? "covariance" : "raw";
  const [Ha, Gb] = [a && secondMoment(a, "H", convention, n), secondMoment(b, "G", convention, n)];
  if (!Ha || !Gb) return undefined;
  return { h: diagonalWithin(Ha, Z.a.vectors), g: diagonalWithin(Gb, Z.b.vectors) };
}

/** The diagonal of V^T A V. */
function diagonalWithin(A: Matrix, V: Matrix): Float64Array {
  const AV = matmul(A, V);
  const out = new Float64Array(V.cols);
  for (let k = 0; k < AV.data.length; k++) out[k % V.cols]! += V.data[k]! * AV.data[k]!;
  return out;
}

function leadingCount({ h, g }: Along, z: Float64Array, share: number): number {
  const needed = (size: (k: number) => number): number => {
    let total = 0;
    for (let k = 0; k < z.length; k++) total += Math.max(0, size(k));
    let sum = 0;
    for (let k = 0; k < z.length; k++) {
      sum += Math.max(0, size(k));
      if (sum >= share * total) return k + 1;
    }
    return z.length;
  };
  return Math.max(
    needed((k) => h[k]!),
    needed((k) => g[k]!),
    needed((k) => z[k]! * h[k]!),
    needed((k) => z[k]! * g[k]!),
  );
}

function firstColumns(A: Matrix, count: number): Matrix {
  const first = matrix(A.rows, count);
  for (let i = 0; i < A.rows; i++) first.data.set(A.data.subarray(i * A.cols, i * A.cols + count), i * count);
  return first;
}
