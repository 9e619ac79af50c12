/**
 * @file Layers to measure whose sums are still as they left the engine: a thread finishes what it measures next.
 */

import { FloatProducts } from "../engine/floatProducts.ts";
import { nodeEngine } from "../engineNode/nodeEngine.ts";
import type { ArrayPool } from "../linalg/arrayPool.ts";
import type { LayerOptions } from "../measure/layerMeasures.ts";
import type { LayerJob } from "../measure/snapshot.ts";
import { finishSums, type LayerSums } from "../moments/accumulate/layerSums.ts";
import type { LayerMoments } from "../moments/moments.ts";

/** As LayerJob. Plain data: it may go to another thread. */
export interface SumsJob {
  readonly sums: readonly LayerSums[];
  readonly options: LayerOptions;
}

/** Programs of one thread, kept until it ends. */
const products = new FloatProducts(nodeEngine, { planMemory: false });

/** The moments of each group of samples. @param sums used up */
export async function groupsOf(sums: readonly LayerSums[], pool?: ArrayPool): Promise<LayerMoments[]> {
  const groups: LayerMoments[] = [];
  for (const group of sums) groups.push(await finishSums(group, products, { memory: pool }));
  return groups;
}

/** @param job used up */
export async function asLayerJob({ sums, options }: SumsJob, pool?: ArrayPool): Promise<LayerJob> {
  return { groups: await groupsOf(sums, pool), options };
}
