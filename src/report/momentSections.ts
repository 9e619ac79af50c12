/**
 * @file The three figures that need whole matrices: H, G, Z as images, entries of H against entries of G, and neurons and their pairs. One layer is shown, others
 * are folded away; of many layers a few are drawn and the rest named.
 */
import { entries } from "../figures/entries.ts";
import { shorten } from "../figures/escape.ts";
import type { Figure } from "../figures/figure.ts";
import { layerMatrices } from "../figures/layerMatrices.ts";
import { matrices } from "../figures/matrices.ts";
import { median } from "../figures/median.ts";
import { neurons } from "../figures/neurons.ts";
import type { LayerMoments } from "../moments/moments.ts";
import { chosenLayers, drawable, penultimate } from "./chosenLayers.ts";
import { alignmentEquation, matricesEquation, plasticityEquation } from "./equations.ts";
import type { FigureSection, NamedFigure } from "./figureBlock.ts";
import { notDrawn } from "./namedNodes.ts";
import { counted, fixed, grouped } from "./numbers.ts";
import { byStep, isAnalysis, type ReportData } from "./reportData.ts";

export function momentSections(data: ReportData): FigureSection[] {
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
    {
      title: "Expressivity against plasticity of neurons",
      missing,
      ...arranged(drawn.map(([, , ofNeurons]) => ofNeurons)),
      caption: [
        `${foundOfNeurons(data)}Left, a point a neuron: how much it varies over samples (H_ii, expressivity) and how strongly the loss pulls at it (G_ii, plasticity)${at}. Right, a point a pair of neurons: how they go together in activations and in gradients. Neurons that follow different laws show as branches.`,
        ...limit,
      ],
      counterpart: "Fig. 7",
      equations: [plasticityEquation],
    },
  ];
}

/** Over all layers of the last measurement, on the input's side, which the paper draws. */
function foundOfNeurons({ snapshots }: ReportData): string {
  const sides =
    byStep(snapshots)
      .at(-1)
      ?.layers.flatMap(({ plasticity }) => plasticity?.paper.a ?? []) ?? [];
  const diagonal = median(sides.map(({ logDiagonal }) => logDiagonal.value));
  const pairs = median(sides.map(({ correlations }) => correlations.value));
  if (diagonal === null || pairs === null) return "";
  return `Over ${counted(sides.length, "layer")} the median correlation is ${fixed(diagonal, 2)} for neurons (logarithms) and ${fixed(pairs, 2)} for pairs, on the input's side. `;
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

/** The figures of each layer, layer by layer: the matrices of one are let go before those of the next are made. */
function drawnLayers(
  layers: readonly LayerMoments[],
  rows: number,
): [matrices: Drawn, entries: Drawn, neurons: Drawn][] {
  return layers.map((layer, index) => {
    const found = layerMatrices(layer);
    const named = (name: string, figure: Figure | undefined): Drawn =>
      figure && { name: `${name}-${index}-${layer.name}`, title: shorten(layer.name, 80), figure };
    return [
      named("matrices", matrices(found, rows)),
      named("entries", entries(found)),
      named("neurons", neurons(found)),
    ];
  });
}

/** The penultimate layer shown, the others folded away. */
function arranged(all: readonly Drawn[]): { shown?: NamedFigure; more?: NamedFigure[] } {
  const drawn = all.filter((one) => one !== undefined);
  if (drawn.length === 0) return {};
  const shown = drawn[penultimate(drawn.length)]!;
  return { shown, more: drawn.filter((one) => one !== shown) };
}
