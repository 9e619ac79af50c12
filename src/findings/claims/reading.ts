/**
 * @file Data on a network and its training that all claims use, computed once. Dead layers are left out of all claims.
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
  /** Layers of the last measurement that are not dead. */
  readonly layers: readonly LayerSnapshot[];
  /** Every relation of these layers that has a value, by the paper's convention. */
  readonly findings: readonly Finding[];
  /** Hidden representations of these layers; undefined where the network is not a chain of maps. */
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

/** The kind of network; each figure of the paper is about one kind. */
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
