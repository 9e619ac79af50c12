/** @file Classical multidimensional scaling (Torgerson 1952): places of points from their distances. */
import { eigh } from "../linalg/eigh.ts";
import { matrix } from "../linalg/matrix.ts";

export interface Places {
  /** (n) coordinates of each point along the leading directions. */
  readonly coordinates: readonly (readonly number[])[];
  /** Share of the sum of squares about the mean that these directions have. */
  readonly share: number;
}

/**
 * Coordinates along the leading eigenvectors of B = -J D J / 2 with J = I - 1/n, each times the root of its eigenvalue.
 *
 * @param squared (n, n) row-major squared distances, symmetric
 * @param count   coordinates of a point
 *
 * Exact for distances of points in as many dimensions. The sign of a direction is that which makes its largest entry
 * positive.
 */
export function classicalScaling(squared: Float64Array, count: number): Places {
  const n = Math.round(Math.sqrt(squared.length));
  const rowMean = Float64Array.from(
    { length: n },
    (_, i) => squared.subarray(i * n, (i + 1) * n).reduce((s, v) => s + v, 0) / n,
  );
  const mean = rowMean.reduce((sum, value) => sum + value, 0) / n;
  const B = matrix(n, n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) B.data[i * n + j] = -(squared[i * n + j]! - rowMean[i]! - rowMean[j]! + mean) / 2;
  const { values, vectors } = eigh(B);
  const columns = Math.min(count, n);
  const signs = Array.from({ length: columns }, (_, k) => {
    let [largest, at] = [0, 0];
    for (let i = 0; i < n; i++)
      if (Math.abs(vectors.data[i * n + k]!) > largest + 1e-12) [largest, at] = [Math.abs(vectors.data[i * n + k]!), i];
    return Math.sign(vectors.data[at * n + k]!) || 1;
  });
  const positive = values.map((value) => Math.max(0, value));
  const total = positive.reduce((sum, value) => sum + value, 0);
  return {
    coordinates: Array.from({ length: n }, (_, i) =>
      signs.map((sign, k) => sign * Math.sqrt(positive[k]!) * vectors.data[i * n + k]!),
    ),
    share: total > 0 ? positive.slice(0, columns).reduce((sum, value) => sum + value, 0) / total : 0,
  };
}

/**
 * Share of the sum of squares about the mean that lies within groups, from distances alone: the mean squared distance
 * in a group of m points is twice their variance, so that W = sum over groups of (1/m) sum_{i<j} d_ij^2.
 *
 * @param group (n) group of each point
 */
export function withinShare(squared: Float64Array, group: readonly string[]): number {
  const n = group.length;
  const within = (of: readonly number[]): number => {
    let sum = 0;
    for (const i of of) for (const j of of) if (i < j) sum += squared[i * n + j]!;
    return sum / of.length;
  };
  const members = new Map<string, number[]>();
  group.forEach((name, i) => {
    members.set(name, [...(members.get(name) ?? []), i]);
  });
  const total = within(group.map((_, i) => i));
  if (!(total > 0)) return Number.NaN;
  return [...members.values()].reduce((sum, of) => sum + within(of), 0) / total;
}
