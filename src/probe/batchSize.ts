/**
 * @file How many samples a batch should have: as many as keep the rows of the largest map within a few cache-friendly megabytes, and
 * no more than the model takes.
 */
import type { Engine } from "../engine/engine.ts";
import type { Model } from "../onnx/graph.ts";
import type { Feeds } from "./feeds.ts";
import { findLinearMaps } from "./linearMaps.ts";
import { lossGraph } from "./lossGraph.ts";
import { moduleNames } from "./moduleName.ts";
import type { ProbeOptions } from "./probe.ts";

/** chosen: numbers in the rows of the largest map; ResNet-20's patches are fastest around it, and memory stays near 1 GB. */
const LARGEST_ROWS = 2 ** 22;
const MOST = 500;

/**
 * @param take the first `count` samples as feeds
 * @param n samples at hand
 * @returns a batch size that the model can be bound to: any where its graph allows, else the one it was exported with
 * @throws Error when the model takes neither, in the words of the engine
 */
export async function chooseBatch(
  engine: Engine,
  model: Model,
  options: ProbeOptions,
  take: (count: number) => Feeds,
  n: number,
): Promise<number> {
  const declared = model.graph.inputs[0]?.shape?.[0];
  const fixed = typeof declared === "number" ? declared : undefined;
  const trial = Math.min(2, n);
  try {
    const loss = await lossGraph(engine, model, options.objective, options.parameters ?? [], take(trial));
    const weights = new Set([...loss.graph.initializers.keys(), ...(options.parameters ?? [])]);
    const { maps } = findLinearMaps(loss.graph, weights, loss.values, moduleNames(model.graph));
    const perSample = maps.map(({ rows, dOut, input }) => (rows * Math.max(dOut, input?.dIn ?? 0)) / trial);
    const half = Math.ceil(n / 2); // two batches at least, for the split-half noise
    return Math.max(1, Math.min(MOST, half, Math.floor(LARGEST_ROWS / Math.max(1, ...perSample))));
  } catch (error) {
    if (fixed === undefined || fixed === trial || fixed > n) throw error;
    await lossGraph(engine, model, options.objective, options.parameters ?? [], take(fixed));
    return fixed;
  }
}
