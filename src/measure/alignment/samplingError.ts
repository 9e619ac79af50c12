/**
 * @file The standard error of alignments measured on a random sample of coordinates (theory.md Eq. 77): a jackknife
 * over blocks of the sampled coordinates. It does not include the noise of the samples (Eq. 18).
 */
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import { type Entries, symmetricEntriesOf } from "./entrySums.ts";
import { relationValues, type SideAlignments, type SidePair } from "./relations.ts";

/** chosen: blocks of coordinates left out in turn; more change the error by less than its own uncertainty. */
const blocks = 16;

type Relation = keyof SideAlignments;

/**
 * The relations of a side with the standard error of each due to its sample of coordinates   (theory.md Eq. 77).
 *
 * @param pair H and G on k sampled coordinates of `of`
 * @param Z the same coordinates of Z
 * @param whole the relations on all sampled coordinates
 *
 * O(blocks k^2).
 */
export function addSamplingErrors(pair: SidePair, Z: Entries | undefined, whole: SideAlignments): SideAlignments {
  const known = pair.H.entries ?? pair.G.entries;
  if (known === undefined) return whole;
  const k = known.A.rows;
  const count = Math.min(blocks, k);
  const values: Record<Relation, (number | null)[]> = { rga: [], rwa: [], gwa: [] };
  for (let block = 0; block < count; block++) {
    // Every count-th coordinate: neighbours, which resemble each other in convolutions, fall into different blocks.
    const kept = Array.from({ length: k }, (_, i) => i).filter((i) => i % count !== block);
    const of = (entries: Entries | undefined) => entries && symmetricEntriesOf(principal(entries.A, kept), entries.of);
    const without = relationValues(
      { H: { ...pair.H, ...entriesIn(of(pair.H.entries)) }, G: { ...pair.G, ...entriesIn(of(pair.G.entries)) } },
      of(Z),
    );
    for (const relation of ["rga", "rwa", "gwa"] as const) values[relation].push(without[relation]);
  }
  const error = (relation: Relation) => ({
    ...whole[relation],
    samplingError: whole[relation].value === null ? null : jackknife(values[relation], 1 - k / known.of),
  });
  return { rga: error("rga"), rwa: error("rwa"), gwa: error("gwa") };
}

function entriesIn(entries: Entries | undefined): { entries?: Entries } {
  return entries === undefined ? {} : { entries };
}

/** Rows and columns of A at the given indices. */
function principal(A: Matrix, at: readonly number[]): Matrix {
  const part = matrix(at.length, at.length);
  at.forEach((row, i) => {
    at.forEach((column, j) => {
      part.data[i * at.length + j] = A.data[row * A.cols + column]!;
    });
  });
  return part;
}

/**
 * sqrt(unsampled (m - 1) / m sum (x_i - mean x)^2), with the finite population's factor; null where one of them is
 * missing.
 */
function jackknife(values: readonly (number | null)[], unsampled: number): number | null {
  const known = values.filter((value) => value !== null);
  const m = values.length;
  if (known.length < m || m < 2) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / m;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt((unsampled * (m - 1) * squares) / m);
}
