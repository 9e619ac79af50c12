/**
 * @file Sentences on the two-point theory of a run, shared by terminal, report and explain: whether it holds in a
 * layer, with which rates, the final representations, and contradictions.
 */
import type { Regime } from "../../twopoint/finalDistance.ts";
import type { FitStatus } from "../../twopoint/fitStatus.ts";
import type { FittedRate } from "../../twopoint/fittedRates.ts";
import { brief, counted, fixed, grouped, listed } from "../numbers.ts";
import type { PairDistances } from "./pairDistances.ts";
import type { FollowedLayer, TwopointRecord } from "./twopointRecord.ts";

/** How well a layer follows the theory: "not" where its fit is poor, else by the smallest R2 of H, Y and w. */
export type Agreement = "follows" | "partly" | "not" | "unknown";

/** chosen: the least R2 of a layer that follows. */
const FOLLOWS = 0.9;

/**
 * chosen: a change of H against the equations is mentioned from a tenth of H on, or from a fiftieth if it is a third of
 * the range of H.
 */
const CONTRADICTION = { much: 0.1, least: 0.02, ofRange: 1 / 3 };

/** chosen: if more than this share of the targets' distance is missing, training has not converged. */
const REACHED = 0.05;

export function agreementOf({ status, r2, etaH, etaY }: FollowedLayer): Agreement {
  const known = [r2.dh2, r2.dy2, r2.w].filter((value) => value !== null);
  if (etaH.value === null || etaY.value === null || known.length === 0) return "unknown";
  if (status === "poor") return "not";
  return Math.min(...known) >= FOLLOWS ? "follows" : "partly";
}

export const agreementWord = {
  follows: "follows the two-point theory",
  partly: "follows the two-point theory in part",
  not: "does not follow the two-point theory",
  unknown: "cannot be compared with the two-point theory",
} as const satisfies Record<Agreement, string>;

export const regimeWord = {
  rich: "in the rich regime",
  between: "between the rich and the lazy regime",
  lazy: "in the lazy regime",
} as const satisfies Record<Regime, string>;

/** What each status means, for a legend. */
export const statusMeaning = {
  ok: "the theory fits, and the rates are known",
  poor: "the theory does not fit the measurements: R² is below 0.5, and residuals are above 5 % of a sum of squares",
  undetermined: "other rates fit as well, so the trajectory does not determine them",
  "no-movement": "the outputs, or all values, are constant",
  "no-solution": "no solution of the equations is close; are dx2 and dy2 on the scale of the values?",
  unusable: "the trajectory cannot be fitted: too short, or the two representations coincide",
} as const satisfies Record<FitStatus, string>;

export interface Headline {
  /** The finding, without a full stop. */
  readonly claim: string;
  /** The numbers, in sentences. */
  readonly details: string;
}

/** The finding in the layer shown first. */
export function headline(record: TwopointRecord): Headline {
  const fit = headlineLayer(record);
  if (fit === undefined)
    return {
      claim: "No pair of followed points differs in both input and target, so the two-point theory does not apply",
      details: "",
    };
  const claim = claimOf(fit);
  if (agreementOf(fit) === "unknown") return { claim, details: fit.doubt ?? "" };
  const { missing } = record.pairs[0]!;
  const details = [`R² is ${r2Words(fit)}`, endWords(fit, missing)].join("; ");
  const contradiction = contradictionSentence(fit);
  return { claim, details: `${details}.${contradiction === "" ? "" : ` ${contradiction}`}` };
}

/** "Hidden layer 2 follows the two-point theory, in the rich regime". */
function claimOf(fit: FollowedLayer): string {
  const agreement = agreementOf(fit);
  const regime =
    agreement === "not" || agreement === "unknown" || fit.regime === null ? "" : `, ${regimeWord[fit.regime]}`;
  return `Hidden layer ${fit.layer} ${agreementWord[agreement]}${regime}`;
}

/** One layer in a sentence. */
export function layerSummary(fit: FollowedLayer): string {
  const numbers = agreementOf(fit) === "unknown" ? (fit.doubt ?? "") : `R² ${r2Words(fit)}`;
  const sentence = numbers === "" ? claimOf(fit) : `${claimOf(fit)}: ${numbers}`;
  return sentence.endsWith(".") ? sentence : `${sentence}.`;
}

/**
 * Everything about one layer, a list of sentences. @param missing share of the targets' distance missing at the last
 * look
 */
export function layerSentences(fit: FollowedLayer, missing: number): string[] {
  const all = [
    ratesSentence(fit),
    endSentence(fit, missing),
    richnessSentence(fit),
    driftSentence(fit),
    lossSentence(fit),
    contradictionSentence(fit),
    agreementOf(fit) === "unknown" ? "" : (fit.doubt ?? ""),
  ];
  return all.filter((text) => text !== "");
}

/** The fit of the layer shown first, for the first pair. */
export function headlineLayer({ layer, layers }: TwopointRecord): FollowedLayer | undefined {
  return layers.find((one) => String(one.layer) === layer) ?? layers[0];
}

/** "0.982 (H), 0.995 (Y) and 0.947 (w)". */
export function r2Words({ r2 }: Pick<FollowedLayer, "r2">): string {
  return listed([`${share(r2.dh2)} (H)`, `${share(r2.dy2)} (Y)`, `${share(r2.w)} (w)`]);
}

/** R2 with three decimals, or "below" a bound where it is far below 0. */
export function share(value: number | null): string {
  if (value === null) return "–";
  return value < -10 ? "below −10" : fixed(value, 3);
}

function endWords({ finalDistance: { measured, predicted } }: FollowedLayer, missing: number): string {
  const [now, then] = [number(measured), number(predicted)];
  if (missing > REACHED)
    return `H is ${now} and should by the theory end at ${then}, but ${percent(missing)} of the targets’ squared distance is still missing`;
  return `H ends at ${now}, where the theory predicts ${then}`;
}

/** "" where H moves as the sign of w requires. */
export function contradictionSentence({ against: { fall, rise, range } }: FollowedLayer): string {
  const { much, least, ofRange } = CONTRADICTION;
  const counts = (share: number) => share >= much || (share >= least && share >= ofRange * range);
  const parts = [
    ...(counts(fall)
      ? [`H falls by ${percent(fall)} while w < 0, where by the equations it can only rise, for any rates`]
      : []),
    ...(counts(rise)
      ? [`H rises by ${percent(rise)} while w > 0, where by the equations it can only fall, for any rates`]
      : []),
  ];
  return parts.length === 0 ? "" : `${parts.join("; ")}.`;
}

/**
 * "η_h = 0.0180 per step (0.0151 to 0.0215), η_y = 0.0309 (0.0244 to 0.0392); both lie in these intervals in 95 % ..".
 */
export function ratesSentence({ status, etaH, etaY, noise }: FollowedLayer): string {
  if (etaH.value === null || etaY.value === null) return "";
  const rates = `η_h = ${rateWords(etaH)} and η_y = ${rateWords(etaY)} per step`;
  if (status === "poor" || etaH.interval === null || etaY.interval === null) return `${rates}.`;
  return (noise ?? 0) > NOISY
    ? `${rates}; in 95 % of repetitions both lie in these intervals.`
    : `${rates}. Little of the residual is noise: the intervals show how much other parts of the trajectory would change the rates.`;
}

/**
 * chosen: if noise between rows makes more than this share of the squared residuals, intervals refer to repetitions.
 */
const NOISY = 0.5;

/** "0.0180 (0.0151 to 0.0215)". */
export function rateWords({ value, interval }: FittedRate): string {
  if (value === null) return "–";
  return interval === null
    ? `${number(value)} (uncertain by more than a factor of ten)`
    : `${number(value)} (${number(interval[0])} to ${number(interval[1])})`;
}

/**
 * Whether start or target determines the final representations (docs/theory.md Eq. 96); "" where the fit does not tell.
 */
export function richnessSentence(fit: FollowedLayer): string {
  const { richness, regime } = fit;
  if (richness === null || regime === null || agreementOf(fit) === "not") return "";
  const work = percent(Math.min(1, Math.max(0, richness)));
  const words = { rich: "Rich", between: "Between rich and lazy", lazy: "Lazy" } as const satisfies Record<
    Regime,
    string
  >;
  const rest = {
    rich: "; the start is forgotten",
    between: "; the rest is due to the start",
    lazy: "; the representations keep their start",
  } as const satisfies Record<Regime, string>;
  return `${words[regime]} by the fitted rates: ${work} of the final distance is due to input and target${rest[regime]}.`;
}

export function driftSentence({ conservedDrift }: FollowedLayer): string {
  if (conservedDrift === null) return "";
  return `C = H/X − (η_h/η_y) Y/H changes by ${percent(conservedDrift)} of the largest H/X; by the theory it is conserved.`;
}

/** The part of the loss that is not due to the difference of the points (docs/theory.md Eq. 97). */
export function lossSentence({ loss }: FollowedLayer): string {
  if (loss?.etaYbar == null) return "";
  return `The mean of the two outputs approaches that of the targets at a third rate, ${number(loss.etaYbar)} per step; R² of the loss is ${share(loss.r2)}.`;
}

export function endSentence(fit: FollowedLayer, missing: number): string {
  if (fit.finalDistance.predicted === null) return "";
  const words = endWords(fit, missing);
  return `${words[0]!.toUpperCase()}${words.slice(1)}.`;
}

/** In which layers the theory holds, and where the cost is smallest. */
export function layersSentence({ layers }: TwopointRecord): string {
  if (layers.length < 2) return "";
  const of = (wanted: Agreement) =>
    layers.filter((one) => agreementOf(one) === wanted).map(({ layer }) => String(layer));
  const [follow, partly, not, unknown] = [of("follows"), of("partly"), of("not"), of("unknown")];
  const some = (names: readonly string[], words: string) =>
    names.length === 0 ? [] : [`${words} ${namesWords(names)}`];
  const best = layers.reduce((least, one) =>
    (one.cost?.normalised ?? Infinity) < (least.cost?.normalised ?? Infinity) ? one : least,
  );
  const least =
    best.cost === null
      ? ""
      : ` The fit is best in layer ${best.layer} (normalised cost ${number(best.cost.normalised)}).`;
  const count = follow.length === 0 ? "none" : follow.length === layers.length ? "all" : String(follow.length);
  const names = count === String(follow.length) ? ` (${namesWords(follow)})` : "";
  const first = `The theory holds in ${count} of ${counted(layers.length, "hidden layer")}${names}`;
  const others = [
    ...some(partly, "in part in"),
    ...(not.length === layers.length ? [] : some(not, "not in")),
    ...some(unknown, "not known in"),
  ];
  return `${[first, ...others].join("; ")}.${least}`;
}

/** "0, 3 and 5 to 9": ranges of integers abbreviated. */
export function namesWords(names: readonly string[]): string {
  const parts: string[] = [];
  for (let i = 0; i < names.length; i++) {
    let j = i;
    while (j + 1 < names.length && isWhole(names[j]!) && Number(names[j + 1]) === Number(names[j]) + 1) j++;
    parts.push(j - i >= 2 ? `${names[i]} to ${names[j]}` : names.slice(i, j + 1).join(", "));
    i = j;
  }
  return parts.length === 1 ? parts[0]! : listed(parts.flatMap((part) => part.split(", ")));
}

const isWhole = (name: string): boolean => /^\d+$/.test(name);

/** The pairs compared; "" where there is one. */
export function pairsSentence({ pairs, ratio, correlation, layer }: PairDistances): string {
  if (ratio === null)
    return `No pair determines the ratio of the rates in hidden layer ${layer}, so final distances of the ${counted(pairs.length, "pair")} are not predicted.`;
  const agree = correlation === null ? "" : `; their correlation with the measured ones is ${fixed(correlation, 2)}`;
  return `Final distances of the ${counted(pairs.length, "pair")} in hidden layer ${layer}, predicted from each one’s start with one ratio η_h/η_y = ${number(ratio.value)} (median of ${counted(ratio.fits, "fit")})${agree}.`;
}

/** Pairs that were not fitted, and why; "" if all were. */
export function leftOutSentence({ pairsLeftOut, pairsAlike, pairs }: TwopointRecord): string {
  const parts = [
    ...(pairsLeftOut > 0 ? [`${grouped(pairsLeftOut)} because there are many`] : []),
    ...(pairsAlike > 0 ? [`${grouped(pairsAlike)} because the input or the target is the same`] : []),
  ];
  if (parts.length === 0) return "";
  return `${counted(pairs.length, "pair")} ${pairs.length === 1 ? "was" : "were"} fitted; not fitted: ${listed(parts)}.`;
}

/** Why a run that follows points has no alignments. */
export function withoutAlignments(points: number): string {
  return `Alignments were not measured: the setting's only samples are the ${grouped(points)} followed points, which are too few.`;
}

function number(value: number | null): string {
  return value === null ? "–" : brief(value);
}

/** "40 %"; one decimal below 10 %, and only a bound below a thousandth. */
export function percent(value: number): string {
  const points = 100 * value;
  if (points !== 0 && points < 0.1) return "less than 0.1 %";
  return `${points < 10 ? Number(points.toFixed(1)) : Math.round(points)} %`;
}
