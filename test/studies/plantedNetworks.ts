/** @file Runs of the settings of arXiv 2410.03006 made by hand: what each layer shows is told, layer by layer. */
import type { MetricPoint } from "../../src/findings/lastHalf.ts";
import type { RelationName } from "../../src/measure/phase/phaseTable.ts";
import { relationNames } from "../../src/measure/phase/phaseTable.ts";
import type { Exponent, LayerSnapshot, Snapshot } from "../../src/measure/snapshot.ts";
import type { Moments } from "../../src/moments/moments.ts";
import type { StudiedRun } from "../../src/studies/study.ts";
import { alignmentValue, plantedMoments, plantedSnapshot, rankValue } from "../figures/planted.ts";

export interface PlantedNetwork {
  readonly label: string;
  readonly seed?: number;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly smaller?: readonly string[];
  readonly snapshots: readonly Snapshot[];
  readonly moments?: Moments;
  readonly metrics?: readonly MetricPoint[];
}

export function plantedNetwork({ label, seed = 0, parameters, ...rest }: PlantedNetwork): StudiedRun {
  const { smaller = [], snapshots, moments, metrics = [] } = rest;
  return {
    ...{ label: `${label}, seed ${seed}`, seed, smaller, followed: undefined },
    parameters: { steps: snapshots.at(-1)?.step ?? 0, ...parameters },
    trajectories: () => [],
    metrics: () => metrics,
    snapshot: () => snapshots.at(-1),
    snapshots: () => snapshots,
    moments: () => moments,
    watched: () => undefined,
    pictures: () => undefined,
    weights: () => new Map(),
  };
}

/** What a layer of a chain shows at the end; before training everything is at chance. */
export type Shown = (layer: number, side: "a" | "b", relation: RelationName) => number;

/** Side by side: what a layer's six relations are. */
export function withRelations(
  layer: LayerSnapshot,
  value: (side: "a" | "b", relation: RelationName) => number,
): LayerSnapshot {
  const side = (which: "a" | "b") =>
    Object.fromEntries(relationNames.map((name) => [name, alignmentValue(value(which, name), 0.12, 0.001)]));
  const all = { a: side("a"), b: side("b") } as unknown as LayerSnapshot["alignment"]["paper"];
  return { ...layer, alignment: { paper: all, covariance: all, raw: all } };
}

/** Before and after the training of a chain of maps. @param rank of H, of ten dimensions */
export function plantedChain(maps: number, shown: Shown, rank: (layer: number) => number = () => 5): Snapshot[] {
  const names = Array.from({ length: maps }, (_, i) => `layers.${i}`);
  return [0, 1000].map((step) => {
    const snapshot = plantedSnapshot(step, names, 10);
    const layers = snapshot.layers.map((layer, i) => {
      const ranks = { H: rankValue(rank(i), 10), G: rankValue(5, 10) };
      return {
        ...withRelations(layer, (side, relation) => (step === 0 ? 0.2 : shown(i, side, relation))),
        ranks: { ...layer.ranks, paper: { a: ranks, b: ranks } },
        plasticity: plantedPlasticity(shown(i, "a", "rga")),
      };
    });
    return { ...snapshot, loss: { mean: 1 }, layers: layers as LayerSnapshot[] };
  });
}

function plantedPlasticity(value: number) {
  const one = { value };
  const found = { diagonal: one, logDiagonal: one, offDiagonal: one, correlations: one };
  const both = { a: found, b: found };
  return { paper: both, covariance: both, raw: both };
}

/** An exponent that is read and found. */
export function plantedExponent(value: number | null, sorted: number): Exponent {
  return {
    ...{ value, sorted, interval: value === null ? null : [value - 0.1, value + 0.1], r2: 0.9, decades: 2 },
    ...{ commutator: 0.1, commutatorNull: 0.5, overlap: 0.9, unshared: 0.1, directions: 10 },
  };
}

/** ResNet-18 as res1 and res2 measure it, at its ends and between: blocks by channel, two fully connected layers. */
export function plantedResNet(
  value: (layer: string, share: number) => number,
  { objective = "cross-entropy", change = (share: number) => 1 - share } = {},
): Snapshot[] {
  const names = ["conv1", "layer1", "layer2", "layer3", "layer4", "fc1", "fc2"];
  return [0, 250, 500, 750, 1000].map((step, i) => {
    const snapshot = plantedSnapshot(step, names, 8);
    const layers = snapshot.layers.map((layer): LayerSnapshot => {
      const kind = layer.name.startsWith("fc") ? "linear" : layer.name === "conv1" ? "conv" : "block";
      const shown = withRelations(layer, () => value(layer.name, i / 4));
      const paper = kind === "block" ? { ...shown.alignment.paper, a: null } : shown.alignment.paper;
      const moved = { value: Math.max(1e-4, change(i / 4)), n: 300 };
      const both = { H: moved, G: moved };
      const record = {
        since: step - 250,
        paper: { a: both, b: both },
        covariance: { a: both, b: both },
        raw: { a: both, b: both },
      };
      return {
        ...{ ...shown, kind, alignment: { ...shown.alignment, paper } },
        ranks: { ...layer.ranks, paper: { a: null, b: { H: rankValue(7, 8), G: rankValue(7, 8) } } } as never,
        ...(i > 0 && { change: record as never }),
      };
    });
    return { ...snapshot, objective, loss: { mean: 1 }, layers };
  });
}

/** Moments of the layers of that network. */
export function resNetMoments(): Moments {
  const moments = plantedMoments(["layer2", "layer3", "layer4", "fc1", "fc2"], 8);
  const layers = moments.layers.map((layer) => {
    if (layer.name.startsWith("fc")) return layer;
    const { a: _, W: __, ...rest } = layer;
    return { ...rest, kind: "block" as const };
  });
  return { ...moments, layers };
}
