/**
 * @file Parts shared by the figures of symmetric pairs: every pair at every step, with its name and a colour by its
 * position in the network.
 */
import {
  attentionName,
  type PairGroup,
  pairGroups,
  pairKey,
  pairName,
  type Spread,
  spreadOf,
} from "../measure/network/pairGroups.ts";
import type { PairSnapshot } from "../measure/network/pairs.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { visibleText } from "./escape.ts";
import { layerLabels } from "./layerLabels.ts";
import type { LegendEntry } from "./legend.ts";
import { depthColour } from "./palette.ts";

/** A pair, or the heads of an attention layer, over the steps at which it was measured. */
export interface PairSeries {
  /** Unique name; includes the function between the maps where two maps form two pairs. */
  readonly name: string;
  /** The name shortened to fit beside a row. */
  readonly label: string;
  readonly colour: string;
  readonly heads: boolean;
  readonly steps: readonly { readonly step: number; readonly group: PairGroup; readonly snapshot: Snapshot }[];
}

/** chosen: most characters of a name beside its row. */
const labelLength = 26;

/** The pairs of two maps, in order, or those of scale, which have one side only. */
export function pairSeries(snapshots: readonly Snapshot[], wanted: "two-sided" | "scale" = "two-sided"): PairSeries[] {
  const found = new Map<string, { step: number; group: PairGroup; snapshot: Snapshot }[]>();
  for (const snapshot of snapshots.toSorted((x, y) => x.step - y.step))
    for (const group of pairGroups(snapshot.pairs)) {
      if ((group.symmetry === "scale") !== (wanted === "scale")) continue;
      const key = pairKey(group);
      found.set(key, [...(found.get(key) ?? []), { step: snapshot.step, group, snapshot }]);
    }
  const all = [...found.values()];
  const names = namesOf(all.map((steps) => steps[0]!.group));
  const labels = layerLabels(names.map(shortName), labelLength);
  return all.map((steps, i) => ({
    name: visibleText(names[i]!),
    label: labels[i]!,
    colour: depthColour(i, all.length).fill,
    heads: steps[0]!.group.pairs[0]!.head !== undefined,
    steps,
  }));
}

function namesOf(groups: readonly PairGroup[]): string[] {
  return groups.map((group) => {
    if (group.pairs[0]!.head === undefined) return pairName(group);
    return `${attentionName(group)}, ${group.through.replace("attention ", "")}`;
  });
}

/**
 * The name of a pair with the common prefix of both maps given once: "attn.0.qkv → proj"; a number keeps its prefix.
 */
function shortName(name: string): string {
  const [first = "", mark, second] = name.split(/ ([→×]) /);
  const shared = first.slice(0, first.lastIndexOf(".") + 1);
  if (mark === undefined || second === undefined || shared === "" || !second.startsWith(shared)) return name;
  const own = second.slice(shared.length);
  return /^\d/.test(own) ? name : `${first} ${mark} ${own}`;
}

/** One number for each step that has one; for heads, median and range. */
export function overSteps(
  { steps }: PairSeries,
  value: (pair: PairSnapshot) => number | null,
): (Spread & { readonly step: number })[] {
  return steps.flatMap(({ step, group }) => {
    const found = spreadOf(group, value);
    return found === null ? [] : [{ step, ...found }];
  });
}

/** chosen: most pairs named in a legend; with more, it shows the colours from the first to the last pair. */
const mostNamed = 12;

export function pairLegend(all: readonly PairSeries[]): LegendEntry[] {
  if (all.length > mostNamed) return [{ text: "first to last pair", colour: "currentColor", samples: ["ramp"] }];
  return all.map(({ label, colour }) => ({ text: label, colour, samples: ["line"] }));
}
