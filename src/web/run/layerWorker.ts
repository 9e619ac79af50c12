/**
 * @file What takes long of one layer, away from the page: the end of a matrix' colour scale, orders of neurons,
 * matrices and eigenvectors from moments.
 */
import { colourLimit } from "../../figures/diverging.ts";
import { type LayerMatrices, layerMatrices } from "../../figures/layerMatrices.ts";
import { type LawPoints, lawPoints, lawsOf } from "../../figures/powerLaws.ts";
import { clusterOrder } from "../../measure/neurons/neuronClusters.ts";
import type { LayerExponents } from "../../measure/snapshot.ts";
import type { LayerMoments } from "../../moments/moments.ts";

/** A matrix as it came, (d, d) row after row. */
export interface PrepareTask {
  readonly kind: "prepare";
  readonly d: number;
  readonly values: Float32Array;
}

export interface Prepared {
  readonly values: Float32Array;
  /** Its trace over d; 1 where that is not above 0. */
  readonly meanDiagonal: number;
  /** 99th percentile of the sizes of its entries over the mean diagonal (`colourLimit`). */
  readonly limit: number;
}

/** The order of neurons by a covariance of activations. */
export interface OrderTask {
  readonly kind: "order";
  readonly d: number;
  readonly values: Float32Array;
}

export interface Orders {
  /** Clusters in sequence, the largest first, then silent neurons. */
  readonly cluster: Uint32Array;
  /** By variance, the largest first. */
  readonly size: Uint32Array;
  /** Sizes of the clusters of two neurons or more. */
  readonly merged: readonly number[];
}

export interface LayerTask {
  readonly kind: "layer";
  readonly moments: LayerMoments;
  readonly exponents: LayerExponents | undefined;
  /** Whether eigenvectors are taken, O(d^3). */
  readonly withLaws: boolean;
}

export interface LayerParts {
  readonly paper: LayerMatrices;
  readonly covariance: LayerMatrices;
  readonly laws: readonly LawPoints[] | undefined;
}

export type Task = PrepareTask | OrderTask | LayerTask;

function prepare({ d, values }: PrepareTask): Prepared {
  let trace = 0;
  for (let i = 0; i < d; i++) trace += values[i * d + i]!;
  const meanDiagonal = trace > 0 && Number.isFinite(trace) ? trace / d : 1;
  return { values, meanDiagonal, limit: colourLimit(Float64Array.from(values, (value) => value / meanDiagonal)) };
}

function orders({ d, values }: OrderTask): Orders {
  const { clusters, dead } = clusterOrder({ rows: d, cols: d, data: Float64Array.from(values) });
  const variance = (i: number) => values[i * d + i]!;
  const size = Uint32Array.from({ length: d }, (_, i) => i).sort((x, y) => variance(y) - variance(x) || x - y);
  const merged = clusters.map(({ length }) => length).filter((length) => length > 1);
  return { cluster: Uint32Array.from([...clusters.flat(), ...dead]), size, merged };
}

function layer({ moments, exponents, withLaws }: LayerTask): LayerParts {
  return {
    paper: layerMatrices(moments, "paper"),
    covariance: layerMatrices(moments, "covariance"),
    laws: withLaws ? lawPoints(moments, lawsOf(exponents)) : undefined,
  };
}

addEventListener("message", ({ data: { id, task } }: MessageEvent<{ id: number; task: Task }>) => {
  try {
    const found = task.kind === "prepare" ? prepare(task) : task.kind === "order" ? orders(task) : layer(task);
    const moved = "values" in found ? [found.values.buffer] : [];
    postMessage({ id, found }, { transfer: moved });
  } catch (error) {
    postMessage({ id, error: (error as Error).message });
  }
});
