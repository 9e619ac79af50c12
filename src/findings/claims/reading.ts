/**
 * @file What the claims share of a network and its training, read once. Dead layers are left out: they count in no
 * claim.
 */
import { hiddenSides, type LayerSide } from "../../measure/network/hiddenSides.ts";
import type { LayerSnapshot, Snapshot } from "../../measure/snapshot.ts";
import { fixed } from "../numbers.ts";
import { byStep, type Finding, findings, holds } from "../relationFindings.ts";
import type { ClaimData } from "./claim.ts";

export interface Reading {
  readonly data: ClaimData;
  /** Measurements by step, the one before training first. */
  readonly ordered: readonly Snapshot[];
  readonly last: Snapshot;
  /** Living layers of the last measurement. */
  readonly layers: readonly LayerSnapshot[];
  /** Every relation of them that has a value, by the paper's convention. */
  readonly findings: readonly Finding[];
  /** Hidden representations of living layers; undefined where the network is no chain of maps. */
  readonly hidden: readonly LayerSide<LayerSnapshot>[] | undefined;
}

/** undefined where nothing was measured. */
export function readingOf(data: ClaimData): Reading | undefined {
  const measured = byStep(data.snapshots);
  const last = measured.at(-1);
  if (last === undefined) return undefined;
  const ordered = [...(data.initial ? [data.initial] : []), ...measured];
  const layers = last.layers.filter(({ dead }) => dead === undefined);
  const chain = hiddenSides(last.layers);
  return {
    data,
    ordered,
    last,
    layers,
    findings: findings(ordered, "paper").filter((one) => one.layer.dead === undefined && one.last.value !== null),
    hidden: chain?.hidden.filter(({ layer }) => layer.dead === undefined),
  };
}

/** What kind of network it is: the figures of the paper are of one kind each. */
export function kindOf({ layers }: Reading): "convolutional" | "transformer" | "fully connected" {
  if (layers.some(({ kind }) => kind === "conv")) return "convolutional";
  return layers.some(({ kind }) => kind === "head") ? "transformer" : "fully connected";
}

/** ", 0.31 at the start". */
export function startWords({ first }: Finding): string {
  return first?.value == null ? "" : `, ${fixed(first.value, 2)} at the start`;
}

/** How many of them hold. */
export function holding(found: readonly Finding[]): number {
  return found.filter(holds).length;
}

/** Why a relation counts as holding. */
export const judged = "the one rule for relations (Eq. 85)";
