/**
 * @file The two figures that need whole matrices: H, G, Z as images, and entries of H against entries of G. One layer is shown, the others
 * are folded away.
 */
import { entries } from "../figures/entries.ts";
import { shorten } from "../figures/escape.ts";
import type { Figure } from "../figures/figure.ts";
import { type LayerMatrices, layerMatrices } from "../figures/layerMatrices.ts";
import { matrices, maxRows } from "../figures/matrices.ts";
import type { LayerMoments } from "../moments/moments.ts";
import { alignmentEquation, matricesEquation } from "./equations.ts";
import type { FigureSection, NamedFigure } from "./figureBlock.ts";
import { grouped } from "./numbers.ts";
import type { ReportData } from "./reportData.ts";

/** chosen: pixels of matrices in one report, some 4 MB of page. A network of 6 layers of width 100 has 0.36 million. */
const pixelBudget = 1_200_000;

export function momentSections({ moments }: ReportData): [matrices: FigureSection, entries: FigureSection] {
  const layers = moments?.layers ?? [];
  const missing = moments
    ? "The moments of this run hold no matrices."
    : "The moments of this run were not kept, and matrices cannot be drawn without them.";
  const chosen = withinBudget(layers);
  const left = layers.length - chosen.length;
  const limit =
    left > 0 ? [`To keep the page small, ${grouped(left)} of ${grouped(layers.length)} layers are left out.`] : [];
  const found = chosen.map((layer) => layerMatrices(layer));
  const at = moments ? ` at step ${grouped(moments.step)}` : "";
  const averaged = chosen.some((layer) => Math.max(layer.dIn, layer.dOut) > maxRows)
    ? [`Matrices of more than ${maxRows} rows are averaged down over square blocks of entries.`]
    : [];
  return [
    {
      title: "H, G and Z of a layer",
      missing,
      ...arranged(found, "matrices", matrices),
      caption: [
        `Second moments of activations and gradients (rows normalised and centred, Eq. 8) and the weight matrices${at}; first row the input (a), second row the output (b). Each is divided by its mean diagonal entry, which makes the trace equal to the dimension, and has a colour scale of its own, symmetric about zero; the largest 1 % of entries may lie beyond its ends.`,
        ...averaged,
        ...limit,
      ],
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

/** Layers in their order, the ones nearest to the penultimate first to be kept. */
function withinBudget(layers: readonly LayerMoments[]): LayerMoments[] {
  const pixels = ({ kind, dIn, dOut }: LayerMoments) =>
    3 * ((kind === "head" ? 0 : Math.min(dIn, maxRows) ** 2) + Math.min(dOut, maxRows) ** 2);
  const target = penultimate(layers);
  const byDistance = layers
    .map((layer, index) => ({ layer, index }))
    .sort((x, y) => Math.abs(x.index - target) - Math.abs(y.index - target));
  let spent = 0;
  const kept = new Set<LayerMoments>();
  for (const { layer } of byDistance) {
    spent += pixels(layer);
    if (kept.size === 0 || spent <= pixelBudget) kept.add(layer);
  }
  return layers.filter((layer) => kept.has(layer));
}

function penultimate(layers: readonly unknown[]): number {
  return Math.max(0, layers.length - 2);
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
  const shown = drawn[penultimate(drawn)]!;
  return { shown, more: drawn.filter((one) => one !== shown) };
}
