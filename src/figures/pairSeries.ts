/**
 * @file What figures of symmetric pairs share: every pair at every step, with its name and the colour of its place in
 * the network.
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

/** A pair, or the heads of an attention, over the steps at which it was measured. */
export interface PairSeries {
  /** Unlike that of every other: with what is between where two maps have two pairs. */
  readonly name: string;
  /** The name cut to fit beside a row. */
  readonly label: string;
  readonly colour: string;
  readonly heads: boolean;
  readonly steps: readonly { readonly step: number; readonly group: PairGroup; readonly snapshot: Snapshot }[];
}

/** chosen: characters of a name beside its row. */
const labelLength = 26;

/** The pairs that two maps share, in their order; those of scale alone, which have one side, apart. */
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

/** What both names of a pair share said once: "attn.0.qkv → proj"; numbers keep theirs. */
function shortName(name: string): string {
  const [first = "", mark, second] = name.split(/ ([→×]) /);
  const shared = first.slice(0, first.lastIndexOf(".") + 1);
  if (mark === undefined || second === undefined || shared === "" || !second.startsWith(shared)) return name;
  const own = second.slice(shared.length);
  return /^\d/.test(own) ? name : `${first} ${mark} ${own}`;
}

/** A number of each step that has one: of heads median and range. */
export function overSteps(
  { steps }: PairSeries,
  value: (pair: PairSnapshot) => number | null,
): (Spread & { readonly step: number })[] {
  return steps.flatMap(({ step, group }) => {
    const found = spreadOf(group, value);
    return found === null ? [] : [{ step, ...found }];
  });
}

/** chosen: pairs named in a legend; of more, the colours from the first to the last. */
const mostNamed = 12;

export function pairLegend(all: readonly PairSeries[]): LegendEntry[] {
  if (all.length > mostNamed) return [{ text: "first to last pair", colour: "currentColor", samples: ["ramp"] }];
  return all.map(({ label, colour }) => ({ text: label, colour, samples: ["line"] }));
}
