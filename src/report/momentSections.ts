/**
 * @file The two figures that need whole matrices: H, G, Z as images, and entries of H against entries of G. One layer is shown, others
 * are folded away; of many layers a few are drawn and the rest named.
 */
import { entries } from "../figures/entries.ts";
import { shorten } from "../figures/escape.ts";
import type { Figure } from "../figures/figure.ts";
import { type LayerMatrices, layerMatrices } from "../figures/layerMatrices.ts";
import { matrices } from "../figures/matrices.ts";
import { chosenLayers, drawable, maxDimension, penultimate } from "./chosenLayers.ts";
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
  const found = chosen.map((layer) => layerMatrices(layer));
  const at = isAnalysis(data) || !data.moments ? "" : ` at step ${grouped(data.moments.step)}`;
  const averaged = chosen.some((layer) => Math.max(layer.dIn, layer.dOut) > rows)
    ? [`Matrices of more than ${rows} rows are averaged down over square blocks of entries.`]
    : [];
  return [
    {
      title: "H, G and Z of a layer",
      missing,
      ...arranged(found, "matrices", (layer) => matrices(layer, rows)),
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
      ...arranged(found, "entries", entries),
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
    return `Every layer has more than ${grouped(maxDimension)} inputs or outputs, too many to be drawn.`;
  return `${whose} hold no matrices.`;
}

function arranged(
  layers: readonly LayerMatrices[],
  name: string,
  draw: (layer: LayerMatrices) => Figure | undefined,
): { shown?: NamedFigure; more?: NamedFigure[] } {
  const drawn = layers.flatMap((layer, index) => {
    const figure = draw(layer);
    const title = shorten(layer.name, 80);
    return figure ? [{ name: `${name}-${index}-${layer.name}`, title, figure }] : [];
  });
  if (drawn.length === 0) return {};
  const shown = drawn[penultimate(drawn.length)]!;
  return { shown, more: drawn.filter((one) => one !== shown) };
}
