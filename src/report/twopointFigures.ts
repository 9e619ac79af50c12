/** @file The figures of followed points: their course compared with the two-point theory, depth, all pairs, the map. */

import { escapeText } from "../figures/escape.ts";
import { conservedFigure } from "../figures/twopoint/conserved.ts";
import { overDepthFigure } from "../figures/twopoint/overDepth.ts";
import { pairMatrices } from "../figures/twopoint/pairMatrices.ts";
import { representationMap } from "../figures/twopoint/representationMap.ts";
import { trajectoriesFigure } from "../figures/twopoint/trajectories.ts";
import { brief, counted, grouped } from "../findings/numbers.ts";
import { conservedCourse, theoryCurves } from "../findings/twopoint/curves.ts";
import { pairDistances } from "../findings/twopoint/pairDistances.ts";
import { driftSentence, headlineLayer, pairsSentence, percent } from "../findings/twopoint/sentences.ts";
import { type FollowedRun, lossOf, trajectoriesOf } from "../findings/twopoint/twopointRecord.ts";
import { type FigureSection, shownAs } from "./figureBlock.ts";
import { followedOf, type ReportData } from "./reportData.ts";
import { withIndices } from "./withIndices.ts";

const paper = "2402.09142";

/**
 * The figures that can be drawn, in order; empty for a run that follows no points.
 *
 * @param only index of one of the five; default: all
 */
export function twopointFigures(data: ReportData, only?: number): FigureSection[] {
  const run = followedOf(data);
  if (run === undefined) return [];
  const all = [courseSection, depthSection, conservedSection, pairsSection, mapSection];
  return (only === undefined ? all : all.slice(only, only + 1))
    .map((make) => make(run))
    .filter(({ shown }) => shown !== undefined);
}

/** The layer and pair shown first, with their measurements. */
function lookedAt({ followed, fits, rows }: FollowedRun) {
  const fit = headlineLayer(fits);
  const pair = fits.pairs[0] ?? followed.pairs[0]!;
  const layer = fit === undefined ? followed.layer : String(fit.layer);
  const trajectory = trajectoriesOf(rows, pair.pair, [layer])[0]!;
  return { fit, pair, layer, trajectory, step: Array.from(trajectory.step) };
}

/** The points of a pair by name. */
export function pairWords({ followed }: FollowedRun, pair: string): string {
  const [p, q] = pair.split("-").map((place) => followed.points[Number(place)] ?? place);
  return `Points ${p} and ${q}`;
}

function courseSection(run: FollowedRun): FigureSection {
  const { fit, pair, layer, trajectory, step } = lookedAt(run);
  const theory = fit && theoryCurves(pair, fit, step);
  const losses = lossOf(run.rows, run.followed);
  const loss =
    losses === undefined
      ? undefined
      : { measured: losses.loss, theory: theory?.loss, r2: theory?.loss && fit?.loss?.r2 };
  const figure = trajectoriesFigure({
    step,
    dh2: { measured: trajectory.dh2, theory: theory?.dh2, r2: fit?.r2.dh2 },
    dy2: { measured: trajectory.dy2, theory: theory?.dy2, r2: fit?.r2.dy2 },
    w: { measured: trajectory.w, theory: theory?.w, r2: fit?.r2.w },
    loss,
    finalDistance: fit?.finalDistance.predicted ?? null,
  });
  const fitted = theory
    ? "Thin lines: solution of the theory's equations (Eq. 93) from the start of the run, with the two rates that fit H, Y and w best. Residuals are below each panel, on a scale of their own."
    : "The theory could not be fitted here, so only the measurements are shown.";
  const third = theory?.loss
    ? " The loss has a third rate, that of the mean of the two outputs (Eq. 97), fitted separately."
    : "";
  return {
    title: `Two points in hidden layer ${escapeText(layer)} over training`,
    ...shownAs(figure, "two-points"),
    caption: [
      `${escapeText(pairWords(run, pair.pair))}, ${grouped(step.length)} looks; squared distance of the inputs ${brief(pair.dx2)}, of the targets ${brief(pair.dy2)}. ${fitted}${third}`,
    ],
    counterpart: "Fig. 2",
    paper,
    terms: [],
  };
}

function depthSection({ fits }: FollowedRun): FigureSection {
  return {
    title: "The theory over depth",
    ...shownAs(overDepthFigure(fits.layers, fits.layer), "two-points-by-depth"),
    caption: [
      "Every hidden layer is fitted separately. An R² below −0.5 is drawn at the edge. The cost is the sum of squared residuals of H, Y and w, each divided by its sum of squares (Eq. 98). Bars around rates are joint 95 % intervals. Rings: final H predicted by the theory (Eq. 95). The grey column marks the layer shown first.",
    ],
    terms: [],
  };
}

function conservedSection(run: FollowedRun): FigureSection {
  const { fit, pair, layer, trajectory, step } = lookedAt(run);
  const change = fit && conservedCourse(pair, fit, trajectory);
  return {
    title: `The conserved quantity in hidden layer ${escapeText(layer)}`,
    ...shownAs(change && conservedFigure(step, change), "conserved"),
    caption: [
      `${fit ? withIndices(driftSentence(fit)) : ""} It is computed from the measured H and Y with the ratio of the fitted rates (Eq. 94). Where it changes, the network departs from the theory.`,
    ],
    terms: [],
  };
}

function pairsSection({ followed, fits, rows }: FollowedRun): FigureSection {
  const found = pairDistances(followed, fits, rows);
  const figure = found && pairMatrices(followed.points, found.pairs);
  return {
    title: `Final distances of the points in hidden layer ${escapeText(followed.layer)}`,
    ...shownAs(figure, "pair-distances"),
    caption: [
      `${found ? withIndices(pairsSentence(found)) : ""} Distances are |dh|, not squared. For points with the same target the theory keeps the initial distance. Dashed: measured equals predicted.`,
    ],
    counterpart: "Fig. 5",
    paper,
    terms: [],
  };
}

function mapSection({ followed, rows }: FollowedRun): FigureSection {
  const own = rows.filter(({ layer }) => layer === followed.layer);
  const last = own.at(-1)?.step;
  const pairs = own
    .filter(({ step }) => step === last)
    .map(({ pair, dh2 }) => ({ points: pair.split("-").map(Number) as [number, number], dh2 }));
  const map = representationMap(followed.points, pairs);
  return {
    title: `Map of the representation in hidden layer ${escapeText(followed.layer)}`,
    ...shownAs(map?.figure, "representation-map"),
    caption: [
      `Distances of ${counted(followed.points.length, "point")} at step ${grouped(last ?? 0)}, by classical multidimensional scaling to three dimensions, which explain ${map ? percent(map.explained) : "none"} of them; each axis names its share. Colours: the first word of a point’s name. The sign of a dimension is arbitrary.`,
    ],
    terms: [],
  };
}
