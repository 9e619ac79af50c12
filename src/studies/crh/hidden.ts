/** @file What these studies read from fully connected networks: relations of hidden representations, layer by layer. */
import type { Curve } from "../../figures/charts.ts";
import type { LegendEntry } from "../../figures/legend.ts";
import { relationColour, relationFormula } from "../../figures/palette.ts";
import { type HiddenMedians, hiddenMedians } from "../../findings/hiddenMedians.ts";
import { median } from "../../measure/median.ts";
import { hiddenSides } from "../../measure/network/hiddenSides.ts";
import { type RelationName, relationNames } from "../../measure/phase/phaseTable.ts";
import type { LayerSnapshot, Snapshot } from "../../measure/snapshot.ts";
import type { Side } from "../../moments/moments.ts";
import { meanPoints } from "../byNumber.ts";
import type { StudiedRun } from "../study.ts";

/** A run with its last measurement, read once. */
export interface Measured extends StudiedRun {
  readonly last: Snapshot;
  /** Undefined if the network is not a chain of maps. */
  readonly medians: HiddenMedians | undefined;
}

/** Runs that were measured, by seed. */
export function measuredRuns(runs: readonly StudiedRun[]): Measured[] {
  return runs
    .toSorted((x, y) => x.seed - y.seed)
    .flatMap((run) => {
      const last = run.snapshot();
      return last === undefined ? [] : [{ ...run, last, medians: hiddenMedians(last, "paper") }];
    });
}

/** The six medians of a run, backward ones first; null if one is missing. */
export function sixMedians({ medians }: Measured): number[] | null {
  if (medians === undefined) return null;
  const six = (["a", "b"] as const).flatMap((side) => relationNames.map((name) => medians[side][name]));
  const known = six.filter((value) => value !== null);
  return known.length === six.length ? known : null;
}

/** A relation in the paper's convention; null if the layer is dead or lacks the relation. */
export function alignmentOf({ dead, alignment }: LayerSnapshot, side: Side, relation: RelationName): number | null {
  return dead === undefined ? (alignment.paper[side]?.[relation].value ?? null) : null;
}

/** RGA by depth: of the inputs of maps 0 to D on side a, and of their outputs on side b. */
export const rgaByDepth = ({ last }: Measured, side: Side): (number | null)[] =>
  last.layers.map((layer) => alignmentOf(layer, side, "rga"));

/** RGA of hidden representations on both sides, with the value for unrelated matrices. */
export function hiddenRga({ last }: Measured): { value: number; chance: number }[] {
  return (hiddenSides(last.layers)?.hidden ?? []).flatMap(({ layer, side }) => {
    const value = alignmentOf(layer, side, "rga");
    return value === null ? [] : [{ value, chance: layer.alignment.paper[side]!.rga.null ?? 0 }];
  });
}

/** Median RGA over hidden representations of both sides. */
export const medianRga = (run: Measured): number | null => median(hiddenRga(run).map(({ value }) => value));

/**
 * One curve per relation: the median over hidden representations of one side, as the mean over seeds with its interval.
 */
export function medianCurves(groups: readonly [number, Measured[]][], side: "a" | "b"): Curve[] {
  return relationNames.map((name) => ({
    ...{ name: relationFormula[name], colour: relationColour[name], dots: "full" as const },
    points: meanPoints(groups, ({ medians }) => medians?.[side][name] ?? null),
  }));
}

export const relationEntries: readonly LegendEntry[] = relationNames.map((name) => ({
  text: `${name.toUpperCase()} ${relationFormula[name]}`,
  colour: relationColour[name],
  samples: ["line", "dot"],
}));
