/**
 * @file Neurons that have become one: clusters by the correlation of their activations (theory.md Eq. 125), before an
 * activation on side b, after it on side a of the next map. Permutation symmetry with a penalty favours them (Eq. 103).
 */
import type { Matrix } from "../../linalg/matrix.ts";
import { type LayerMoments, type SideMoments, secondMoment } from "../../moments/moments.ts";
import type { Status } from "../measured.ts";

/**
 * Symmetry Induces Structure and Constraint of Learning (ICML 2024), Fig. 5: blocks of |correlation| near 1. chosen:
 * the limit.
 */
export const CLUSTER_LIMIT = 0.95;

/** chosen: variance below this share of the mean of all is none. */
const DEAD = 1e-6;

export interface NeuronClusters {
  /** Clusters of living neurons; a lone neuron is one. */
  count: number | null;
  /** Living neurons that share a cluster with another. */
  merged: number | null;
  /** Size of the largest cluster. */
  largest: number | null;
  /** Neurons whose activation does not vary. */
  dead: number | null;
  n: number;
  status?: Status;
}

/** Neurons by cluster. */
export interface ClusterOrder {
  /** Indices of the living neurons of each cluster, ascending; the largest cluster first. */
  readonly clusters: readonly (readonly number[])[];
  readonly dead: readonly number[];
}

/**
 * Clusters of a side by the correlations of its activations.
 *
 * @returns null with a status where covariances are missing, or where coordinates are sampled
 */
export function neuronClusters(side: SideMoments, n: number): NeuronClusters {
  const none = (status: Status): NeuronClusters => ({
    count: null,
    merged: null,
    largest: null,
    dead: null,
    n,
    status,
  });
  if (side.sample) return none("sampled-coordinates");
  const H = secondMoment(side, "H", "covariance", n);
  if (!H) return none("missing-moments");
  if (n < 2) return none("too-few-samples");
  if (!H.data.every(Number.isFinite)) return none("not-finite");
  const { clusters, dead } = clusterOrder(H);
  const sizes = clusters.map(({ length }) => length);
  const merged = sizes.filter((size) => size > 1).reduce((sum, size) => sum + size, 0);
  return { count: clusters.length, merged, largest: sizes[0] ?? 0, dead: dead.length, n };
}

/** Clusters of both sides; a is null where the layer has none. */
export function layerClusters({ a, b, n }: LayerMoments): { a: NeuronClusters | null; b: NeuronClusters } {
  return { a: a ? neuronClusters(a, n) : null, b: neuronClusters(b, n) };
}

/**
 * The connected parts of the graph whose edges are pairs of neurons with |correlation| above the limit   (theory.md Eq.
 * 125). O(d^2).
 *
 * @param H (d, d) covariance of activations
 */
export function clusterOrder(H: Matrix, limit = CLUSTER_LIMIT): ClusterOrder {
  const d = H.rows;
  const variance = Float64Array.from({ length: d }, (_, i) => H.data[i * d + i]!);
  const mean = variance.reduce((sum, value) => sum + value, 0) / d;
  const isAlive = (i: number) => variance[i]! > DEAD * mean;
  const parent = Int32Array.from({ length: d }, (_, i) => i);
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  for (let i = 0; i < d; i++)
    for (let j = 0; j < i; j++)
      if (isAlive(i) && isAlive(j) && H.data[i * d + j]! ** 2 > limit * limit * variance[i]! * variance[j]!)
        parent[root(i)] = root(j);
  const members = new Map<number, number[]>();
  const dead: number[] = [];
  for (let i = 0; i < d; i++) {
    if (!isAlive(i)) dead.push(i);
    else members.set(root(i), [...(members.get(root(i)) ?? []), i]);
  }
  const clusters = [...members.values()].sort((x, y) => y.length - x.length || x[0]! - y[0]!);
  return { clusters, dead };
}
