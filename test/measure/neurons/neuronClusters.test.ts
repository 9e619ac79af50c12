/** @file Clusters of neurons by correlation, on planted covariances (docs/theory.md Eq. 125). */
import { describe, expect, test } from "vitest";
import { type Matrix, matrix } from "../../../src/linalg/matrix.ts";
import { clusterOrder, layerClusters, neuronClusters } from "../../../src/measure/neurons/neuronClusters.ts";
import { addRows } from "../../../src/moments/addRows.ts";
import { bareSide, emptyLayer } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";

/** Covariance of unit neurons that share a factor in their cluster with the given correlation, in a shuffled order. */
function planted(clusters: readonly number[], correlation: number, order: ArrayLike<number>): Matrix {
  const of = clusters.flatMap((size, c) => Array.from({ length: size }, () => c));
  const d = of.length;
  const C = matrix(d, d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++)
      C.data[order[i]! * d + order[j]!] = (i === j ? 1 : of[i] === of[j] ? correlation : 0) * (1 + i) * (1 + j);
  return C;
}

describe("clusters of a covariance", () => {
  test.each([1, 2, 3])("are those that were planted, whatever the order and the scale, seed %i", (seed) => {
    const sizes = [7, 4, 1, 1, 2];
    const order = new Random(seed).permutation(15);
    const { clusters, dead } = clusterOrder(planted(sizes, 0.96, order));
    expect(clusters.map(({ length }) => length)).toEqual([7, 4, 2, 1, 1]);
    expect(dead).toEqual([]);
    expect([...clusters[0]!]).toEqual([...Array.from(order).slice(0, 7)].sort((x, y) => x - y));
  });

  test("ends at the limit: a correlation of .94 joins nothing, one of -.96 does", () => {
    expect(clusterOrder(planted([3, 3], 0.94, [0, 1, 2, 3, 4, 5])).clusters.length).toBe(6);
    const C = matrix(2, 2, [1, -0.96, -0.96, 1]);
    expect(clusterOrder(C).clusters).toEqual([[0, 1]]);
    expect(clusterOrder(C, 0.97).clusters.length).toBe(2);
  });

  test("leaves dead neurons out, which correlate with nothing", () => {
    const C = matrix(3, 3, [1, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(clusterOrder(C)).toEqual({ clusters: [[0], [2]], dead: [1] });
  });
});

test("a layer whose outputs repeat has as many clusters as different ones, before the mean is taken into account", () => {
  const random = new Random(5);
  const n = 200;
  const layer = emptyLayer("repeated", "linear", 3, 6);
  const h = matrix(
    n,
    3,
    Array.from({ length: 3 * n }, () => random.normal()),
  );
  const out = matrix(n, 6);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < 6; j++) out.data[i * 6 + j] = 100 + (j % 2 ? -3 : 1) * h.data[i * 3 + (j % 3)]!;
  addRows(layer, { ha: h.data, hb: out.data, ga: h.data, gb: out.data });
  const { a, b } = layerClusters(layer);
  expect(a).toEqual({ count: 3, merged: 0, largest: 1, dead: 0, n });
  expect(b).toEqual({ count: 3, merged: 6, largest: 2, dead: 0, n });
});

test("without covariances there is a status, and no number", () => {
  expect(neuronClusters(bareSide(3), 10)).toMatchObject({ count: null, status: "missing-moments" });
  const sampled = { ...bareSide(2), sample: { of: 5, coordinates: Uint32Array.of(0, 3) } };
  expect(neuronClusters(sampled, 10)).toMatchObject({ count: null, status: "sampled-coordinates" });
});
