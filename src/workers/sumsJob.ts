/**
 * @file Jobs of layers whose sums are unfinished; the thread that measures a layer finishes its sums first.
 */

import { FloatProducts } from "../engine/floatProducts.ts";
import { nodeEngine } from "../engineNode/nodeEngine.ts";
import type { ArrayPool } from "../linalg/arrayPool.ts";
import type { LayerOptions } from "../measure/layerMeasures.ts";
import type { LayerJob } from "../measure/snapshot.ts";
import { finishSums, type LayerSums } from "../moments/accumulate/layerSums.ts";
import type { LayerMoments } from "../moments/moments.ts";

/** As LayerJob. Plain data, which can be sent to another thread. */
export interface SumsJob {
  readonly sums: readonly LayerSums[];
  readonly options: LayerOptions;
}

/** Compiled products of one thread, kept until it ends. */
const products = new FloatProducts(nodeEngine, { planMemory: false });

/** The moments of each group of samples. @param sums consumed */
export async function groupsOf(sums: readonly LayerSums[], pool?: ArrayPool): Promise<LayerMoments[]> {
  const groups: LayerMoments[] = [];
  for (const group of sums) groups.push(await finishSums(group, products, { memory: pool }));
  return groups;
}

/** @param job consumed */
export async function asLayerJob({ sums, options }: SumsJob, pool?: ArrayPool): Promise<LayerJob> {
  return { groups: await groupsOf(sums, pool), options };
}
