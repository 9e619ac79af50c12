/** @file What these studies read of attention heads: heads by attention layer, and snapshots of them alone. */
import { byHeadLayer } from "../../measure/network/headBaselines.ts";
import { attentionNames } from "../../measure/network/layerNames.ts";
import type { LayerSnapshot, Snapshot } from "../../measure/snapshot.ts";
import type { StudiedRun } from "../study.ts";

export interface HeadLayer {
  /** What people call the attention: "block 0". */
  readonly called: string;
  readonly heads: readonly LayerSnapshot[];
}

/** The living heads of a measurement by attention layer, in order of execution. */
export function headLayers(snapshot: Snapshot | undefined): HeadLayer[] {
  const heads = (snapshot?.layers ?? []).filter(({ kind, dead }) => kind === "head" && dead === undefined);
  const groups = [...byHeadLayer(heads, ({ name }) => name)];
  const names = attentionNames(groups.map(([name]) => name));
  return groups.map(([, own], i) => ({ called: names[i]!, heads: own }));
}

/** Measurements with the heads of some attention layers alone. @param keeps by the place of the attention */
export function headsOf(snapshots: readonly Snapshot[], keeps: (index: number, count: number) => boolean): Snapshot[] {
  return snapshots.map((snapshot) => {
    const groups = headLayers(snapshot);
    const layers = groups.flatMap(({ heads }, i) => (keeps(i, groups.length) ? heads : []));
    return { ...snapshot, layers };
  });
}

/** The run of the least seed. */
export const firstRun = (done: readonly StudiedRun[]): StudiedRun | undefined =>
  done.toSorted((x, y) => x.seed - y.seed)[0];
