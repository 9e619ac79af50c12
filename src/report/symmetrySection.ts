/**
 * @file The page's section on symmetric pairs: the finding in one sentence, the pairs at a glance, a summary of where
 * noise moves weight, the courses of balance and charges, a table of all pairs, and what breaks symmetries.
 */
import { chargeDrift } from "../figures/chargeDrift.ts";
import { chargesOverTime } from "../figures/chargesOverTime.ts";
import { escapeText, shorten } from "../figures/escape.ts";
import type { Figure } from "../figures/figure.ts";
import { noiseBalanceOverTime } from "../figures/noiseBalanceOverTime.ts";
import { pairsByDepth } from "../figures/pairsByDepth.ts";
import { brief, counted, fixed, grouped } from "../findings/numbers.ts";
import {
  brokenByReason,
  driftSentence,
  driveSentence,
  hasPairs,
  pairLetters,
  pairsHeadline,
  sized,
  spreadWords,
} from "../findings/pairs/pairSentences.ts";
import { sharedWords } from "../findings/pairs/pairWords.ts";
import { byStep } from "../findings/relationFindings.ts";
import { errorText } from "../findings/sentences.ts";
import { isHiddenByRounding } from "../measure/network/pairDrift.ts";
import {
  driveOf,
  isHeads,
  type PairGroup,
  pairGroups,
  pairName,
  sharedRga,
  spreadOf,
  worstOf,
} from "../measure/network/pairGroups.ts";
import type { PairSnapshot } from "../measure/network/pairs.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { type BriefNames, briefNames } from "./briefNames.ts";
import { type FigureSection, type NamedFigure, shownAs } from "./figureBlock.ts";
import { isAnalysis, type ReportData } from "./reportData.ts";
import { withIndices } from "./withIndices.ts";

/** The last measurement, if it has pairs or says why there are none. */
function paired({ snapshots }: ReportData): Snapshot | undefined {
  const last = byStep(snapshots).at(-1);
  return last && hasPairs(last) ? last : undefined;
}

/**
 * The figures of the section, the first of which shows the finding; empty where no two maps are a pair.
 *
 * @param only index of one of the four; default: all
 */
export function symmetrySections(data: ReportData, only?: number): FigureSection[] {
  const last = paired(data);
  if (last === undefined || (last.pairs ?? []).length === 0) return [];
  const all = [pairsSection, balanceSection, chargesSection, driftSection];
  return (only === undefined ? all : all.slice(only, only + 1))
    .map((make) => make(data, last))
    .filter(({ shown }) => shown !== undefined);
}

function pairsSection(data: ReportData, last: Snapshot): FigureSection {
  const at = isAnalysis(data) ? "" : ` at step ${grouped(last.step)}`;
  return {
    title: `Every symmetric pair${at}`,
    ...shownAs(pairsByDepth(last), "pairs"),
    caption: [
      "Pairs in order of execution. Left: imbalance of their weights, 0 in balance, 1 where one side has none. Middle: correlation of the gradient noise on both sides, with its value by chance; rings show the alignment of activations with gradients (RGA, paper's convention) of the representation between the two. Right: which side has more noise; weight moves to that side.",
      "Noise balance relates second moments of the same h and g that RGA aligns, each weighted by squared norms (Eq. 107). It is correlated with RGA over training and settings, but is a different number.",
    ],
    terms: ["pairs", "noiseBalance", "null", "relations"],
  };
}

function balanceSection({ snapshots }: ReportData): FigureSection {
  return {
    title: "Noise balance over training",
    ...shownAs(noiseBalanceOverTime(snapshots), "noise-balance"),
    caption: [
      "Without weight decay SGD is stationary where the noise of both sides is equal: correlation 1 and ratio 1. With decay it is stationary where the imbalance of the weights matches that of the noise (Eq. 107), so the ratio may differ from 1.",
    ],
    terms: ["noiseBalance", "charge", "noise"],
  };
}

function chargesSection(data: ReportData): FigureSection {
  const { snapshots } = data;
  const scales = chargesOverTime(snapshots, { of: "scale", most: chargesAtOnce });
  const charges = chargesOverTime(snapshots, { most: chargesAtOnce });
  return {
    title: charges ? "Charges over training" : "Squared weights before a normalization",
    ...shownAs(charges ?? scales, "charges"),
    more: charges ? furtherCharges(data, "two-sided", scales) : furtherCharges(data, "scale", undefined),
    caption: [
      "Charges, which gradient flow conserves: for a neuron its squared incoming weights, bias included, minus its squared outgoing weights; for a rotation the eigenvalues of Q, outgoing minus incoming. Noise moves them, decay shrinks them.",
    ],
    terms: ["charge"],
  };
}

function driftSection({ snapshots }: ReportData): FigureSection {
  return {
    title: "Predicted against measured drift of the charges",
    ...shownAs(chargeDrift(snapshots), "charge-drift"),
    caption: [
      "Between two measurements the prediction uses the noise and the mean gradients at both ends, and treats decay exactly (Eq. 124). It fails where they changed in between, and early in training with momentum m, where gradients that keep their direction count up to (1 + m) / (1 − m)³ times. Near the stationary state the drift is small, a difference of large terms. Dashed: the effect of float32 rounding of the weights, as a share of the change; above 1 it hides the drift.",
    ],
    terms: ["drift", "charge"],
  };
}

/** chosen: pairs whose charges are visible; the others are folded. */
const chargesAtOnce = 12;

/** The charges of the folded pairs, and of `scales` where those are not drawn already. */
function furtherCharges(
  { snapshots }: ReportData,
  of: "two-sided" | "scale",
  scales: Figure | undefined,
): NamedFigure[] {
  const rest = chargesOverTime(snapshots, { of, from: chargesAtOnce, most: Number.POSITIVE_INFINITY });
  return [
    ...(rest
      ? [{ name: "charges-further", words: `Charges of ${counted(rest.panels.length, "further pair")}`, figure: rest }]
      : []),
    ...(scales ? [{ name: "charges-scale", words: "Squared weights before a normalization", figure: scales }] : []),
  ];
}

/**
 * The section as HTML; "" where pairs were not measured. @param figures HTML of `symmetrySections`, in the same order
 */
export function renderSymmetry(data: ReportData, figures: readonly string[]): string {
  const last = paired(data);
  if (last === undefined) return "";
  const groups = pairGroups(last.pairs);
  const brief = briefNames(groups.flatMap(({ first, second }) => [first, second]));
  const { claim, details } = pairsHeadline(last);
  const [first = "", ...others] = figures;
  const sentences = inWords(groups, brief);
  const words = sentences.length > 0 ? `<h3>In words</h3><ul class="summary">${sentences.join("")}</ul>` : "";
  const broken = groups.length > 0 ? brokenList(last) : "";
  return (
    `<section id="symmetry"><h2>Symmetry and noise</h2>` +
    `<p class="finding"><b>${escapeText(claim)}</b>. ${escapeText(brief(details))}</p>${first}${words}${others.join("\n")}` +
    `${pairTable(groups, last, brief)}${broken}</section>`
  );
}

/** chosen: most pairs described one by one, those farthest from balance; the table has all. */
const mostTold = 5;

function inWords(groups: readonly PairGroup[], brief: BriefNames): string[] {
  const told = groups.filter((group) => driveSentence(group) !== "");
  const far = (group: PairGroup) => worstOf(group).noiseBalance.residual ?? 0;
  const chosen = new Set(told.toSorted((x, y) => far(y) - far(x)).slice(0, mostTold));
  const items = told
    .filter((group) => chosen.has(group))
    .map((group) => {
      const moved = worstOf(group).drift.since === null ? "" : driftSentence(group);
      const text = [driveSentence(group), moved].filter((one) => one !== "").join(" ");
      return `<li>${code(pairName(group), brief)}: ${escapeText(brief(text))}</li>`;
    });
  const left = told.length - items.length;
  const scales = groups.filter(({ symmetry }) => symmetry === "scale").length;
  const unsaid = [...new Set(told.filter((group) => worstOf(group).drift.since === null).map(driftSentence))];
  return [
    ...items,
    ...unsaid.filter((text) => text !== "").map((text) => `<li>${escapeText(text)}</li>`),
    ...(left > 0 ? [`<li>${counted(left, "further pair")}, nearer to balance: see the table.</li>`] : []),
    ...(scales > 0
      ? [
          `<li>${counted(scales, "map")} before a normalization: their size changes no output, so noise can only make it grow, and only decay limits it.</li>`,
        ]
      : []),
  ];
}

/** chosen: tables with more rows are folded. */
const mostRows = 12;

function pairTable(groups: readonly PairGroup[], snapshot: Snapshot, short: BriefNames): string {
  const rows = groups.filter(({ symmetry }) => symmetry !== "scale");
  if (rows.length === 0) return "";
  const titles = ["pair", "through", "symmetry", "imbalance", "noise balance", "chance", "tr A / tr B", "RGA"];
  const columns = [...titles, "noise moves weight to", "drift: predicted, measured"];
  const head = columns.map((title) => `<th scope="col">${title}</th>`).join("");
  const body = rows.map((group) => row(group, { snapshot, columns, short })).join("");
  const html = `<div class="wide"><table class="alignments compact"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
  const heads = rows.some(isHeads)
    ? " For heads, median and range; direction and drift are those of the head farthest from balance."
    : "";
  const shown =
    rows.length > mostRows
      ? `<details class="table"><summary>Table of ${counted(rows.length, "pair")}</summary>${html}</details>`
      : html;
  return `<h3>Every pair in numbers</h3><p class="soft note">${withIndices(pairLetters)}.${heads}</p>${shown}`;
}

interface RowContext {
  readonly snapshot: Snapshot;
  readonly columns: readonly string[];
  readonly short: BriefNames;
}

function row(group: PairGroup, { snapshot, columns, short }: RowContext): string {
  const several = isHeads(group);
  const worst = worstOf(group);
  const spread = (value: (pair: PairSnapshot) => number | null, decimals: number) => {
    const found = spreadOf(group, value);
    return found === null ? "–" : spreadWords(found, several, decimals);
  };
  const { alignmentError, ratio } = worst.noiseBalance;
  const error = several || alignmentError === null ? "" : ` ± ${errorText(alignmentError)}`;
  const balance = spread(({ noiseBalance }) => noiseBalance.alignment, 3);
  const rga = sharedRga(group, snapshot);
  const ratios = spreadOf(group, ({ noiseBalance }) => noiseBalance.ratio);
  const cells = [
    escapeText(several ? `${group.through}, ${sharedWords(group)}` : group.through),
    escapeText(group.symmetry),
    spread(({ imbalance }) => imbalance, 3),
    balance === "–" ? balance : `${balance}${error}`,
    spread(({ noiseBalance }) => noiseBalance.null, 2),
    ratio === null || ratios === null
      ? "–"
      : several
        ? `${brief(ratios.median)} (${brief(ratios.low)} to ${brief(ratios.high)})`
        : brief(ratio),
    rga === null ? "–" : fixed(rga, 3),
    moves(group, worst, short),
    drift(worst),
  ];
  const html = cells.map(
    (value, i) =>
      `<td data-label="${columns[i + 1]}"${value === "–" ? ' class="none"' : ""}><span class="value">${value}</span></td>`,
  );
  return `<tr><th scope="row">${code(pairName(group), short)}</th>${html.join("")}</tr>`;
}

function moves({ first, second }: PairGroup, worst: PairSnapshot, short: BriefNames): string {
  const drive = driveOf(worst);
  if (drive === undefined) return "–";
  if (drive === "none") return "neither";
  const scores = first === second;
  if (scores) return drive === "up" ? "keys" : "queries";
  return code(drive === "up" ? second : first, short);
}

function drift({ drift: { since } }: PairSnapshot): string {
  if (since === null) return "–";
  const rounded = isHiddenByRounding(since) ? " (rounding)" : "";
  return `${since.predicted === null ? "–" : sized(since.predicted.norm)}, ${sized(since.measured.norm)}${rounded}`;
}

function brokenList(snapshot: Snapshot): string {
  const lines = brokenByReason(snapshot.unpaired ?? []);
  if (lines.length === 0) return "";
  const items = lines.map(
    ({ reason, names }) => `<li>${escapeText(reason)}: ${names.map((name) => code(name)).join(", ")}</li>`,
  );
  const count = lines.reduce((sum, { names }) => sum + names.length, 0);
  const list = `<ul>${items.join("")}</ul>`;
  return count > mostTold
    ? `<h3>What breaks symmetries</h3><details><summary>${counted(count, "map")} without a symmetric neighbour</summary>${list}</details>`
    : `<h3>What breaks symmetries</h3>${list}`;
}

function code(name: string, brief: BriefNames = (text) => text): string {
  return `<code title="${escapeText(name)}">${escapeText(shorten(brief(name), 64))}</code>`;
}
