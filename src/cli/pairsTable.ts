/**
 * @file The symmetric pairs of a network as a table below that of the phases, after the sentence on noise balance: one
 * row per pair, and the heads of an attention layer in a separate table, by their medians and ranges (docs/theory.md
 * Eqs. 105, 107, 124 to 126).
 *
 *     pair                 imbalance  noise balance  chance  A / B   RGA  drift
 *     layers.0 → layers.1      0.070   0.310 ±0.032    0.20   1.02  0.21  0.1 %
 */
import { brief, fixed } from "../findings/numbers.ts";
import { brokenSentence, hasPairs, pairLetters, pairsHeadline, spreadWords } from "../findings/pairs/pairSentences.ts";
import { errorText } from "../findings/sentences.ts";
import { percent } from "../findings/stationarity.ts";
import { printable } from "../formats/printable.ts";
import {
  attentionName,
  isHeads,
  type PairGroup,
  pairGroups,
  pairName,
  type Spread,
  sharedRga,
  spreadOf,
  worstOf,
} from "../measure/network/pairGroups.ts";
import type { PairSnapshot } from "../measure/network/pairs.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { NOTHING, type TableLayout } from "./layerTable.ts";
import { renderTable, shortenName, wrap } from "./table.ts";

/** chosen: most pairs shown, including those farthest from noise balance; the report has all. */
const MOST_ROWS = 24;

/** Finding, tables and legend, ending with a newline; "" where pairs were not measured, or no pair is possible. */
export function renderPairsTable(
  snapshot: Snapshot,
  { width = 100, dim = (text) => text, paint = (_, text) => text }: TableLayout = {},
): string {
  if (!hasPairs(snapshot)) return "";
  const lines = (text: string) => (text === "" ? [] : wrap(printable(text), width));
  if ((snapshot.pairs ?? []).length === 0)
    return `${lines(`no symmetric pair: ${brokenSentence(snapshot).replace(/^No symmetry: /, "")}`).join("\n")}\n`;
  const { claim, details } = pairsHeadline(snapshot);
  const groups = pairGroups(snapshot.pairs);
  const { maps, heads, scales } = {
    maps: groups.filter((group) => group.symmetry !== "scale" && !isHeads(group)),
    heads: groups.filter(isHeads),
    scales: groups.filter(({ symmetry }) => symmetry === "scale"),
  };
  const [shownMaps, shownHeads] = [shown(maps), shown(heads)];
  const tables = [
    ...(maps.length > 0 ? [mapTable(shownMaps, snapshot, { width, dim })] : []),
    ...(heads.length > 0 ? [headTable(shownHeads, { width, dim })] : []),
  ];
  const left = maps.length + heads.length - shownMaps.length - shownHeads.length;
  const below = [
    ...(left > 0 ? [`${left} more, nearer to balance, are in the report`] : []),
    scaleLine(scales),
    ...(tables.length > 0 ? legend(groups) : []),
    brokenSentence(snapshot),
  ];
  return [
    ...lines(`${claim}.`).map((line) => paint("bold", line)),
    ...lines(details),
    ...tables.map((table) => `\n${table}`),
    ...below.flatMap(lines).map(dim),
    "",
  ].join("\n");
}

/** Pairs in order; if there are many, those farthest from balance. */
function shown(groups: readonly PairGroup[]): readonly PairGroup[] {
  const far = (group: PairGroup) => worstOf(group).noiseBalance.residual ?? worstOf(group).imbalance ?? 0;
  const taken = new Set(groups.toSorted((x, y) => far(y) - far(x)).slice(0, MOST_ROWS));
  return groups.filter((group) => taken.has(group));
}

interface Layout {
  readonly width: number;
  readonly dim: (text: string) => string;
}

function mapTable(groups: readonly PairGroup[], snapshot: Snapshot, layout: Layout): string {
  const last = groups.some(({ pairs }) => pairs[0]!.drift.since !== null);
  return renderTable(
    [
      { header: "pair", shrinkTo: 22, isName: true, shorten: shortenPair },
      { header: "through", shrinkTo: 7, dispensable: 4 },
      { header: "imbalance", align: "right" },
      { header: "noise balance", align: "right" },
      { header: "chance", align: "right", dispensable: 2 },
      { header: "A / B", align: "right" },
      { header: "RGA", align: "right", dispensable: 1 },
      ...(last ? [{ header: "drift", align: "right" as const, dispensable: 3 }] : []),
    ],
    groups.map((group) => {
      const pair = group.pairs[0]!;
      const { alignment, alignmentError, null: chance, ratio } = pair.noiseBalance;
      return [
        pairName(group),
        group.through,
        number(pair.imbalance, 3),
        alignment === null
          ? NOTHING
          : `${fixed(alignment, 3)}${alignmentError === null ? "" : ` ±${errorText(alignmentError)}`}`,
        number(chance, 2),
        ratio === null ? NOTHING : brief(ratio),
        number(sharedRga(group, snapshot), 2),
        ...(last ? [driftCell(pair)] : []),
      ];
    }),
    layout,
  );
}

function headTable(groups: readonly PairGroup[], layout: Layout): string {
  return renderTable(
    [
      { header: "heads of", shrinkTo: 14, isName: true, shorten: shortenPair },
      { header: "through", shrinkTo: 7, shorten: (text, width) => text.replace("attention ", "").slice(0, width) },
      { header: "heads", align: "right" },
      { header: "imbalance", align: "right", dispensable: 1 },
      { header: "noise balance", align: "right" },
      { header: "worst", align: "right" },
    ],
    groups.map((group) => [
      attentionName(group),
      group.through,
      String(group.pairs.length),
      range(spreadOf(group, ({ imbalance }) => imbalance)),
      range(spreadOf(group, ({ noiseBalance }) => noiseBalance.alignment)),
      String(worstOf(group).head),
    ]),
    layout,
  );
}

function range(found: Spread | null): string {
  return found === null ? NOTHING : spreadWords(found, true, 2).replace(" to ", "–");
}

function number(value: number | null, decimals: number): string {
  return value === null ? NOTHING : fixed(value, decimals);
}

/** The error of the predicted change, or that rounding hides it. */
function driftCell({ drift: { since } }: PairSnapshot): string {
  if (since === null) return NOTHING;
  if (since.measured.norm <= since.rounding) return "rounding";
  return since.error === null ? NOTHING : `${percent(since.error)} %`;
}

/** Both names with their common prefix given once, if that is enough: "attn.0.qkv → proj"; else both shortened. */
function shortenPair(text: string, width: number): string {
  if ([...text].length <= width) return text;
  const [first = "", mark, second] = text.split(/ ([→×]) /);
  if (mark === undefined || second === undefined) return shortenName(text, width);
  const shared = first.lastIndexOf(".") + 1;
  const own = second.slice(shared);
  const short = shared > 0 && second.startsWith(first.slice(0, shared)) && !/^\d+$/.test(own) ? own : second;
  const rest = Math.min([...short].length, Math.max(3, Math.floor((width - 3) / 2)));
  return `${shortenName(first, width - 3 - rest)} ${mark} ${shortenName(short, rest)}`;
}

/** Maps that are free in scale, in one line. */
function scaleLine(scales: readonly PairGroup[]): string {
  if (scales.length === 0) return "";
  const names = scales.slice(0, 4).map(({ first }) => first);
  const more = scales.length > names.length ? ` and ${scales.length - names.length} more` : "";
  return `free in scale, because a normalization follows, so noise can only make them grow: ${names.join(", ")}${more}`;
}

function legend(groups: readonly PairGroup[]): string[] {
  const imbalance = "imbalance: |UᵀU − WWᵀ| over |UᵀU| + |WWᵀ|";
  const balance =
    "noise balance: correlation of A and B ± standard error; chance: 97.5 % quantile of unrelated ones, for rotation the mean cosine; A / B: ratio of their traces";
  const rga = "RGA: of the representation between the two, by the paper's convention";
  const drift = "drift: relative error of the predicted change of the charges since the previous measurement";
  const heads = "heads: median and range, and the head farthest from balance";
  const one = groups.some((group) => group.symmetry !== "scale" && !isHeads(group));
  return [
    imbalance,
    balance,
    pairLetters,
    ...(one ? [rga] : []),
    ...(one && groups.some(({ pairs }) => pairs[0]!.drift.since !== null) ? [drift] : []),
    ...(groups.some(isHeads) ? [heads] : []),
  ];
}
