/**
 * @file The document that compares several runs: median alignments of each run over its hidden representations and over
 * all layers, every layer of the runs, and the scaling of the gradient noise of layers with weight decay (theory.md Eq.
 * 63).
 */
import { isDeepStrictEqual } from "node:util";
import { holds, layerFindings } from "../../findings/relationFindings.ts";
import { median } from "../../measure/median.ts";
import { hiddenSides, type LayerSide } from "../../measure/network/hiddenSides.ts";
import type { LayerSnapshot, Snapshot } from "../../measure/snapshot.ts";
import { type DecayScaling, decayScaling } from "../../measure/training/decayScaling.ts";
import type { LayerKind } from "../../moments/moments.ts";
import { isAnalysisRun } from "../../runs/analysisRecord.ts";
import type { RunStatus } from "../../runs/runInfo.ts";

export const sides = ["a", "b"] as const;
export const relations = ["rga", "rwa", "gwa"] as const;
export type Relations = Record<(typeof relations)[number], number | null>;
/** Side a is null for layers without one (attention heads, blocks). */
export type Sides = { readonly a: Relations | null; readonly b: Relations };
export type Medians = Record<(typeof sides)[number], Relations>;

/** Alignments of the hidden representations of a chain of maps, and of its two ends. */
export interface HiddenMedians {
  /** Medians over side a of maps 1 to D, and side b of maps 0 to D - 1. */
  readonly medians: Medians;
  /** Side a of the first map. */
  readonly data: Relations;
  /** Side b of the last one. */
  readonly output: Relations;
}

/** One run at its last measurement. */
export interface ComparedRun {
  readonly run: string;
  readonly setting: string;
  readonly status: RunStatus;
  /** Why it failed, if it did. */
  readonly error: string | null;
  readonly step: number;
  readonly loss: number | null;
  /**
   * Number of samples and layers at the last measurement, and the largest standard error of their alignments (theory.md
   * Eq. 18).
   */
  readonly samples: number;
  readonly layers: number;
  readonly noise: number | null;
  /**
   * lr decay step / (1 - momentum) at the full rate: the initial weights decay as exp(-this); null without decay or
   * with another optimizer than SGD.
   */
  readonly decayTimes: number | null;
  /**
   * The parameters in which the runs differ, with the values of this run; null where its setting has no such parameter.
   */
  readonly differing: Readonly<Record<string, unknown>>;
  /**
   * Median alignment over layers in the paper's convention, and at the first measurement if there is an earlier one.
   */
  readonly medians: Medians;
  readonly initial: Medians | null;
  /** The same over hidden representations only; null where the network is not a chain of maps. */
  readonly hidden: HiddenMedians | null;
  readonly initialHidden: HiddenMedians | null;
}

/** One layer in all runs that have it, in the paper's convention. */
export interface ComparedLayer {
  readonly layer: string;
  readonly kind: LayerKind;
  readonly runs: readonly ({ readonly run: string; readonly holds: readonly Relation[] } & Sides)[];
}

/** A relation of one side, as "a.rga". */
export type Relation = `${(typeof sides)[number]}.${(typeof relations)[number]}`;

/** z_a z_b / |W|^2 of one layer over the runs, and its exponent in the decay. */
export interface LayerScaling extends DecayScaling {
  readonly layer: string;
  readonly points: readonly { readonly run: string; readonly decay: number; readonly noise: number }[];
}

export interface Comparison {
  readonly runs: readonly ComparedRun[];
  readonly layers: readonly ComparedLayer[];
  readonly scaling: { readonly layers: readonly LayerScaling[]; readonly median: number | null };
}

/** The compared data of a run or an analysis: its parameters, its start if it has one, its last measurement. */
export interface Run {
  readonly id: string;
  readonly status: RunStatus;
  readonly error?: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly start: Snapshot | undefined;
  readonly last: Snapshot;
}

/** The comparison of the runs, in the order given. */
export function compared(runs: readonly Run[]): Comparison {
  // Parameters of training and options of measuring are different things, even with the same name.
  const isMixed = new Set(runs.map(({ config }) => isAnalysisRun({ setting: String(config.setting) }))).size > 1;
  const all = isMixed ? ["setting"] : runs.flatMap(({ config }) => Object.keys(config));
  const keys = [...new Set(all)].filter((key) =>
    runs.some(({ config }) => !isDeepStrictEqual(config[key], runs[0]!.config[key])),
  );
  const layers = scalings(runs);
  return {
    runs: runs.map(({ id, status, error, config, start, last }) => ({
      run: id,
      setting: String(config.setting),
      status,
      error: error ?? null,
      step: last.step,
      loss: last.loss.mean,
      samples: last.samples,
      layers: last.layers.length,
      noise: largestNoise(last),
      decayTimes: decayTimes(config, last.step),
      differing: Object.fromEntries(keys.map((key) => [key, config[key] ?? null])),
      medians: mediansOf(last),
      initial: start ? mediansOf(start) : null,
      hidden: hiddenOf(last),
      initialHidden: start ? hiddenOf(start) : null,
    })),
    layers: layersOf(runs),
    scaling: { layers, median: median(layers.map(({ value }) => value)) },
  };
}

function largestNoise({ layers }: Snapshot): number | null {
  const all = layers.flatMap(({ alignment }) =>
    sides.flatMap((side) => relations.flatMap((name) => alignment.paper[side]?.[name].noise ?? [])),
  );
  return all.length === 0 ? null : Math.max(...all);
}

function decayTimes({ optimizer, lr, decay, momentum }: Run["config"], step: number): number | null {
  const times = (Number(lr) * Number(decay) * step) / (1 - Number(momentum));
  return optimizer === "sgd" && times > 0 && Number.isFinite(times) ? times : null;
}

function mediansOf({ layers }: Snapshot): Medians {
  return mediansOver(layers.flatMap((layer) => sides.map((side) => ({ layer, side }))));
}

function mediansOver(all: readonly LayerSide<LayerSnapshot>[]): Medians {
  const of = (letter: (typeof sides)[number]): Relations => {
    const found = all.flatMap(({ layer, side }) => (side === letter ? [valuesOf(layer, side)] : []));
    return relationsBy((name) => median(found.map((values) => values?.[name] ?? null)));
  };
  return { a: of("a"), b: of("b") };
}

function hiddenOf({ layers }: Snapshot): HiddenMedians | null {
  const chain = hiddenSides(layers);
  const [data, output] = [chain && valuesOf(chain.data.layer, "a"), chain && valuesOf(chain.output.layer, "b")];
  return chain && data && output ? { medians: mediansOver(chain.hidden), data, output } : null;
}

/** Dead layers are in no median. */
function valuesOf({ alignment, dead }: LayerSnapshot, side: (typeof sides)[number]): Relations | null {
  const found = dead === undefined ? alignment.paper[side] : null;
  return found && relationsBy((name) => found[name].value);
}

function relationsBy(of: (name: (typeof relations)[number]) => number | null): Relations {
  return { rga: of("rga"), rwa: of("rwa"), gwa: of("gwa") };
}

/** Every layer of the runs, those of the first run first. */
function layersOf(runs: readonly Run[]): ComparedLayer[] {
  const kinds = new Map(runs.flatMap(({ last }) => last.layers.map(({ name, kind }) => [name, kind] as const)));
  return [...kinds].map(([name, kind]) => ({
    layer: name,
    kind,
    runs: runs.flatMap(({ id, start: before, last }) => {
      const found = last.layers.find((layer) => layer.name === name);
      const start = before?.layers.find((layer) => layer.name === name);
      const held = found ? layerFindings(found, start, "paper").filter(holds) : [];
      const b = found && valuesOf(found, "b");
      return found && b
        ? [
            {
              run: id,
              a: valuesOf(found, "a"),
              b,
              holds: held.map(({ side, relation }): Relation => `${side}.${relation}`),
            },
          ]
        : [];
    }),
  }));
}

/**
 * Every layer of the runs that has the noise of its gradients at a known decay in one of them: gamma^2 rho (Eqs. 58 and
 * 63). Empty for runs of different settings, whose layers are different even with equal names.
 */
function scalings(runs: readonly Run[]): LayerScaling[] {
  if (new Set(runs.map(({ config }) => config.setting)).size > 1) return [];
  const names = [...new Set(runs.flatMap(({ last }) => last.layers.map(({ name }) => name)))];
  return names.flatMap((layer) => {
    const points = runs.flatMap(({ id, config, last }) => {
      const decay = Number(config.decay);
      const found = last.layers.find(({ name }: LayerSnapshot) => name === layer);
      const rho = found?.dead === undefined ? found?.residuals?.rho : null;
      return decay > 0 && rho != null ? [{ run: id, decay, noise: rho * decay ** 2 }] : [];
    });
    return points.length > 0 ? [{ layer, points, ...decayScaling(points) }] : [];
  });
}
