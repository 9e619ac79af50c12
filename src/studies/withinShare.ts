/** @file The share of the spread of points that lies within groups. */

/**
 * Share of the sum of squares about the mean that lies within groups, from distances only. The mean squared distance in
 * a group of m points is twice their variance, hence W = sum over groups of (1/m) sum_{i<j} d_ij^2.
 *
 * @param group (n) the group of each point
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
