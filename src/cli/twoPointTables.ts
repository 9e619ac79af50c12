/**
 * @file Solutions and fits of the two-point theory, for the terminal.
 */

import { namesWords } from "../findings/twopoint/sentences.ts";
import { formatQuantity } from "../formats/quantities.ts";
import type { TwoPointConstants, TwoPointState } from "../twopoint/equations.ts";
import { type FinalDistance, finalDistance } from "../twopoint/finalDistance.ts";
import type { LayerFit } from "../twopoint/fitLayers.ts";
import type { FittedRate } from "../twopoint/fittedRates.ts";
import type { TwoPointTrajectory } from "../twopoint/theory.ts";
import { type Column, renderTable, wrap } from "./table.ts";

interface Look {
  readonly width: number;
  readonly dim: (text: string) => string;
}

/** Sentences on the final state of the two points, and a dozen rows of the trajectory. */
export function renderTheory(
  constants: TwoPointConstants,
  start: TwoPointState,
  trajectory: TwoPointTrajectory,
  look: Look,
): string {
  const final = finalDistance(constants, start);
  const q = formatQuantity;
  const { dx2, dy2, etaH, etaY } = constants;
  const sentences = [
    `Inputs at a squared distance of ${q(dx2)}, targets at ${q(dy2)}, rates etaH ${q(etaH)} and etaY ${q(etaY)} a step.`,
    `In the end dh2 is ${q(final.dh2)}; from a start at zero it would be ${q(final.aLow)}, and the start alone would leave`,
    `${q(Math.max(0, final.aHigh))}.`,
    regimeSentence(final),
  ];
  const columns: Column[] = ["step", "dh2", "dy2", "w"].map((header) => ({ header, align: "right" }));
  const value = (x: number): string => (Math.abs(x) < NOTHING * dy2 ? "0" : q(x));
  const rows = rowsToShow(trajectory.t.length).map((i) => [
    q(trajectory.t[i]!).replace(/\.0*$/, ""),
    ...[trajectory.dh2, trajectory.dy2, trajectory.w].map((values) => value(values[i]!)),
  ]);
  const said = wrap(sentences.join(" "), look.width).join("\n");
  return `${said}\n\n${renderTable(columns, rows, look)}`;
}

function regimeSentence({ richness, regime }: FinalDistance): string {
  const share = `${Math.round(100 * Math.min(1, richness))} %`;
  if (regime === "rich") return `The regime is rich: ${share} of that is set by inputs and targets, not by the start.`;
  if (regime === "lazy")
    return `The regime is lazy: ${share} of that is set by inputs and targets, the rest by the start.`;
  return `The regime lies between rich and lazy: ${share} of that is set by inputs and targets, the rest by the start.`;
}

/** Values below this share of dy2 are rounding errors of the solver. */
const NOTHING = 1e-10;

/** chosen: number of rows that is easily read. */
const MOST_ROWS = 13;

function rowsToShow(count: number): number[] {
  const shown = Math.min(MOST_ROWS, count);
  return Array.from({ length: shown }, (_, i) => (shown === 1 ? 0 : Math.round((i * (count - 1)) / (shown - 1))));
}

/** One row per layer, and the doubts below. */
export function renderFits(layers: readonly LayerFit[], look: Look): string {
  const right = (header: string, dispensable?: number): Column => ({
    header,
    align: "right",
    ...(dispensable === undefined ? {} : { dispensable }),
  });
  const hasLoss = layers.some(({ loss }) => loss !== undefined);
  const columns: Column[] = [
    { header: "layer", shrinkTo: 8 },
    right("etaH"),
    right("±", 1),
    right("etaY"),
    right("±", 1),
    right("R2 dh2"),
    right("dy2", 3),
    right("w"),
    ...(hasLoss ? [right("loss", 4)] : []),
    right("end"),
    right("theory"),
    { header: "regime", dispensable: 2 },
    { header: "status" },
  ];
  const rows = layers.map((fit) => [
    String(fit.layer),
    rateText(fit.etaH),
    spreadText(fit.etaH),
    rateText(fit.etaY),
    spreadText(fit.etaY),
    ...[fit.r2.dh2, fit.r2.dy2, fit.r2.w].map(shareText),
    ...(hasLoss ? [shareText(fit.loss?.r2 ?? null)] : []),
    numberText(fit.finalDistance.measured),
    numberText(fit.finalDistance.predicted),
    fit.regime ?? "-",
    fit.status,
  ]);
  const doubts = doubtsOf(layers).flatMap((sentence) => wrap(sentence, look.width));
  const lossLines = lossSentences(layers).flatMap((sentence) => wrap(sentence, look.width));
  return [renderTable(columns, rows, look), ...[...lossLines, ...doubts].map((line) => `${line}\n`)].join("");
}

/** Each doubt once, with its layers. */
function doubtsOf(layers: readonly LayerFit[]): string[] {
  const names = new Map<string, string[]>();
  for (const { layer, doubt, status } of layers)
    if (doubt !== null && status !== "unusable") names.set(doubt, [...(names.get(doubt) ?? []), String(layer)]);
  return [...names].map(([doubt, of]) => `${of.length === 1 ? "Layer" : "Layers"} ${namesWords(of)}: ${doubt}`);
}

function lossSentences(layers: readonly LayerFit[]): string[] {
  const rates = layers.flatMap(({ loss }) => (loss?.etaYbar == null ? [] : [loss.etaYbar]));
  if (rates.length === 0) return [];
  const [least, most] = [Math.min(...rates), Math.max(...rates)].map((rate) => rate.toPrecision(3));
  return [
    `Third rate, of the outputs' mean, from the loss: ${least === most ? least : `${least} to ${most}`} per step.`,
  ];
}

function rateText({ value }: FittedRate): string {
  return value === null ? "-" : formatSmall(value);
}

/** Half the interval as a share of the value. */
function spreadText({ value, interval }: FittedRate): string {
  if (value === null) return "-";
  if (interval === null) return "?";
  const half = (50 * (interval[1] - interval[0])) / value;
  return half < 0.1 ? "<0.1%" : `${half < 10 ? half.toFixed(1) : half.toFixed(0)}%`;
}

function shareText(value: number | null): string {
  return value === null ? "-" : value > -9.995 ? value.toFixed(3) : "<-10";
}

function numberText(value: number | null): string {
  return value === null ? "-" : formatSmall(value);
}

/** The number with three digits. */
function formatSmall(value: number): string {
  return value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e4)
    ? value.toExponential(2)
    : value.toPrecision(3);
}
