/**
 * @file What a report is made from, and the last measurement laid out relation by relation.
 */
import { sides } from "../figures/alignmentSeries.ts";
import { type Relation, relations } from "../figures/palette.ts";
import type { AlignmentValue, Convention, LayerSnapshot, Snapshot } from "../measure/snapshot.ts";
import type { Moments, Side } from "../moments/moments.ts";
import type { MetricRow } from "../runs/metricsFile.ts";
import type { RunInfo } from "../runs/runInfo.ts";
import { judge, type Verdict } from "./verdict.ts";

export interface ReportData {
  info: RunInfo;
  config: Record<string, unknown>;
  /** Sources and chosen values. */
  notes: string[];
  metrics: MetricRow[];
  snapshots: Snapshot[];
  /** The last ones kept, for matrices and entries. */
  moments?: Moments;
}

/** One relation of one layer at the last measurement. */
export interface Finding {
  readonly layer: LayerSnapshot;
  readonly side: Side;
  readonly relation: Relation;
  readonly last: AlignmentValue;
  /** At the first measurement, where that is another step. */
  readonly first: AlignmentValue | undefined;
  readonly verdict: Verdict;
}

/** Measurements by step. */
export function byStep(snapshots: readonly Snapshot[]): Snapshot[] {
  return snapshots.toSorted((x, y) => x.step - y.step);
}

/** Every relation that the last measurement speaks of; relations that a layer does not have (rwa, gwa of a head) are left out. */
export function findings(snapshots: readonly Snapshot[], convention: Convention): Finding[] {
  const ordered = byStep(snapshots);
  const last = ordered.at(-1);
  const first = ordered.length > 1 ? ordered[0] : undefined;
  return (last?.layers ?? []).flatMap((layer) =>
    sides.flatMap((side) => {
      const measured = layer.alignment[convention][side];
      if (!measured) return [];
      const start = first?.layers.find((other) => other.name === layer.name)?.alignment[convention][side];
      return relations
        .filter((relation) => layer.kind !== "head" || relation === "rga")
        .map((relation) => {
          const value = measured[relation];
          return {
            layer,
            side,
            relation,
            last: value,
            first: start?.[relation],
            verdict: judge(value, start?.[relation]),
          };
        });
    }),
  );
}

/** Why a value is missing, in words. */
export function statusWords(status: string | undefined): string {
  switch (status) {
    case "undefined-1x1":
      return "undefined (1 × 1)";
    case "constant-matrix":
      return "undefined (constant matrix)";
    case "zero-matrix":
      return "undefined (zero matrix)";
    case "too-few-samples":
      return "too few samples";
    case "not-finite":
      return "not finite";
    case "missing-moments":
      return "not measured";
    default:
      return status ?? "not measured";
  }
}
