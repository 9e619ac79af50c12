/**
 * @file The slow tasks of one layer, off the page's thread: orders of neurons, and the figures that need its moments,
 * which are read, decomposed and drawn here.
 */
import { parseHTML } from "linkedom/worker";
import { clusters } from "../../figures/clusters.ts";
import { entries } from "../../figures/entries.ts";
import type { Figure } from "../../figures/figure.ts";
import { layerMatrices } from "../../figures/layerMatrices.ts";
import { maxRows } from "../../figures/matrices.ts";
import { neurons } from "../../figures/neurons.ts";
import { powerLaws } from "../../figures/powerLaws.ts";
import { drawOn, type SvgDocument } from "../../figures/svgDocument.ts";
import { clusterOrder } from "../../measure/neurons/neuronClusters.ts";
import type { LayerExponents } from "../../measure/snapshot.ts";
import { decodeMoments } from "../../moments/momentsFile.ts";
import { drawable, maxLawWork } from "../../report/chosenLayers.ts";
import type { MomentsPlace } from "../source/runSource.ts";
import { answerTasks } from "./workerThread.ts";

/** The order of neurons by a covariance of activations. */
export interface OrderTask {
  readonly kind: "order";
  readonly d: number;
  readonly values: Float32Array;
}

export interface Orders {
  /** Clusters in order of size, the largest first, then silent neurons. */
  readonly cluster: Uint32Array;
  /** By variance, the largest first. */
  readonly size: Uint32Array;
  /** Sizes of the clusters of two neurons or more. */
  readonly merged: readonly number[];
}

/** Requests the figures of a layer from a moments file. */
export interface FiguresTask {
  readonly kind: "figures";
  readonly place: MomentsPlace;
  readonly layer: string;
  readonly exponents: LayerExponents | undefined;
}

/** The available figures. */
export interface LayerFigures {
  readonly laws: Figure | undefined;
  readonly entries: Figure | undefined;
  readonly neurons: Figure | undefined;
  readonly clusters: Figure | undefined;
}

export type LayerTask = OrderTask | FiguresTask;

/** chosen: most dimensions for the figure of clusters; images of matrices can be reordered at any size. */
const MOST_CLUSTERED = 400;

let made: SvgDocument | undefined;
drawOn(() => {
  made ??= parseHTML("<!doctype html><html><body></body></html>").document as SvgDocument;
  return made;
});

function orders({ d, values }: OrderTask): Orders {
  const { clusters, dead } = clusterOrder({ rows: d, cols: d, data: Float64Array.from(values) });
  const variance = (i: number) => values[i * d + i]!;
  const size = Uint32Array.from({ length: d }, (_, i) => i).sort((x, y) => variance(y) - variance(x) || x - y);
  const merged = clusters.map(({ length }) => length).filter((length) => length > 1);
  return { cluster: Uint32Array.from([...clusters.flat(), ...dead]), size, merged };
}

async function figures({ place, layer: name, exponents }: FiguresTask): Promise<LayerFigures> {
  const moments = decodeMoments(new Uint8Array(await bytesOf(place)));
  const layer = moments.layers.find((one) => one.name === name);
  if (layer === undefined) throw new Error("Moments of this layer were not kept.");
  if (!drawable(layer)) throw new Error("The layer is too large for its matrices to be drawn.");
  const paper = layerMatrices(layer, "paper");
  const isClustered = Math.max(layer.a?.d ?? 0, layer.b.d) <= MOST_CLUSTERED;
  return {
    laws: layer.dIn ** 3 + layer.dOut ** 3 <= maxLawWork ? powerLaws(layer, exponents) : undefined,
    entries: entries(paper),
    neurons: neurons(paper),
    clusters: isClustered ? clusters(layerMatrices(layer, "covariance"), maxRows) : undefined,
  };
}

async function bytesOf(place: MomentsPlace): Promise<ArrayBuffer> {
  if (typeof place !== "string") return place.arrayBuffer();
  const response = await fetch(place).catch(() => {
    throw new Error("The server cannot be reached. It may have been stopped; crh lab starts it.");
  });
  if (response.ok) return response.arrayBuffer();
  const said = (await response.json().catch(() => undefined)) as { error?: string } | undefined;
  throw new Error(said?.error ?? `The server answered ${response.status}.`);
}

answerTasks<LayerTask>(
  (task) => (task.kind === "order" ? orders(task) : figures(task)),
  () => [],
);
