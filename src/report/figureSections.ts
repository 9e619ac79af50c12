/**
 * @file The figures of a report in their order, each from the data or with the reason why it is missing.
 */
import { alignmentSummary } from "../figures/alignmentSummary.ts";
import { alignmentsOverTime } from "../figures/alignmentsOverTime.ts";
import type { Figure } from "../figures/figure.ts";
import { lossFigure } from "../figures/loss.ts";
import { rankAlignment } from "../figures/rankAlignment.ts";
import {
  alignmentEquation,
  lossEquation,
  noiseEquation,
  nullEquation,
  rankEquation,
  relationsEquation,
} from "./equations.ts";
import type { FigureSection, NamedFigure } from "./figureBlock.ts";
import { momentSections } from "./momentSections.ts";
import { grouped } from "./numbers.ts";
import { byStep, type ReportData } from "./reportData.ts";

/** All sections; their number and order never depend on the data. */
export function figureSections(data: ReportData): FigureSection[] {
  return [lossSection(data), overTimeSection(data), summarySection(data), ...momentSections(data), rankSection(data)];
}

function shownAs(figure: Figure | undefined, name: string): { shown?: NamedFigure } {
  return figure ? { shown: { name, figure } } : {};
}

function lossSection({ metrics, snapshots }: ReportData): FigureSection {
  const objective = byStep(snapshots).at(-1)?.objective;
  return {
    title: "Loss over training",
    missing: "The run recorded no loss.",
    ...shownAs(lossFigure(metrics), "loss"),
    caption: [
      "Loss per sample on training batches and on the samples used for measuring, with the accuracy where the task has one. Long series are drawn as means over short stretches; the CSV has every row.",
    ],
    counterpart: "Fig. 19 (accuracies)",
    equations: [lossEquation(objective)],
  };
}

/** Why alignments cannot be drawn over steps. */
function fewSnapshots({ snapshots }: ReportData): string {
  const steps = new Set(snapshots.map((snapshot) => snapshot.step));
  if (steps.size === 0) return "The run holds no measurement yet.";
  if (steps.size === 1)
    return `There is one measurement, at step ${grouped([...steps][0]!)}, so there is no course over time; the table above holds its values.`;
  return "No layer has an alignment at two steps; the table above says why.";
}

function overTimeSection(data: ReportData): FigureSection {
  const logAxis =
    "The step axis is linear up to about the first measurement and logarithmic beyond where measurements are log-spaced, so that step 0 can be shown.";
  const noise = data.snapshots.some(({ layers }) => layers.some((layer) => layer.alignment.paper.b.rga.noise !== null));
  return {
    title: "The six alignments of every layer over training",
    missing: fewSnapshots(data),
    ...shownAs(alignmentsOverTime(data.snapshots), "alignments"),
    caption: [
      `Alignment of H, G and Z of each layer's input (a, backward) and output (b, forward); rows normalised and centred (Eq. 8).${noise ? " Bands: plus and minus the split-half noise." : ""} Dashed, same colour: the null, what unrelated matrices of the same spectra would show. ${logAxis}`,
    ],
    counterpart: "Figs. 1 and 18",
    equations: [relationsEquation, alignmentEquation, nullEquation, ...(noise ? [noiseEquation] : [])],
  };
}

function summarySection(data: ReportData): FigureSection {
  const layers = new Set(data.snapshots.flatMap((snapshot) => snapshot.layers.map((layer) => layer.name)));
  const steps = new Set(data.snapshots.map((snapshot) => snapshot.step));
  return {
    title: "The six alignments over training, all layers at once",
    missing:
      steps.size > 1 && layers.size === 1
        ? "There is one layer, so there is no range over layers."
        : fewSnapshots(data),
    ...shownAs(alignmentSummary(data.snapshots), "alignments-summary"),
    caption: [
      "Lines: median over all measured layers, first and last included. Shaded: from the lowest to the highest layer. Dashed: the median null.",
    ],
    counterpart: "Fig. 8 (there over weight decay, here over steps)",
    equations: [relationsEquation, alignmentEquation],
  };
}

function rankSection(data: ReportData): FigureSection {
  const threshold = data.snapshots.flatMap(({ layers }) => layers).find((layer) => layer.ranks.paper.a)?.ranks.paper.a
    ?.H.threshold;
  return {
    title: "Rank of the representation against its alignment",
    missing:
      data.snapshots.length === 0
        ? "The run holds no measurement yet."
        : "No layer has both a rank of its input and a backward RGA.",
    ...shownAs(rankAlignment(data.snapshots), "rank-alignment"),
    caption: [
      `A point per layer and step, fainter when early; the last step carries the layer's number, and a thin line follows each layer. Rank of the covariance of the normalised input, divided by its dimension: left the participation ratio, right the number of eigenvalues above a threshold${threshold === undefined ? "" : ` of ${threshold} times the largest`}.`,
    ],
    counterpart: "Fig. 4 (there colours are weight decays)",
    equations: [alignmentEquation, rankEquation],
  };
}
