/**
 * @file The snapshot of a network measured in parts of its layers: the sums of each part are measured and released
 * before those of the next are made. Data needed by later steps are kept.
 */
import { totalmem } from "node:os";
import { PairHalves, pairsFrom } from "../measure/network/pairs.ts";
import {
  assembleSnapshot,
  type LayerJob,
  type LayerSnapshot,
  layerJobs,
  type Snapshot,
  type SnapshotOptions,
} from "../measure/snapshot.ts";
import { type LayerOutline, PART_BYTES } from "../moments/accumulate/layerOutline.ts";
import type { UnfinishedMoments } from "../moments/accumulate/layerSums.ts";
import { type LayerSums, pairSums } from "../moments/accumulate/layerSums.ts";
import { type Moments, mergeLayers } from "../moments/moments.ts";
import type { LayerPool } from "./layerPool.ts";
import { groupsOf, type SumsJob } from "./sumsJob.ts";

/** The largest file that Node reads as a whole; larger sums are measured but not kept. */
export const MOST_KEPT_BYTES = 2 ** 31;

/**
 * chosen: share of the machine's memory for one part of the sums; the rest is for the network, its values and the
 * current layers.
 */
const MEMORY_SHARE = 2 / 5;

/** Memory of a part here, at least that of `inParts`: fewer parts take fewer passes. */
export function partBytes(): number {
  const allowed = process.constrainedMemory() || Number.POSITIVE_INFINITY; // 0 where nothing limits the process
  return Math.max(PART_BYTES, MEMORY_SHARE * Math.min(allowed, totalmem()));
}

/** Memory of the sums and weights of a network, about the size of their file. */
export function bytesOfFile(network: readonly LayerOutline[]): number {
  return network.reduce((sum, { bytes, dIn, dOut, a }) => sum + bytes + (a ? 8 * dIn * dOut : 0), 0);
}

export class SnapshotInParts {
  private readonly pool: LayerPool;
  private readonly network: readonly LayerOutline[];
  /** Layers added so far. */
  readonly layers: LayerSnapshot[] = [];
  private kept: Moments | undefined;
  private halves: PairHalves | undefined;
  /** Whether the sums of all layers are kept; otherwise only those of the attention heads. */
  readonly isKept: boolean;

  /**
   * @param network its layers, in the order in which their parts are added
   * @param mostKept most bytes of sums that are kept
   */
  constructor(pool: LayerPool, network: readonly LayerOutline[], mostKept = MOST_KEPT_BYTES) {
    this.pool = pool;
    this.network = network;
    this.isKept = bytesOfFile(network) <= mostKept;
  }

  /**
   * Measures the layers of a part; their sums are consumed.
   *
   * @param groups their sums over groups of the samples
   * @param onLayer called with the number of finished layers of the network
   */
  async add(
    groups: readonly UnfinishedMoments[],
    options: Omit<SnapshotOptions, "groups">,
    onLayer: (done: number) => void = () => {},
  ): Promise<void> {
    const bare = groups.map((group) => ({ ...group, layers: group.layers.map(({ layer }) => layer) }));
    const { edges } = bare[0]!;
    if (edges) {
      this.halves ??= new PairHalves(edges);
      const sums = bare[0]!.layers.map((_, i) => pairSums(groups.map(({ layers }) => layers[i]!)));
      this.halves.add(
        sums,
        bare.map(({ layers }) => layers),
      );
    }
    const kept = this.kept?.layers ?? [];
    const jobs: (LayerJob | SumsJob)[] = [];
    for (const [i, job] of layerJobs(undefined, { ...options, groups: bare, network: this.network }).entries()) {
      const sums = groups.map(({ layers }) => layers[i]!);
      if (!this.isKept && sums[0]!.layer.kind !== "head") jobs.push({ ...job, sums: sums.map(withoutNoise) });
      else {
        const layers = await groupsOf(sums);
        kept.push(layers.reduce((x, y) => mergeLayers(x, y)));
        jobs.push({ ...job, groups: layers });
      }
    }
    this.kept = { ...bare[0]!, layers: kept };
    const before = this.layers.length;
    this.layers.push(...(await this.pool.layers(jobs, (done) => onLayer(before + done))));
  }

  /** The snapshot of the parts so far, and the kept sums. */
  finished(options: SnapshotOptions): { snapshot: Snapshot; kept: Moments } {
    if (this.kept === undefined) throw new RangeError("snapshot: expected at least one part of the layers, got none");
    const pairs = this.halves && pairsFrom(this.halves, this.kept.step, options);
    return { snapshot: assembleSnapshot(this.kept, { ...options, pairs }, this.layers), kept: this.kept };
  }
}

function withoutNoise({ layer: { noise: _, ...layer }, ...sums }: LayerSums): LayerSums {
  return { ...sums, layer };
}
