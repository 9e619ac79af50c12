/**
 * @file The range of the weights and the parts of H and G in it: the projectors of the laws of Eq. 50. H_b and G_a lie
 * in the range of Z_b and Z_a by Eq. 6. H_a and G_b need not; only these two change under projection.
 */
import { frobenius, gram, type Matrix, matmul, matrix, trace, transpose } from "../../linalg/matrix.ts";
import { averageTriangles } from "../../linalg/triangleTiles.ts";
import { type LayerMoments, type Side, secondMoment } from "../../moments/moments.ts";
import { countLiving, projectedNullOf, type Size, sharedNullOf, sizeOf } from "../alignment/alignmentNull.ts";
import { symmetricEntriesOf } from "../alignment/entrySums.ts";
import { type Convention, relations, type SideAlignments, type SideMatrix } from "../alignment/relations.ts";
import type { Relation } from "../phase/phaseTable.ts";

/** Eigenvalues, descending, and unit eigenvectors as columns, in the form of `eigh` in linalg. */
export interface Eigen {
  values: Float64Array;
  vectors: Matrix;
}

/**
 * chosen: eigenvalues of Z below a millionth of the largest (singular values of W below a thousandth) count as zero.
 */
const rangeThreshold = 1e-6;

export interface WeightRange {
  /** Number of eigenvalues of Z above a millionth of the largest. */
  rank: number;
  /** Condition number on the range: 1 where all nonzero singular values of W are equal. */
  condition: number;
  /**
   * Largest cosine of Z with a projector: 1 where all nonzero singular values of W are equal, above 0.98 where the rest
   * are small or few, about 0.9 for spectra that fall like a power or an exponential.
   */
  flatness: number;
  /** Dimension of that projector. */
  flatRank: number;
}

/** chosen: with a cosine of Z with a projector above this W counts as flat. */
export const flatFrom = 0.98;

/**
 * Rank, condition and flatness of Z on its range; rank 0 and flatness 1 for zero weights.
 *
 * @param eigenvaluesOfZ descending
 */
export function weightRange(eigenvaluesOfZ: ArrayLike<number>): WeightRange {
  const largest = eigenvaluesOfZ[0] ?? 0;
  let rank = 0;
  while (rank < eigenvaluesOfZ.length && eigenvaluesOfZ[rank]! > rangeThreshold * largest) rank++;
  if (rank === 0) return { rank, condition: 1, flatness: 1, flatRank: 0 };
  const values = Array.from({ length: rank }, (_, i) => eigenvaluesOfZ[i]! / largest);
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  let [sum, flatness, flatRank] = [0, 0, 0];
  values.forEach((value, i) => {
    sum += value;
    const cosine = sum / norm / Math.sqrt(i + 1);
    if (cosine > flatness) [flatness, flatRank] = [cosine, i + 1];
  });
  return { rank, condition: 1 / values[rank - 1]!, flatness, flatRank };
}

/**
 * P A P with the projector P on the first `rank` eigenvectors.
 *
 * @param A       (d, d) symmetric
 * @param vectors (d, k), k >= rank, orthonormal columns
 * @returns (d, d) symmetric; A itself where rank = d. 4 d^2 rank operations
 */
export function projectOnRange(A: Matrix, vectors: Matrix, rank: number): Matrix {
  const d = A.rows;
  if (rank === d) return A;
  const V = matrix(d, rank);
  for (let i = 0; i < d; i++) for (let j = 0; j < rank; j++) V.data[i * rank + j] = vectors.data[i * vectors.cols + j]!;
  const inner = matmul(transpose(V), matmul(A, V));
  const found = matmul(V, matmul(inner, transpose(V)));
  averageTriangles(found.data, d);
  return found;
}

/** The relations with H_a and G_b projected on the range of W. */
export interface ProjectedRelations {
  a: SideAlignments;
  b: SideAlignments;
  /** Expected strength of unrelated matrices on that range (theory.md Eqs. 13, 52). */
  chance: Record<Relation, number | null>;
  /** Share of the trace of H_a and of G_b that lies in the range. */
  share: { Ha: number | null; Gb: number | null };
}

/**
 * The six relations on the range of W, of P_a H_a P_a, G_a, Z_a and of H_b, P_b G_b P_b, Z_b, and their chance levels
 * (theory.md Eqs. 7, 13, 50, 52). Chance takes H_a and G_b rotated at random in their full spaces, then projected
 * (theory.md Eqs. 13, 84).
 *
 * @param layer moments of the layer
 * @param Z     eigenvalues and vectors of Z_a (dIn) and Z_b (dOut) to project on
 * @returns null where the layer has no side a or no weights, or a moment was not captured
 *
 * O(d^2 rank).
 */
export function projectedRelations(
  layer: LayerMoments,
  convention: Convention,
  Z: { a: Eigen; b: Eigen },
): ProjectedRelations | null {
  const { a, b, W, n } = layer;
  if (!a || !W) return null;
  const moment = (side: Side, which: "H" | "G"): Matrix | undefined => secondMoment(layer[side]!, which, convention, n);
  const [Ha, Ga, Hb, Gb] = [moment("a", "H"), moment("a", "G"), moment("b", "H"), moment("b", "G")];
  if (!Ha || !Ga || !Hb || !Gb) return null;
  const count = (kept: number): number => (convention === "raw" ? n : kept);
  const side = (A: Matrix, rows: number): SideMatrix => ({ entries: symmetricEntriesOf(A), n: count(rows) });
  const rank = Z.a.values.length;
  const [inA, inB] = [projectOnRange(Ha, Z.a.vectors, rank), projectOnRange(Gb, Z.b.vectors, rank)];
  const [Za, Zb] = [symmetricEntriesOf(gram(W, "a")), symmetricEntriesOf(gram(W, "b"))];
  const onA = relations({ H: side(inA, a.keptH), G: side(Ga, a.keptG) }, Za);
  const onB = relations({ H: side(Hb, b.keptH), G: side(inB, b.keptG) }, Zb);
  const size = (A: Matrix): Size => ({ d: countLiving(A), trace: trace(A), norm: frobenius(A) });
  const [ofHa, ofGb] = [size(Ha), size(Gb)];
  return {
    a: onA,
    b: onB,
    chance: {
      "a.rga": projectedNullOf(ofHa, rank, size(Ga)).value,
      "a.rwa": projectedNullOf(ofHa, rank, sizeOf(Za)).value,
      "a.gwa": sharedNullOf(ofGb, sizeOf(Zb)).value,
      "b.rga": projectedNullOf(ofGb, rank, size(Hb)).value,
      "b.rwa": sharedNullOf(ofHa, sizeOf(Za)).value,
      "b.gwa": projectedNullOf(ofGb, rank, sizeOf(Zb)).value,
    },
    share: { Ha: share(inA, Ha), Gb: share(inB, Gb) },
  };
}

function share(part: Matrix, whole: Matrix): number | null {
  const total = trace(whole);
  return total > 0 ? trace(part) / total : null;
}
