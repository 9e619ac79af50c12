/**
 * @file The page's section on symmetric pairs: what was found in one sentence, the pairs at a glance, in words where
 * noise moves weight, courses of balance and charges, every pair in a table, and what breaks symmetries.
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

/** The last measurement, where it has pairs or says why there are none. */
function paired({ snapshots }: ReportData): Snapshot | undefined {
  const last = byStep(snapshots).at(-1);
  return last && hasPairs(last) ? last : undefined;
}

/**
 * The figures of the section, the first the finding as a picture; none where no two maps are a pair.
 *
 * @param only the place of one of the four; by default all
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
      "Pairs in order of execution. Left: how unequal their weights are, 0 in balance, 1 where one side has none. Middle: how far the noise of the gradients is the same on both sides, with what unrelated ones would show; rings are the alignment of activations with gradients (RGA, paper's convention) of the representation between the two. Right: whose noise is larger; weight moves to that side.",
      "Noise balance is a relation between second moments of the same h and g that RGA aligns, each weighted by squared norms (Eq. 107). It goes with RGA over training and settings, and is not the same number.",
    ],
    terms: ["pairs", "noiseBalance", "null", "relations"],
  };
}

function balanceSection({ snapshots }: ReportData): FigureSection {
  return {
    title: "Noise balance over training",
    ...shownAs(noiseBalanceOverTime(snapshots), "noise-balance"),
    caption: [
      "Without weight decay SGD rests where the noise of both sides is equal: correlation 1 and ratio 1. With decay it rests where the weights are out of balance as their noise is (Eq. 107), so that the ratio may stay away from 1.",
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
      "What gradient flow would keep: of a neuron its squared incoming weights, bias included, less its squared outgoing ones; of a rotation the eigenvalues of Q, outgoing less incoming. Noise moves them, decay shrinks them.",
    ],
    terms: ["charge"],
  };
}

function driftSection({ snapshots }: ReportData): FigureSection {
  return {
    title: "Predicted against measured drift of the charges",
    ...shownAs(chargeDrift(snapshots), "charge-drift"),
    caption: [
      "Between two measurements the prediction takes the noise and the mean gradients at both ends, and decay exactly (Eq. 124): it misses where they changed in between, and early with momentum m, where gradients that keep their direction count up to (1 + m) / (1 − m)³ times. Near rest little moves, and what does is a difference of large terms. Dashed: what float32 rounding of the weights makes of it, as a share of the change; above 1 it hides the drift.",
    ],
    terms: ["drift", "charge"],
  };
}

/** chosen: pairs whose charges are drawn at once; the others are folded away. */
const chargesAtOnce = 12;

/** The charges of pairs beyond those drawn at once, and of `scales` where these are not what is drawn. */
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
 * The section as HTML, "" where pairs were not looked for. @param figures HTML, those of `symmetrySections` in their
 * order
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

/** chosen: pairs that are told of one by one; of more those farthest from balance. The table has all. */
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
          `<li>${counted(scales, "map")} before a normalization: their size changes no output, so that noise can only make it grow and decay alone holds it.</li>`,
        ]
      : []),
  ];
}

/** chosen: tables of more rows are folded away. */
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
    ? " Of heads median and range; direction and drift are those of the head farthest from balance."
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
