/**
 * @file The two figures that need whole matrices: H, G, Z as images, and entries of H against entries of G. One layer is shown, others
 * are folded away; of many layers a few are drawn and the rest named.
 */
import { entries } from "../figures/entries.ts";
import { shorten } from "../figures/escape.ts";
import type { Figure } from "../figures/figure.ts";
import { layerMatrices } from "../figures/layerMatrices.ts";
import { matrices } from "../figures/matrices.ts";
import type { LayerMoments } from "../moments/moments.ts";
import { chosenLayers, drawable, penultimate } from "./chosenLayers.ts";
import { alignmentEquation, matricesEquation } from "./equations.ts";
import type { FigureSection, NamedFigure } from "./figureBlock.ts";
import { notDrawn } from "./namedNodes.ts";
import { grouped } from "./numbers.ts";
import { isAnalysis, type ReportData } from "./reportData.ts";

export function momentSections(data: ReportData): [matrices: FigureSection, entries: FigureSection] {
  const layers = data.moments?.layers ?? [];
  const { layers: chosen, rows } = chosenLayers(layers);
  const left = layers.filter((layer) => !chosen.includes(layer));
  const missing = whyMissing(data);
  const limited = chosen.length > 0 && left.length > 0;
  const limit = limited
    ? [
        `To keep the page small, ${grouped(chosen.length)} of ${grouped(layers.length)} layers are drawn, spread over the depth of the network.`,
      ]
    : [];
  const below = limited ? notDrawn(left.map(({ name }) => name)) : "";
  const drawn = drawnLayers(chosen, rows);
  const at = isAnalysis(data) || !data.moments ? "" : ` at step ${grouped(data.moments.step)}`;
  const averaged = chosen.some((layer) => Math.max(layer.dIn, layer.dOut) > rows)
    ? [`Matrices of more than ${rows} rows are averaged down over square blocks of entries.`]
    : [];
  return [
    {
      title: "H, G and Z of a layer",
      missing,
      ...arranged(drawn.map(([ofMatrices]) => ofMatrices)),
      caption: [
        `Second moments of activations and gradients (rows normalised and centred, Eq. 8) and the weight matrices${at}; first row the input (a), second row the output (b). Each is divided by its mean diagonal entry, which makes the trace equal to the dimension, and has a colour scale of its own, symmetric about zero; the largest 1 % of entries may lie beyond its ends.`,
        ...averaged,
        ...limit,
      ],
      below,
      counterpart: "Fig. 2",
      equations: [matricesEquation],
    },
    {
      title: "Entries of H against entries of G",
      missing,
      ...arranged(drawn.map(([, ofEntries]) => ofEntries)),
      caption: [
        `Upper triangles of H and G${at}, each divided by its mean diagonal entry. On a straight line through zero the two are proportional (RGA). The correlation is that over all entries (Eq. 11), also where only some are drawn.`,
        ...limit,
      ],
      counterpart: "Fig. 7",
      equations: [alignmentEquation],
    },
  ];
}

function whyMissing(data: ReportData): string {
  const { moments } = data;
  const whose = isAnalysis(data) ? "The moments" : "The moments of this run";
  if (!moments) return `${whose} were not kept, and matrices cannot be drawn without them.`;
  if (moments.layers.length > 0 && moments.layers.every((layer) => !drawable(layer)))
    return "Every layer is too large for its matrices to be drawn.";
  return `${whose} hold no matrices.`;
}

type Drawn = NamedFigure | undefined;

/** Both figures of each layer, layer by layer: the matrices of one are let go before those of the next are made. */
function drawnLayers(layers: readonly LayerMoments[], rows: number): [matrices: Drawn, entries: Drawn][] {
  return layers.map((layer, index) => {
    const found = layerMatrices(layer);
    const named = (name: string, figure: Figure | undefined): Drawn =>
      figure && { name: `${name}-${index}-${layer.name}`, title: shorten(layer.name, 80), figure };
    return [named("matrices", matrices(found, rows)), named("entries", entries(found))];
  });
}

/** The penultimate layer shown, the others folded away. */
function arranged(all: readonly Drawn[]): { shown?: NamedFigure; more?: NamedFigure[] } {
  const drawn = all.filter((one) => one !== undefined);
  if (drawn.length === 0) return {};
  const shown = drawn[penultimate(drawn.length)]!;
  return { shown, more: drawn.filter((one) => one !== shown) };
}
