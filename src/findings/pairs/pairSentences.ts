/**
 * @file Findings on symmetric pairs, in sentences that terminal, report and explain share (docs/theory.md Eqs. 105,
 * 107, 124 to 126).
 *
 * Sign: noise adds rate^2 / batch times the mean squared gradients of a side to its squared weights, so weight moves to
 * the side whose gradients fluctuate more.
 */

import { errorOfTurnover, isHiddenByRounding } from "../../measure/network/pairDrift.ts";
import {
  BALANCED,
  chargesOf,
  driveOf,
  isBalanced,
  isHeads,
  isScores,
  type PairGroup,
  pairGroups,
  pairName,
  type Spread,
  spreadOf,
  worstOf,
} from "../../measure/network/pairGroups.ts";
import type { PairSnapshot } from "../../measure/network/pairs.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import type { BrokenEdge } from "../../moments/edges.ts";
import { brief, counted, fixed, grouped, listed, scientific } from "../numbers.ts";
import { errorText } from "../sentences.ts";
import { percent } from "../stationarity.ts";
import { balanceStatus, driftStatus, sharedWords, sideMaps, sideWords, symmetryMeaning } from "./pairWords.ts";

/** The part of a snapshot on pairs. */
export type Paired = Pick<Snapshot, "pairs" | "unpaired">;

/** Whether the snapshot has pairs, or neighbours that are not pairs. */
export function hasPairs({ pairs = [], unpaired = [] }: Paired): boolean {
  return pairs.length + unpaired.length > 0;
}

/**
 * The finding as a claim and its details; both "" where pairs were not measured, or there is one map.
 */
export function pairsHeadline(found: Paired): { claim: string; details: string } {
  const { pairs = [] } = found;
  if (!hasPairs(found)) return { claim: "", details: "" };
  if (pairs.length === 0) return { claim: "No two neighbouring maps share a symmetry", details: brokenSentence(found) };
  const groups = pairGroups(pairs);
  const judged = pairs.flatMap((pair) => isBalanced(pair) ?? []);
  if (judged.length === 0) return { claim: countWords(groups), details: unjudged(pairs) };
  const held = judged.filter((one) => one).length;
  const within = `|A − B| at most ${BALANCED} of |A| + |B|`;
  const claim =
    judged.length === 1
      ? `Gradient noise is ${held === 1 ? "" : "not "}in balance in the one symmetric pair`
      : `Gradient noise is in balance in ${held === judged.length ? `all ${grouped(held)}` : `${held === 0 ? "none" : grouped(held)} of ${grouped(judged.length)}`} symmetric pairs`;
  return { claim: `${claim} (${within})`, details: farthest(groups) };
}

function countWords(groups: readonly PairGroup[]): string {
  const pairs = groups.filter(({ symmetry }) => symmetry !== "scale");
  const scales = groups.length - pairs.length;
  const parts = [
    ...(pairs.length > 0
      ? [`${counted(pairs.length, "pair")} of maps ${pairs.length === 1 ? "shares" : "share"} a symmetry`]
      : []),
    ...(scales > 0 ? [`the scale of ${counted(scales, "map")} is free, because a normalization follows`] : []),
  ];
  const text = listed(parts);
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}

function unjudged(pairs: readonly PairSnapshot[]): string {
  const reasons = new Set(pairs.flatMap(({ noiseBalance }) => balanceStatus[noiseBalance.status] ?? []));
  return reasons.size === 0 ? "" : `Noise balance has no value: ${listed([...reasons])}.`;
}

/** The pair with the strongest drive by noise. */
function farthest(groups: readonly PairGroup[]): string {
  const residual = (group: PairGroup) => worstOf(group).noiseBalance.residual ?? -1;
  const judged = groups.filter((group) => residual(group) >= 0);
  const far = judged.reduce((most, one) => (residual(one) > residual(most) ? one : most));
  return `Farthest is ${pairName(far)}: ${lower(driveSentence(far))}`;
}

function lower(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}

/** All sentences on one pair, or on the heads of an attention layer. */
export function pairSentences(group: PairGroup): string[] {
  return [
    shareSentence(group),
    chargeSentence(group),
    ...(group.symmetry === "scale" ? [scaleSentence] : [balanceSentence(group), driveSentence(group)]),
    driftSentence(group),
  ].filter((text) => text !== "");
}

/** "layers.0 → layers.1 share 100 neurons through ReLU (rescaling: ..)." */
export function shareSentence(group: PairGroup): string {
  const { first, second, symmetry, through } = group;
  const meaning = `${symmetry}: ${symmetryMeaning[symmetry]}`;
  if (symmetry === "scale") return `${first} is followed by ${second} (${through}) and free in scale (${meaning}).`;
  if (isScores(group))
    return `Queries and keys of ${pairName(group)} are multiplied, ${sharedWords(group)} (${meaning}).`;
  const way = through === "nothing" ? "with nothing in between" : `through ${through}`;
  return `${pairName(group)} share ${sharedWords(group)} ${way} (${meaning}).`;
}

/** The charges: sum, range over neurons or eigenvalues, and how far the weights are from balance. */
export function chargeSentence(group: PairGroup): string {
  const { symmetry, pairs } = group;
  const [below, above] = sideWords(group);
  const known = pairs.flatMap((pair) => chargesOf(pair) ?? []);
  if (known.length === 0) return "Its charges are unknown: the moments hold no finite weights of both maps.";
  const [low, high] = [Math.min(...known), Math.max(...known)].map(sized);
  if (symmetry === "scale") return `Squared weights that are normalized together: ${low} to ${high}.`;
  const size = imbalanceWords(group);
  if (symmetry === "rotation")
    return `Eigenvalues of Q = UᵀU − WWᵀ, conserved by gradient flow: ${low} to ${high}; ${size}.`;
  const sum = known.reduce((total, value) => total + value, 0);
  const more = sum > 0 ? below : above;
  return `Charges, squared ${below} minus ${above.split(" ")[0]} ones, conserved by gradient flow: ${low} to ${high} per neuron, ${sized(sum)} in sum (the ${more} are larger); ${size}.`;
}

/** Three digits, in scientific notation where the number is very small. */
export function sized(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? scientific(value) : brief(value);
}

function imbalanceWords(group: PairGroup): string {
  const found = spreadOf(group, ({ imbalance }) => imbalance);
  return found === null
    ? "imbalance of weights unknown"
    : `imbalance of weights ${spreadWords(found, isHeads(group))} (0 to 1)`;
}

/** "0.27", or for several heads "0.27 (0.25 to 0.31)". */
export function spreadWords({ median, low, high }: Spread, several: boolean, decimals = 3): string {
  const text = (value: number) => fixed(value, decimals);
  return several && low !== high ? `${text(median)} (${text(low)} to ${text(high)})` : text(median);
}

/** "Noise balance: A and B correlate by 0.984 ± 0.002 (chance 0.20, 3,000 examples); tr A / tr B is 2.10 ± 0.03." */
export function balanceSentence(group: PairGroup): string {
  const worst = worstOf(group);
  const { status, alignment, alignmentError, null: chance, n, ratio, ratioError } = worst.noiseBalance;
  if (ratio === null && alignment === null) return `Noise balance has no value: ${balanceStatus[status] ?? status}.`;
  const several = group.pairs.length > 1;
  const over = spreadOf(group, ({ noiseBalance }) => noiseBalance.alignment);
  if (several && over)
    return `Noise balance of the heads: A and B correlate by ${spreadWords(over, true)}, median and range; tr A / tr B ${ratioSpread(group)}; farthest from balance is head ${worst.head ?? "of no number"}.`;
  const beside = [...(chance === null ? [] : [`chance ${fixed(chance, 2)}`]), `${counted(n, "example")}`].join(", ");
  const correlate =
    alignment === null
      ? `no correlation of A and B (${balanceStatus[status] ?? status})`
      : `A and B correlate by ${fixed(alignment, 3)}${plus(alignmentError)} (${beside})`;
  const sizes =
    ratio === null
      ? ""
      : `; tr A / tr B is ${brief(ratio)}${ratioError === null ? "" : ` ± ${briefError(ratioError)}`}`;
  return `Noise balance: ${correlate}${sizes}.`;
}

function plus(error: number | null): string {
  return error === null ? "" : ` ± ${errorText(error)}`;
}

/** The number with one digit. */
function briefError(error: number): string {
  return String(Number(error.toPrecision(1))).replaceAll("-", "−");
}

function ratioSpread(group: PairGroup): string {
  const found = spreadOf(group, ({ noiseBalance }) => noiseBalance.ratio);
  return found === null ? "not known" : `${brief(found.median)} (${brief(found.low)} to ${brief(found.high)})`;
}

/**
 * Where noise moves weight, and by which inequality of the gradients; for heads, that of the head farthest from
 * balance.
 */
export function driveSentence(group: PairGroup): string {
  const pair = worstOf(group);
  const { ratio, ratioError, alignment } = pair.noiseBalance;
  const [below, above] = sideWords(group);
  const [first, second] = sideMaps(group);
  const drive = driveOf(pair);
  if (drive === undefined) return "";
  const of = group.pairs.length > 1 && isHeads(group) ? `In head ${pair.head} noise` : "Noise";
  if (drive === "none" && ratio !== null) {
    const one = isBalanced(pair)
      ? ""
      : `, but ${group.symmetry === "rescaling" ? "neuron by neuron" : "direction by direction"} it does${alignment === null ? "" : `: their correlation is ${fixed(alignment, 2)}`}`;
    return `${of} moves no weight in sum, because the gradients of both sides fluctuate equally (tr A / tr B ${brief(ratio)}${ratioError === null ? "" : ` ± ${briefError(ratioError)}`})${one}.`;
  }
  const up = drive === "up";
  const [from, to] = up ? [first, second] : [second, first];
  const [noisier, quieter] = up ? [above, below] : [below, above];
  const times = up ? (ratio ?? Number.POSITIVE_INFINITY) : 1 / ratio!;
  const size = Number.isFinite(times)
    ? `fluctuate ${brief(times)} times as strongly as those of the ${quieter.replace(/ weights$/, " ones")} (mean squares)`
    : `fluctuate, those of the ${quieter.replace(/ weights$/, " ones")} do not`;
  return `${of} moves weight from ${from} to ${to}: the gradients of the ${noisier} ${size}.`;
}

const scaleSentence = "Noise can only make such weights grow, since nothing balances them; only decay limits them.";

/** Predicted against measured change since an earlier measurement, or why there is none. */
export function driftSentence(group: PairGroup): string {
  const pair = worstOf(group);
  const { since, status } = pair.drift;
  const of = group.pairs.length > 1 && isHeads(group) ? ` of head ${pair.head}` : "";
  if (since === null) {
    const why = driftStatus[status];
    const said = balanceStatus[pair.noiseBalance.status];
    return why === undefined || why === said || group.symmetry === "scale" ? "" : `The rate is unknown: ${why}.`;
  }
  const moved = `Since step ${grouped(since.step)} the charges${of} moved by ${sized(since.measured.norm)} (norm)`;
  if (since.measured.norm <= since.rounding)
    return `${moved}, which is no more than float32 rounding of the weights can cause (${sized(since.rounding)}), so it is not evidence of noise.`;
  if (since.predicted === null) {
    const why = driftStatus[status];
    return `${moved}${why === undefined ? "" : `; there is no prediction: ${why}`}.`;
  }
  if (isHiddenByRounding(since))
    return `${moved}, where noise, mean gradients and decay predict ${sized(since.predicted.norm)}, no more than float32 rounding of the weights can cause (${sized(since.rounding)}), so it is not evidence of noise.`;
  const error = since.error === null ? "" : `, off by ${percent(since.error)} % of the norm${turnoverWords(since)}`;
  const rounding =
    since.rounding > 0.1 * since.measured.norm ? `; float32 rounding alone causes ${sized(since.rounding)}` : "";
  return `${moved}; noise, mean gradients and decay predict ${sized(since.predicted.norm)}${error}${rounding}.`;
}

/** The error beside the turnover, where most of that cancels: near rest. */
function turnoverWords(since: NonNullable<PairSnapshot["drift"]["since"]>): string {
  const share = errorOfTurnover(since);
  if (share === null || since.error! < 0.1 || share > since.error! / 2) return "";
  return ` and ${percent(share)} % of what noise added to both sides and decay took (${sized(since.turnover!)})`;
}

/** What breaks each symmetry, grouped by reason; "" where none is broken. */
export function brokenSentence({ unpaired = [] }: Paired, most = 4): string {
  const lines = brokenByReason(unpaired);
  if (lines.length === 0) return "";
  const shown = lines.slice(0, most).map(({ reason, names }) => {
    const named = names.slice(0, most);
    const rest = names.length > named.length ? ` and ${names.length - named.length} more` : "";
    return `${named.join(", ")}${rest} (${reason})`;
  });
  const more = lines.length > shown.length ? `; ${counted(lines.length - shown.length, "further reason")}` : "";
  return `No symmetry: ${shown.join("; ")}${more}.`;
}

/** Neighbours without a symmetry, grouped by what breaks it. */
export function brokenByReason(unpaired: readonly BrokenEdge[]): { reason: string; names: string[] }[] {
  const found = new Map<string, string[]>();
  for (const { first, second, reason } of unpaired) {
    const name = second === null ? first : `${first} → ${second}`;
    found.set(reason, [...(found.get(reason) ?? []), name]);
  }
  return [...found].map(([reason, names]) => ({ reason, names }));
}

/** What the letters mean, said once. */
export const pairLetters =
  "W is the map below with its bias, U the one above; A = E[G_Uᵀ G_U] and B = E[G_W G_Wᵀ] are second moments of the gradients of single examples on the shared values (their diagonals for rescaling)";
