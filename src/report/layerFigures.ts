/**
 * @file The figures of one layer: its alignments over training, its matrices, their entries, neurons, spectra and power
 * laws. Every layer has those that were measured and fit on the page.
 */

import { alignmentRows } from "../figures/alignmentSeries.ts";
import { layerCourse } from "../figures/alignmentsOverTime.ts";
import { clusters } from "../figures/clusters.ts";
import { entries } from "../figures/entries.ts";
import type { Figure } from "../figures/figure.ts";
import { layerMatrices } from "../figures/layerMatrices.ts";
import { matrices } from "../figures/matrices.ts";
import { neurons } from "../figures/neurons.ts";
import { powerLaws } from "../figures/powerLaws.ts";
import { spectra } from "../figures/spectra.ts";
import { byStep } from "../findings/relationFindings.ts";
import type { LayerSnapshot, Snapshot } from "../measure/snapshot.ts";
import type { LayerMoments } from "../moments/moments.ts";
import { type Detail, detailFor, drawable, maxLawWork, spreadOrder } from "./chosenLayers.ts";
import type { NamedFigure } from "./figureBlock.ts";
import type { ReportData } from "./reportData.ts";

/** Kinds of layer figures, in the order of the page. */
export const layerKinds = ["alignments", "matrices", "entries", "neurons", "clusters", "spectra", "laws"] as const;
export type LayerKindName = (typeof layerKinds)[number];

export interface LayerFigure extends NamedFigure {
  readonly kind: LayerKindName;
}

/** One layer with the figures that can be drawn. */
export interface LayerBlock {
  readonly name: string;
  readonly layer: LayerSnapshot | undefined;
  readonly moments: LayerMoments | undefined;
  readonly course: LayerFigure | undefined;
  /** The other figures, made on demand, since they take most of the time and bytes. */
  readonly details: () => LayerFigure[];
}

/** All layers in order of execution. */
export function layerBlocks(data: ReportData): LayerBlock[] {
  const layers = byStep(data.snapshots).at(-1)?.layers ?? [];
  const known = data.moments?.layers ?? [];
  const names = [...new Set([...layers.map(({ name }) => name), ...known.map(({ name }) => name)])];
  const detail = detailFor(names.length);
  const lawful = withLaws(known);
  const rows = courses(data.snapshots);
  return names.map((name, index): LayerBlock => {
    const layer = layers.find((one) => one.name === name);
    const moments = known.find((one) => one.name === name);
    const named = (kind: LayerKindName, figure: Figure | undefined): LayerFigure[] =>
      figure ? [{ kind, name: `${kind}-${index}-${name}`, figure }] : [];
    return {
      name,
      layer,
      moments,
      course: named("alignments", layerCourse(name, rows.get(name) ?? []))[0],
      details: () => [
        ...(moments && drawable(moments) ? ofMatrices(moments, detail, named) : []),
        ...(layer ? named("spectra", spectra(layer)) : []),
        ...(moments && lawful.has(name) ? named("laws", powerLaws(moments, layer?.exponents)) : []),
      ],
    };
  });
}

type Named = (kind: LayerKindName, figure: Figure | undefined) => LayerFigure[];

/** The matrices are released once their figures are made. */
function ofMatrices(moments: LayerMoments, { rows, points, pairs }: Detail, named: Named): LayerFigure[] {
  const found = layerMatrices(moments);
  return [
    ...named("matrices", matrices(found, rows)),
    ...named("entries", entries(found, points)),
    ...named("neurons", neurons(found, pairs)),
    ...named("clusters", clusters(layerMatrices(moments, "covariance"), rows)),
  ];
}

/** Rows of all layers by name, so that they are computed once. */
function courses(snapshots: readonly Snapshot[]): Map<string, ReturnType<typeof alignmentRows>> {
  const found = new Map<string, ReturnType<typeof alignmentRows>>();
  for (const row of alignmentRows(snapshots, "paper")) {
    const own = found.get(row.layer);
    if (own) own.push(row);
    else found.set(row.layer, [row]);
  }
  return found;
}

/** Names of the layers whose laws are drawn: spread over depth, as many as the limit on work allows. */
function withLaws(layers: readonly LayerMoments[]): Set<string> {
  const kept = new Set<string>();
  let work = 0;
  for (const index of spreadOrder(layers.length)) {
    const { name, dIn, dOut, a, b } = layers[index]!;
    work += a?.sample || b.sample ? 0 : dIn ** 3 + dOut ** 3;
    if (work > maxLawWork) break;
    if (!a?.sample && !b.sample) kept.add(name);
  }
  return kept;
}
