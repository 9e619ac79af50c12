/**
 * @file The figures of a report in order, each drawn from the data or replaced by the reason why it is missing.
 */

import { alignmentsByDepth } from "../figures/alignmentsByDepth.ts";
import { escapeText } from "../figures/escape.ts";
import { lossFigure } from "../figures/loss.ts";
import { picturesFigure } from "../figures/pictures.ts";
import { rankAlignment } from "../figures/rankAlignment.ts";
import { isLogSpaced } from "../figures/stepAxis.ts";
import { watchedFigure } from "../figures/watched.ts";
import { grouped } from "../findings/numbers.ts";
import { byStep } from "../findings/relationFindings.ts";
import { watchedCourse } from "../findings/watchedRecord.ts";
import { otherHeads } from "../measure/network/headBaselines.ts";
import type { Convention } from "../measure/snapshot.ts";
import { type FigureSection, shownAs } from "./figureBlock.ts";
import { deepSections } from "./headSections.ts";
import { lawSections } from "./lawSections.ts";
import { followsAlone, isAnalysis, type ReportData, type RunReport } from "./reportData.ts";

/**
 * All sections in order. A single measurement has no course over time; phases and change are drawn where they were
 * measured.
 */
export function figureSections(data: ReportData): FigureSection[] {
  // without a glossary
  if (!isAnalysis(data) && followsAlone(data)) return [{ ...lossSection(data), terms: [] }, ...watchedSections(data)];
  const course = isAnalysis(data) ? [] : [lossSection(data), ...watchedSections(data), ...pictureSections(data)];
  return [...course, depthSection(data), rankSection(data), ...deepSections(data), ...lawSections(data)];
}

/** All step axes on the page have one scale, that of the measurements. */
function stepsAreLog(snapshots: ReportData["snapshots"]): boolean | undefined {
  return snapshots.length > 1 ? isLogSpaced(snapshots.map(({ step }) => step)) : undefined;
}

export function lossSection({ metrics, snapshots }: RunReport): FigureSection {
  return {
    title: "Loss over training",
    missing: "The run recorded no loss.",
    ...shownAs(lossFigure(metrics, stepsAreLog(snapshots)), "loss"),
    caption: [
      "Loss per sample on training batches and on the evaluated samples (their number is in the legend), with accuracy or perplexity where the task has one. Long series are drawn as means over short intervals; the CSV has every row.",
    ],
    counterpart: "Fig. 19 (accuracies)",
    terms: ["loss"],
  };
}

/** One section for each group of watched quantities. */
export function watchedSections({ watched, metrics, snapshots }: RunReport): FigureSection[] {
  return (watched?.groups ?? []).map(({ title, axis, log, quantities, expected }, i) => {
    const series = quantities.map(({ name }) => ({ name, points: watchedCourse(metrics, name) }));
    const figure = watchedFigure(series, { axis, log, expected, logSteps: stepsAreLog(snapshots) });
    const meanings = quantities.map(({ name, meaning }) => `<b>${escapeText(name)}</b>: ${escapeText(meaning)}`);
    const beyond = log && series.some(({ points }) => points.some(({ value }) => value <= 0));
    return {
      title,
      missing: "The run recorded no value.",
      ...shownAs(figure, `watched-${i + 1}`),
      caption: [`${meanings.join("; ")}.${beyond ? " Values of 0 and below are in the CSV only." : ""}`],
      terms: [],
    };
  });
}

/** Images that the network made at the end of training. */
export function pictureSections({ pictures }: RunReport): FigureSection[] {
  if (pictures === undefined) return [];
  return [
    {
      title: "Images made by the decoder",
      ...shownAs(picturesFigure(pictures.groups, { columns: 2 }), "pictures"),
      caption: [
        `Images at step ${grouped(pictures.step)}: ${pictures.groups.map(({ title }) => escapeText(title)).join("; ")}. Values beyond black and white are clipped.`,
      ],
      terms: [],
    },
  ];
}

export function depthSection(data: ReportData): FigureSection {
  const last = byStep(data.snapshots).at(-1);
  const heads = last?.layers.some(({ kind }) => kind === "head") ?? false;
  const noise = last?.layers.some((layer) => layer.alignment.paper.b.rga.noise !== null) ?? false;
  const compared = heads && data.moments !== undefined;
  const drawn = (convention: Convention) =>
    last &&
    alignmentsByDepth(last, {
      convention,
      ...(compared && data.moments ? { baseline: otherHeads(data.moments.layers, "G", convention) } : {}),
    });
  const raw = drawn("raw");
  const at = isAnalysis(data) || !last ? "" : ` at step ${grouped(last.step)}`;
  return {
    title: `The six alignments of every layer, by depth`,
    missing:
      last && last.layers.length === 1
        ? "There is one layer; the table above holds its values."
        : "No layer was measured.",
    ...shownAs(drawn("paper"), "alignments-by-depth"),
    more: raw ? [{ name: "alignments-by-depth-raw", words: "With plain second moments (raw)", figure: raw }] : [],
    caption: [
      `The alignments${at}, layers in order of execution from top to bottom: inputs (a, backward) and outputs (b, forward) of each layer; rows normalised and centred (Eq. 8). Vertical dashes, same colour: chance.${noise ? " Bars behind marks: plus and minus the standard error." : ""}`,
      ...(heads
        ? [
            `Attention heads have only RGA, on their output. Heads of one attention layer are grouped in order${compared ? "; grey is the alignment of the head's H with G of the other heads of its layer. A head whose RGA lies beyond the grey bar aligns with its own gradient, not with a direction that all heads of the layer share" : ""}.`,
          ]
        : []),
    ],
    counterpart: "Fig. 18",
    terms: ["relations", "alignment", "null", ...(noise ? (["noise"] as const) : [])],
  };
}

/** Why the figure of ranks is missing. */
function noRanks(data: ReportData): string {
  const layers = data.snapshots.flatMap((snapshot) => snapshot.layers);
  if (data.snapshots.length === 0 && !isAnalysis(data)) return "The run holds no measurement yet.";
  if (layers.length === 0) return "No layer was measured.";
  if (layers.every(({ ranks }) => ranks === undefined || ranks.weights.status === "not-measured"))
    return "Ranks were not measured: cost economy leaves them out.";
  return "No layer has both a rank of its input and a backward RGA.";
}

export function rankSection(data: ReportData): FigureSection {
  const ranked = data.snapshots.flatMap(({ layers }) => layers).find((layer) => layer.ranks?.paper.a);
  const threshold = ranked?.ranks?.paper.a?.H.threshold;
  const steps = data.snapshots.filter(({ layers }) => layers.some(({ ranks }) => ranks?.paper.a));
  const points =
    new Set(steps.map(({ step }) => step)).size > 1
      ? "One point per layer and step, fainter for early steps; a thin line joins the points of each layer, and its last step is highlighted."
      : "One point per layer.";
  const passing = data.snapshots.some(({ leftOut }) => leftOut?.includes("ranks") === true);
  return {
    title: "Rank of the representation against its alignment",
    missing: noRanks(data),
    ...shownAs(rankAlignment(data.snapshots), "rank-alignment"),
    caption: [
      `${points} Rank of the covariance of the normalised input, divided by its dimension: left the participation ratio, right the number of eigenvalues above a threshold${threshold === undefined ? "" : ` of ${threshold} times the largest`}.`,
      ...(passing
        ? [
            `During training the ranks of ${steps.length > 1 ? "some" : "all"} layers were left out, because they would have taken longer than training; crh run --cost standard measures them each time.`,
          ]
        : []),
    ],
    counterpart: "Fig. 4 (there colours are weight decays)",
    terms: ["alignment", "rank"],
  };
}
