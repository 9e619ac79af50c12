/**
 * @file The snapshot of a network that is measured a part of its layers at a time: the sums of each part are measured and let go before
 * those of the next are made. What later steps need of them is kept.
 */
import { totalmem } from "node:os";
import { assembled, type LayerSnapshot, layerJobs, type Snapshot, type SnapshotOptions } from "../measure/snapshot.ts";
import { type Moments, mergeLayers } from "../moments/moments.ts";
import { type LayerOutline, PART_BYTES } from "../probe/parts.ts";
import type { Measuring } from "./measuring.ts";

/** The largest file that Node reads as a whole: sums of more are measured, not kept. */
export const MOST_KEPT_BYTES = 2 ** 31;

/** chosen: a third of the machine's memory, which the network, its values and the layers at hand share with a part of the sums. */
const MEMORY_SHARE = 1 / 3;

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
  private readonly measuring: Measuring;
  private readonly network: readonly LayerOutline[];
  /** Those that were added so far. */
  readonly layers: LayerSnapshot[] = [];
  private kept: Moments | undefined;
  /** Whether the sums of all layers are kept; else those of the attention heads. */
  readonly isKept: boolean;

  /** @param network its layers, in the order in which their parts are added */
  constructor(measuring: Measuring, network: readonly LayerOutline[]) {
    this.measuring = measuring;
    this.network = network;
    this.isKept = bytesOfFile(network) <= MOST_KEPT_BYTES;
  }

  /**
   * Measures the layers of a part, whose sums are then empty.
   *
   * @param groups their moments over groups of the samples
   * @param onLayer told how many layers of the network are done
   */
  async add(
    groups: readonly Moments[],
    options: SnapshotOptions,
    onLayer: (done: number) => void = () => {},
  ): Promise<void> {
    const [first, ...rest] = groups as [Moments, ...Moments[]];
    const layers = first.layers.flatMap((layer, i) =>
      this.isKept || layer.kind === "head"
        ? rest.reduce((sum, group) => mergeLayers(sum, group.layers[i]!), layer)
        : [],
    );
    this.kept = { ...first, layers: [...(this.kept?.layers ?? []), ...layers] };
    const jobs = layerJobs(undefined, { ...options, groups, network: this.network });
    const before = this.layers.length;
    this.layers.push(...(await this.measuring.layers(jobs, (done) => onLayer(before + done))));
  }

  /** The snapshot of the parts so far, and what is kept of their sums. */
  finished(options: SnapshotOptions): { snapshot: Snapshot; kept: Moments } {
    if (this.kept === undefined) throw new RangeError("snapshot: expected at least one part of the layers, got none");
    return { snapshot: assembled(this.kept, options, this.layers), kept: this.kept };
  }
}
