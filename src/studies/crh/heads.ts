/** @file What these studies read from attention heads: heads by attention layer, and snapshots of heads only. */
import { byHeadLayer } from "../../measure/network/headBaselines.ts";
import { attentionNames } from "../../measure/network/layerNames.ts";
import type { LayerSnapshot, Snapshot } from "../../measure/snapshot.ts";
import type { StudiedRun } from "../study.ts";

export interface HeadLayer {
  /** The attention layer's name for readers: "block 0". */
  readonly called: string;
  readonly heads: readonly LayerSnapshot[];
}

/** The heads of a measurement that are not dead, by attention layer, in order of execution. */
export function headLayers(snapshot: Snapshot | undefined): HeadLayer[] {
  const heads = (snapshot?.layers ?? []).filter(({ kind, dead }) => kind === "head" && dead === undefined);
  const groups = [...byHeadLayer(heads, ({ name }) => name)];
  const names = attentionNames(groups.map(([name]) => name));
  return groups.map(([, own], i) => ({ called: names[i]!, heads: own }));
}

/** Measurements reduced to the heads of some attention layers. @param keeps decides by the layer's index */
export function headsOf(snapshots: readonly Snapshot[], keeps: (index: number, count: number) => boolean): Snapshot[] {
  return snapshots.map((snapshot) => {
    const groups = headLayers(snapshot);
    const layers = groups.flatMap(({ heads }, i) => (keeps(i, groups.length) ? heads : []));
    return { ...snapshot, layers };
  });
}

/** The run with the smallest seed. */
export const firstRun = (done: readonly StudiedRun[]): StudiedRun | undefined =>
  done.toSorted((x, y) => x.seed - y.seed)[0];
