/**
 * @file Titles and captions of the figures of single layers. They are the same for every layer and state the findings
 * over all layers.
 */

import { escapeText } from "../figures/escape.ts";
import { isLogSpaced } from "../figures/stepAxis.ts";
import { lawExponents } from "../findings/laws.ts";
import { counted, fixed, grouped } from "../findings/numbers.ts";
import { byStep } from "../findings/relationFindings.ts";
import { median } from "../measure/median.ts";
import { CLUSTER_LIMIT } from "../measure/neurons/neuronClusters.ts";
import type { LayerSnapshot } from "../measure/snapshot.ts";
import type { TermName } from "./glossary.ts";
import type { LayerKindName } from "./layerFigures.ts";
import { isAnalysis, type ReportData } from "./reportData.ts";

export interface KindCaption {
  readonly title: string;
  /** HTML. */
  readonly caption: string;
  readonly counterpart: string;
  /** arXiv number of the paper that the counterpart is from. Default 2410.03006. */
  readonly paper?: string;
  readonly terms: readonly TermName[];
}

/** The captions of all kinds of figures. */
export function layerCaptions(data: ReportData): Record<LayerKindName, KindCaption> {
  const layers = byStep(data.snapshots).at(-1)?.layers ?? [];
  const at = isAnalysis(data) || !data.moments ? "" : ` at step ${grouped(data.moments.step)}`;
  const log = isLogSpaced(data.snapshots.map(({ step }) => step))
    ? " The step axis is linear up to about the first measurement and logarithmic beyond."
    : "";
  return {
    alignments: {
      title: "The six alignments over training",
      caption: `Input (a, backward) and output (b, forward) of the layer; rows normalised and centred. Dashed, same colour: chance. Bands: plus and minus the standard error.${log}`,
      counterpart: "Figs. 1 and 18",
      terms: ["relations", "alignment", "null", "noise"],
    },
    matrices: {
      title: "H, G and Z",
      caption: `Second moments of activations and gradients and the weight matrices${at}, each divided by its mean diagonal entry. First row the input (a), second row the output (b), a colour scale for each. Empty bands (white, on a dark page black) are neurons that were silent, or had no gradient, on all samples. Larger matrices are averaged down over square blocks.`,
      counterpart: "Fig. 2",
      terms: ["matrices", "conventions"],
    },
    entries: {
      title: "Entries of H against entries of G",
      caption: `Upper triangles${at}, each divided by its mean diagonal entry. On a straight line through zero the two are proportional, which is RGA. The correlation is over all entries, even if only some are drawn.`,
      counterpart: "Fig. 7",
      terms: ["alignment"],
    },
    neurons: {
      title: "Expressivity against plasticity of neurons",
      caption: `${foundOfNeurons(layers)}${foundOfBasis(layers)}Left, each point is a neuron: how much it varies over samples (H<sub>ii</sub>) and how strongly the loss drives it (G<sub>ii</sub>)${at}. Right, each point is a pair of neurons: their correlation in activations and in gradients. Neurons of different laws show as branches.`,
      counterpart: "Fig. 7",
      terms: ["plasticity"],
    },
    clusters: {
      title: "Neurons that have become one",
      caption: `${foundClusters(layers)}Correlations of activations${at}, neurons reordered by cluster (|correlation| above ${CLUSTER_LIMIT}), the largest cluster first. Left: the input (a), after the activation of the map below; right: the output (b), before the next activation. Neurons that never vary are left out.`,
      counterpart: "Fig. 5",
      paper: "2309.16932",
      terms: ["cluster"],
    },
    spectra: {
      title: "Eigenvalues of H, G and Z",
      caption: `${aboveWords(layers)}Eigenvalues by rank, of covariances, each divided by the largest. Dashed, same colour: the noise floor, below which eigenvalues cannot be distinguished from noise. Weights have none.`,
      counterpart: "Fig. 14 (right)",
      terms: ["floor", "rank"],
    },
    laws: {
      title: "Power laws between H, G and Z",
      caption: `${foundLaws(layers)}Covariances along the eigenvectors of the second matrix of each pair: where they lie on a line, one is a power of the other. Grey: sorted eigenvalues, which give a rising line for any two spectra and are no evidence.`,
      counterpart: "Figs. 3 and 20",
      terms: ["exponent"],
    },
  };
}

/** Over all layers, on side a, which the paper draws. */
function foundOfNeurons(layers: readonly LayerSnapshot[]): string {
  const sides = layers.flatMap(({ plasticity }) => plasticity?.paper.a ?? []);
  const diagonal = median(sides.map(({ logDiagonal }) => logDiagonal.value));
  const pairs = median(sides.map(({ correlations }) => correlations.value));
  if (diagonal === null || pairs === null) return "";
  return `Over ${counted(sides.length, "layer")} the median correlation is ${fixed(diagonal, 2)} for neurons (logarithms) and ${fixed(pairs, 2)} for pairs, on the input's side. `;
}

/** Whether H is diagonal in the basis of the neurons, on side a. */
function foundOfBasis(layers: readonly LayerSnapshot[]): string {
  const shares = layers.flatMap(({ neuronBasis }) => neuronBasis?.covariance.a?.H ?? []);
  const [share, chance] = [median(shares.map(({ value }) => value)), median(shares.map((one) => one.null))];
  if (share === null || chance === null) return "";
  return `Of the squared entries of the covariance of activations a median share of ${fixed(share, 2)} is on the diagonal, ${fixed(chance, 2)} in a random basis. `;
}

/** The layers whose neurons have merged, before the activation. */
function foundClusters(layers: readonly LayerSnapshot[]): string {
  const measured = layers.filter(({ clusters }) => clusters?.b.merged != null);
  if (measured.length === 0) return "";
  const merged = measured.filter(({ clusters }) => clusters!.b.merged! > 0);
  if (merged.length === 0)
    return `In none of ${counted(measured.length, "layer")} are two outputs so closely correlated. `;
  const most = merged.reduce((x, y) => (y.clusters!.b.merged! > x.clusters!.b.merged! ? y : x));
  const { merged: count, largest } = most.clusters!.b;
  return `In ${merged.length} of ${counted(measured.length, "layer")} some outputs are proportional to each other; most in ${escapeText(most.name)}, ${count} of ${most.dOut}, ${largest} in the largest cluster. `;
}

/** How much of the spectra is above the noise floor. */
function aboveWords(layers: readonly LayerSnapshot[]): string {
  const of = (which: "H" | "G") =>
    median(
      layers.map(({ spectra: found }) => {
        const one = (found?.covariance ?? found?.raw)?.b[which];
        return one?.above == null ? null : one.above / one.dimension;
      }),
    );
  const [h, g] = [of("H"), of("G")];
  if (h === null || g === null) return "";
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return `Of the outputs' eigenvalues ${percent(h)} in H and ${percent(g)} in G are above the noise floor (median of ${counted(layers.length, "layer")}). `;
}

/** How many slopes could be fitted, and how many of these differ significantly from their neighbours. */
function foundLaws(layers: readonly LayerSnapshot[]): string {
  const all = layers.flatMap((layer) => {
    const found = lawExponents(layer);
    return [found?.a, found?.b].flatMap((side) => (side ? [side.hg, side.hz, side.gz] : []));
  });
  const measured = all.filter(({ status }) => status !== "not-measured" && status !== "missing-moments");
  if (measured.length === 0) return "";
  const read = measured.filter(({ value }) => value !== null);
  const widths = read.flatMap(({ interval }) => (interval ? [interval[1] - interval[0]] : []));
  const width = median(widths.filter(Number.isFinite));
  const doubt = width === null ? "" : `; their 95 % intervals are ${fixed(width, 2)} wide (median)`;
  return `${grouped(read.length)} of ${counted(measured.length, "pair")} of spectra share enough eigenvectors and range for a slope${doubt}. `;
}
