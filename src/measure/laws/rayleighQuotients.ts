/**
 * @file Second moments along given directions, v^T H v, from the sums of groups of samples. Any choice of groups can
 * then be pooled without touching a matrix again (theory.md Eq. 33).
 */
import type { Matrix } from "../../linalg/matrix.ts";
import { addProducts } from "../../linalg/products.ts";
import {
  bareSide,
  type LayerMoments,
  type Side,
  type SideMoments,
  secondMoment,
  sumsBehind,
} from "../../moments/moments.ts";
import type { Convention } from "../alignment/relations.ts";

/** The sums of one group of samples along m directions. */
interface GroupSums {
  /** (m) sum of (v . row)^2 */
  squares: Float64Array;
  /** (m) sum of v . row, where the mean is subtracted. */
  sums: Float64Array | undefined;
  count: number;
}

export type Which = "H" | "G";

/**
 * Second moment of all samples of some groups (theory.md Eqs. 2, 3, 8, 9); undefined where sums are missing or there
 * are no rows.
 */
export function poolMoments(
  groups: readonly LayerMoments[],
  key: Side,
  which: Which,
  convention: Convention,
): { A: Matrix | undefined; n: number } {
  const first = groups[0]?.[key];
  if (!first) return { A: undefined, n: 0 };
  const square = new Float64Array(first.d * first.d);
  const means = new Float64Array(first.d);
  let [n, kept] = [0, 0];
  for (const group of groups) {
    const found = group[key] && sumsBehind(group[key], which, convention, group.n);
    if (!found?.sum || (convention !== "raw" && !found.mean)) return { A: undefined, n: 0 };
    add(square, found.sum);
    if (found.mean) add(means, found.mean);
    n += group.n;
    kept += found.count;
  }
  const ofRows = convention === "paper";
  const sums =
    which === "H"
      ? { [ofRows ? "hnhn" : "hh"]: square, [ofRows ? "hnSum" : "hSum"]: means }
      : { [ofRows ? "gngn" : "gg"]: square, [ofRows ? "gnSum" : "gSum"]: means };
  const side: SideMoments = { ...bareSide(first.d), ...sums, keptH: kept, keptG: kept };
  return { A: secondMoment(side, which, convention, n), n: kept };
}

function add(total: Float64Array, values: Float64Array): void {
  for (let i = 0; i < total.length; i++) total[i]! += values[i]!;
}

/** The sums of each group along the columns of V, (d, m). O(d^2 m) a group. */
export function projectGroups(
  groups: readonly LayerMoments[],
  key: Side,
  which: Which,
  convention: Convention,
  V: Matrix,
): GroupSums[] {
  const { rows: d, cols: m, data: v } = V;
  const AV = new Float64Array(d * m);
  return groups.map((group) => {
    const { sum, mean, count } = sumsBehind(group[key]!, which, convention, group.n);
    AV.fill(0);
    addProducts(AV, sum!, v, d, d, m); // A V: sums of squares are symmetric
    const sums = convention === "raw" || !mean ? undefined : rowTimes(mean, V);
    return { squares: columnProducts(V, AV), sums, count };
  });
}

/** (m) sums over the rows of the products of entries, column by column. */
function columnProducts({ rows, cols: m, data: x }: Matrix, y: Float64Array): Float64Array {
  const out = new Float64Array(m);
  for (let i = 0; i < rows; i++) {
    const row = i * m;
    for (let j = 0; j < m; j++) out[j] = out[j]! + x[row + j]! * y[row + j]!;
  }
  return out;
}

/** (m) x^T V */
function rowTimes(x: Float64Array, { rows, cols: m, data: v }: Matrix): Float64Array {
  const out = new Float64Array(m);
  for (let i = 0; i < rows; i++) {
    const factor = x[i]!;
    const row = i * m;
    for (let j = 0; j < m; j++) out[j] = out[j]! + factor * v[row + j]!;
  }
  return out;
}

/**
 * Second moments along the directions over a choice of groups.
 *
 * @param times how often each group counts, as drawn by the bootstrap; default once each
 * @param out   (m) overwritten
 */
export function poolGroups(
  groups: readonly GroupSums[],
  times: Float64Array | undefined,
  out: Float64Array,
): Float64Array {
  const m = out.length;
  const means = new Float64Array(m);
  out.fill(0);
  let count = 0;
  groups.forEach((group, g) => {
    const weight = times ? times[g]! : 1;
    if (weight === 0) return;
    count += weight * group.count;
    const { squares, sums } = group;
    for (let j = 0; j < m; j++) out[j]! += weight * squares[j]!;
    if (sums) for (let j = 0; j < m; j++) means[j]! += weight * sums[j]!;
  });
  for (let j = 0; j < m; j++) out[j] = out[j]! / count - (means[j]! / count) ** 2;
  return out;
}

export type { GroupSums };
