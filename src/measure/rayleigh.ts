/**
 * @file Second moments along given directions, v^T H v, from the sums of groups of samples, so that any choice of groups can be
 * pooled without touching a matrix again (theory.md Eq. 33).
 */
import { type Matrix, matmul, matrix } from "../linalg/matrix.ts";
import { type LayerMoments, type Side, type SideMoments, secondMoment } from "../moments/moments.ts";
import type { Convention } from "./relations.ts";

/** What one group of samples adds along m directions. */
interface GroupSums {
  /** (m) sum of (v . row)^2 */
  squares: Float64Array;
  /** (m) sum of v . row, where the mean is subtracted. */
  sums: Float64Array | undefined;
  count: number;
}

export type Which = "H" | "G";

/** The sums of one group, in one convention. */
function blocks(side: SideMoments, which: Which, convention: Convention, n: number) {
  const h = which === "H";
  if (convention === "raw") return { square: h ? side.hh : side.gg, sum: undefined, count: n };
  return { square: h ? side.hnhn : side.gngn, sum: h ? side.hnSum : side.gnSum, count: h ? side.keptH : side.keptG };
}

/** Second moment of all samples of some groups (theory.md Eqs. 2, 3, 8, 9); undefined where sums are missing or there are no rows. */
export function pooledMoment(
  groups: readonly LayerMoments[],
  key: Side,
  which: Which,
  convention: Convention,
): { A: Matrix | undefined; n: number } {
  const first = groups[0]?.[key];
  if (!first) return { A: undefined, n: 0 };
  const h = which === "H";
  const side: SideMoments = { d: first.d, keptH: 0, keptG: 0, h2: 0, h4: 0, g2: 0, g4: 0 };
  const square = new Float64Array(first.d * first.d);
  const sum = new Float64Array(first.d);
  let n = 0;
  for (const group of groups) {
    const found = group[key] && blocks(group[key], which, convention, group.n);
    if (!found?.square || (convention === "paper" && !found.sum)) return { A: undefined, n: 0 };
    add(square, found.square);
    if (found.sum) add(sum, found.sum);
    n += found.count;
  }
  if (convention === "raw") side[h ? "hh" : "gg"] = square;
  else {
    side[h ? "hnhn" : "gngn"] = square;
    side[h ? "hnSum" : "gnSum"] = sum;
    side[h ? "keptH" : "keptG"] = n;
  }
  return { A: secondMoment(side, which, convention, n), n };
}

function add(total: Float64Array, values: Float64Array): void {
  for (let i = 0; i < total.length; i++) total[i]! += values[i]!;
}

/** What each group holds along the columns of V, (d, m). O(d^2 m) a group. */
export function alongDirections(
  groups: readonly LayerMoments[],
  key: Side,
  which: Which,
  convention: Convention,
  V: Matrix,
): GroupSums[] {
  const m = V.cols;
  return groups.map((group) => {
    const { square, sum, count } = blocks(group[key]!, which, convention, group.n);
    const AV = matmul(matrix(V.rows, V.rows, square!), V);
    const squares = new Float64Array(m);
    const sums = sum && new Float64Array(m);
    for (let i = 0; i < V.rows; i++)
      for (let j = 0; j < m; j++) {
        squares[j]! += V.data[i * m + j]! * AV.data[i * m + j]!;
        if (sums) sums[j]! += V.data[i * m + j]! * sum[i]!;
      }
    return { squares, sums, count };
  });
}

/**
 * Second moments along the directions over a choice of groups.
 *
 * @param times how often each group counts, as drawn by the bootstrap; once each if left out
 * @param out   (m) overwritten
 */
export function pooled(groups: readonly GroupSums[], times: Float64Array | undefined, out: Float64Array): Float64Array {
  const m = out.length;
  let count = 0;
  for (let g = 0; g < groups.length; g++) count += (times ? times[g]! : 1) * groups[g]!.count;
  for (let j = 0; j < m; j++) {
    let square = 0;
    let sum = 0;
    for (let g = 0; g < groups.length; g++) {
      const weight = times ? times[g]! : 1;
      if (weight === 0) continue;
      square += weight * groups[g]!.squares[j]!;
      const sums = groups[g]!.sums;
      if (sums) sum += weight * sums[j]!;
    }
    out[j] = square / count - (sum / count) ** 2;
  }
  return out;
}

export type { GroupSums };
