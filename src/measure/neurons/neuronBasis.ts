/**
 * @file Whether a second moment is diagonal in the basis of its neurons: the share on the diagonal, compared with the
 * same spectrum in a random basis (theory.md Eq. 126). Alignments of H, G and Z say that eigenvectors are shared, but
 * not which ones; this measure tells neurons from directions that no neuron stands for.
 */
import type { Entries } from "../alignment/entrySums.ts";
import { jackknife } from "../alignment/jackknife.ts";
import type { SideMatrix, SidePair } from "../alignment/relations.ts";
import type { Measured } from "../measured.ts";

/** A share and its baseline. */
export interface DiagonalShare extends Measured {
  /** Mean share of the same spectrum in a random basis. */
  null: number | null;
  /** Standard error, by a jackknife over groups of the samples (Eq. 18); null without groups. */
  noise: number | null;
}

/** Shares of H and of G. */
export interface NeuronBasis {
  H: DiagonalShare;
  G: DiagonalShare;
}

/** The two numbers of H and G that have an error, null where a matrix is missing. */
export function diagonalShares({ H, G }: SidePair): [number | null, number | null] {
  return [shareOf(H.entries), shareOf(G.entries)];
}

/**
 * The share of sum_ij A_ij^2 that is on the diagonal, of H and of G   (theory.md Eq. 126).
 *
 * @returns value from 1/d to 1: 1 for a diagonal matrix; null with status "missing-moments", "too-few-samples", "dead",
 *   "zero-matrix", "not-finite", or "undefined-1x1" for one neuron. O(d)
 */
export function neuronBasis(pair: SidePair): NeuronBasis {
  return { H: diagonalShare(pair.H), G: diagonalShare(pair.G) };
}

/** The same with standard errors, from the shares with each group of samples left out in turn. */
export function addShareErrors(
  { H, G }: NeuronBasis,
  { numbers, counts }: { numbers: readonly (readonly (number | null)[])[]; counts: readonly number[] },
): NeuronBasis {
  const withError = (share: DiagonalShare, which: number): DiagonalShare => {
    const without = numbers.map((of) => of[which] ?? null);
    return { ...share, noise: jackknife(share.value, without, counts)?.error ?? null };
  };
  return { H: withError(H, 0), G: withError(G, 1) };
}

function diagonalShare({ entries, n, status }: SideMatrix): DiagonalShare {
  const value = shareOf(entries);
  if (!entries || value === null)
    return { value: null, null: null, noise: null, n, status: status ?? entries?.status ?? "missing-moments" };
  const { A, factor, norm } = entries;
  let trace = 0;
  for (let i = 0; i < A.rows; i++) trace += A.data[i * (A.rows + 1)]! * factor;
  return { value, null: ((trace / norm) ** 2 + 2) / (A.rows + 2), noise: null, n };
}

/** Null without a matrix, or where all bases are alike. */
function shareOf(entries: Entries | undefined): number | null {
  if (!entries || entries.A.rows < 2) return null;
  const { A, factor, norm, status } = entries;
  if (status === "zero-matrix" || status === "not-finite") return null;
  let squares = 0;
  for (let i = 0; i < A.rows; i++) squares += (A.data[i * (A.rows + 1)]! * factor) ** 2;
  return squares / norm ** 2;
}
