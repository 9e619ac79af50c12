/**
 * @file Measures of runs by the names that users type: `b.rga`, `covariance.b.rga`, `rank.H.b`, `exponent.hz.a`, `nc1`,
 * `imbalance`, `loss`. A measure of layers gives one number per layer. The value of the whole run is their median over
 * hidden representations if the network is a chain of maps, else over all layers (as in crh compare).
 */
import { median } from "../measure/median.ts";
import { hiddenSides } from "../measure/network/hiddenSides.ts";
import type { LayerSnapshot, Snapshot } from "../measure/snapshot.ts";
import { type Convention, conventions } from "../moments/moments.ts";

/** The default convention of a measure, that of crh compare and of the paper. */
export const defaultConvention: Convention = "paper";

/** A number of one layer, or of one pair under the name of its first map; null with the reason if there is none. */
export interface LayerValue {
  readonly layer: string;
  readonly value: number | null;
  readonly status?: string | undefined;
}

export interface LayerMeasure {
  readonly kind: "layers";
  /** Name as typed, including its convention if it has one: "paper.b.rga". */
  readonly name: string;
  /** Description: "forward RGA, paper convention". */
  readonly meaning: string;
  /** Its side, which determines the hidden representations; undefined if it has none. */
  readonly side?: "a" | "b";
  read(snapshot: Snapshot): LayerValue[];
}

/** A quantity of metrics.jsonl, or `loss` and `accuracy` of the evaluated samples (metricsTable.ts). */
export interface MetricMeasure {
  readonly kind: "metric";
  readonly name: string;
  readonly meaning: string;
}

export type RunMeasure = LayerMeasure | MetricMeasure;

const directions = { a: "backward", b: "forward" } as const;
const matrices = ["H", "G"] as const;
const laws = { hg: "H ~ G^s", hz: "H ~ Z^s", gz: "G ~ Z^s" } as const;
const ranks = {
  rank: { key: "numerical", meaning: "numerical rank" },
  stableRank: { key: "stable", meaning: "stable rank" },
  participation: { key: "participation", meaning: "participation ratio" },
} as const;

/** A measure without its convention. */
interface Template {
  readonly meaning: string;
  readonly side?: "a" | "b";
  /** Whether it exists in each convention. */
  readonly isConventional: boolean;
  read(layer: LayerSnapshot, convention: Convention): Found;
}
type Found = { readonly value?: number | null | undefined; readonly status?: string | undefined } | null | undefined;

const templates = new Map<string, Template>();

for (const side of ["a", "b"] as const) {
  for (const relation of ["rga", "rwa", "gwa"] as const)
    templates.set(`${side}.${relation}`, {
      meaning: `${directions[side]} ${relation.toUpperCase()}`,
      side,
      isConventional: true,
      read: ({ alignment }, convention) => alignment[convention]?.[side]?.[relation],
    });
  for (const [name, { key, meaning }] of Object.entries(ranks))
    for (const matrix of matrices)
      templates.set(`${name}.${matrix}.${side}`, {
        meaning: `${meaning} of ${matrix}_${side}`,
        side,
        isConventional: true,
        read({ ranks: found }, convention) {
          const rank = found?.[convention]?.[side]?.[matrix];
          return rank && { value: rank[key], status: rank.status };
        },
      });
  for (const [law, equation] of Object.entries(laws) as [keyof typeof laws, string][])
    templates.set(`exponent.${law}.${side}`, {
      meaning: `exponent s of ${equation}, side ${side}`,
      side,
      isConventional: true,
      read: ({ exponents }, convention) => exponents?.[convention]?.[side]?.[law],
    });
}
for (const [name, { key, meaning }] of Object.entries(ranks))
  templates.set(`${name}.Z`, {
    meaning: `${meaning} of Z`,
    isConventional: false,
    read: ({ ranks: found }) => found?.weights && { value: found.weights[key], status: found.weights.status },
  });

const collapse: Readonly<Record<string, [meaning: string, of: (found: Collapse) => number | null | undefined]>> = {
  nc1: ["NC1, tr(S_w S_b^+)", ({ nc1 }) => nc1.trace],
  nc2: ["NC2, deviation of class means from equal angles", ({ nc2 }) => nc2.means.equiangular],
  nc3: ["NC3, self-duality", ({ nc3 }) => nc3?.selfDuality],
  nc4: ["NC4, disagreement with the nearest class mean", ({ nc4 }) => nc4],
};
type Collapse = NonNullable<LayerSnapshot["collapse"]>;
for (const [name, [meaning, of]] of Object.entries(collapse))
  templates.set(name, {
    meaning,
    isConventional: false,
    read: ({ collapse: found }) => found && { value: of(found), status: found.status },
  });

/** Measures of symmetric pairs of maps. */
const pairs: Readonly<Record<string, [meaning: string, of: (pair: Pair) => number | null]>> = {
  imbalance: ["imbalance of symmetric pairs", ({ imbalance }) => imbalance],
  noiseRatio: ["noise above over noise below in symmetric pairs", ({ noiseBalance }) => noiseBalance.ratio],
  noiseResidual: ["residual of the noise balance of symmetric pairs", ({ noiseBalance }) => noiseBalance.residual],
};
type Pair = NonNullable<Snapshot["pairs"]>[number];

/** Measures of the evaluated samples. */
const metrics: Readonly<Record<string, string>> = {
  loss: "loss of the evaluated samples",
  accuracy: "accuracy of the evaluated samples",
};

/** Names of all measures except quantities of metrics.jsonl. */
export const measureNames: readonly string[] = [...templates.keys(), ...Object.keys(pairs), ...Object.keys(metrics)];

/** The measure with a name. A name that is not a measure of layers counts as a quantity of metrics.jsonl. */
export function measureCalled(name: string): RunMeasure {
  const prefix = conventions.find((convention) => name.startsWith(`${convention}.`));
  const plain = prefix === undefined ? name : name.slice(prefix.length + 1);
  const template = templates.get(plain);
  if (template && (prefix === undefined || template.isConventional))
    return layerMeasure(plain, template, prefix ?? defaultConvention);
  const pair = Object.hasOwn(pairs, name) ? pairs[name] : undefined;
  if (pair) return pairMeasure(name, pair);
  return { kind: "metric", name, meaning: Object.hasOwn(metrics, name) ? metrics[name]! : name };
}

function layerMeasure(plain: string, template: Template, convention: Convention): LayerMeasure {
  const { isConventional, meaning, side, read } = template;
  return {
    kind: "layers",
    name: isConventional ? `${convention}.${plain}` : plain,
    meaning: isConventional ? `${meaning}, ${conventionWords[convention]}` : meaning,
    ...(side && { side }),
    read: ({ layers }) =>
      layers.flatMap((layer): LayerValue[] => {
        const found = read(layer, convention);
        return found ? [{ layer: layer.name, value: found.value ?? null, status: found.status }] : [];
      }),
  };
}

/** Names of the conventions in captions. */
const conventionWords: Readonly<Record<Convention, string>> = {
  paper: "paper convention",
  covariance: "covariances",
  raw: "plain second moments",
};

function pairMeasure(name: string, [meaning, of]: (typeof pairs)[string]): LayerMeasure {
  return {
    kind: "layers",
    name,
    meaning,
    read: ({ pairs: found = [] }) =>
      found.map((pair) => ({
        layer: `${pair.first} → ${pair.second}${pair.head === undefined ? "" : `, head ${pair.head}`}`,
        value: of(pair),
        status: pair.status,
      })),
  };
}

/** The value of a whole run, and the layers it is taken over. */
export interface WholeValue {
  readonly value: number | null;
  readonly over: "hidden representations" | "all layers";
}

/** The median of a measure over hidden representations or, if the network is not a chain of maps, over all layers. */
export function wholeValue(measure: LayerMeasure, snapshot: Snapshot): WholeValue {
  const values = measure.read(snapshot);
  const chain = measure.side && hiddenSides(snapshot.layers);
  const hidden = new Set(chain?.hidden.filter(({ side }) => side === measure.side).map(({ layer }) => layer.name));
  if (hidden.size === 0) return { value: median(values.map(({ value }) => value)), over: "all layers" };
  const own = values.filter(({ layer }) => hidden.has(layer)).map(({ value }) => value);
  return { value: median(own), over: "hidden representations" };
}
