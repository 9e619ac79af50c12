/**
 * @file The panel of attention heads by depth, or of blocks of convolutions: one row per attention layer, with its
 * heads one below the other. Each head has its RGA, null, standard error and, where known, the same alignment with the
 * other heads of the layer.
 */
import * as Plot from "@observablehq/plot";
import { byHeadLayer, type OtherHeads } from "../measure/network/headBaselines.ts";
import { attentionNames, layerNames } from "../measure/network/layerNames.ts";
import { type DepthRow, depthScale, panelTitle, valueWords } from "./depthPanel.ts";
import { visibleText } from "./escape.ts";
import type { Panel } from "./figure.ts";
import { fullName, labelWidth, layerLabels } from "./layerLabels.ts";
import { relationColour, relationSymbol } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";

interface HeadRow extends DepthRow {
  /** Pixels from the top. */
  readonly at: number;
  readonly others: OtherHeads | undefined;
  /** Name of a head as shown. */
  readonly called: string;
}

/** The heads of one attention layer, between two heights. */
interface Band {
  readonly name: string;
  readonly label: string;
  readonly rows: readonly HeadRow[];
  readonly from: number;
  readonly to: number;
}

/** chosen: pixels between the heads of two layers, and least height of a band, so that its name fits. */
const gap = 12;
const leastBand = 16;

/** chosen: most characters of a name beside its band. */
const labelLength = 24;

/**
 * The panel.
 *
 * @param rows RGA of the heads in order of execution, including heads without a value
 * @param baseline alignment with the other heads by head name; a missing head has no such mark
 */
export function headPanel(
  what: "attention heads" | "blocks",
  rows: readonly DepthRow[],
  low: number,
  baseline?: ReadonlyMap<string, OtherHeads>,
): Panel {
  const step = Math.max(4, Math.min(8, 1100 / rows.length));
  const bands = bandsOf(what, rows, step, baseline);
  const left = labelWidth(bands.map(({ label }) => label));
  const extent = bands.at(-1)!.to + gap / 2;
  return plotPanel(`RGA of ${rows.length} ${what} in ${bands.length} layers, in order of execution`, {
    ...depthScale({ low, extent, left }),
    y: { domain: [extent, 0], axis: null },
    marks: [
      ...panelTitle(`${what}, RGA of the output (b)`, left),
      Plot.ruleY(bands.slice(1), {
        y: ({ from }: Band) => from - gap / 2,
        stroke: "currentColor",
        strokeOpacity: 0.12,
      }),
      Plot.text(bands, {
        y: ({ from, to }: Band) => (from + to) / 2,
        text: "label",
        title: ({ name, label }: Band) => fullName(name, label),
        frameAnchor: "left",
        textAnchor: "end",
        dx: -7,
        fontSize: 11,
      }),
      ...headMarks(
        bands.flatMap((band) => band.rows).filter(({ found }) => found.value !== null),
        Math.min(3, step / 2),
      ),
    ],
  });
}

/** @param half pixels of a vertical dash above and below its head */
function headMarks(rows: readonly HeadRow[], half: number): Plot.Markish[] {
  const colour = relationColour.rga;
  const upright = { y1: (row: HeadRow) => row.at - half, y2: (row: HeadRow) => row.at + half };
  const value = ({ found }: HeadRow) => found.value!;
  const compared = rows.filter(({ others }) => others);
  const nulls = rows.filter(({ found }) => found.null !== null);
  const noisy = rows.filter(({ found }) => found.noise !== null);
  const [least, most] = [(row: HeadRow) => row.others!.low, (row: HeadRow) => row.others!.high];
  const [below, above] = [
    (row: HeadRow) => value(row) - row.found.noise!,
    (row: HeadRow) => value(row) + row.found.noise!,
  ];
  const ink = { stroke: "currentColor" };
  return [
    Plot.ruleX(nulls, { x: ({ found }: HeadRow) => found.null, ...upright, stroke: colour, strokeOpacity: 0.8 }),
    Plot.ruleY(compared, { y: "at", x1: least, x2: most, ...ink, strokeOpacity: 0.25, strokeWidth: 3 }),
    Plot.ruleX(compared, {
      ...{ x: ({ others }: HeadRow) => others!.median, ...upright },
      ...{ ...ink, strokeOpacity: 0.75, strokeWidth: 1.6 },
    }),
    Plot.ruleY(noisy, { y: "at", x1: below, x2: above, stroke: colour, strokeOpacity: 0.4, strokeWidth: 3 }),
    Plot.dot(rows, { x: value, y: "at", fill: colour, r: 3, symbol: relationSymbol.rga, title: words }),
  ];
}

function words({ called, found, others }: HeadRow): string {
  const compared = others ? `, with the ${others.count} other heads ${others.median.toFixed(3)}` : "";
  return `${valueWords(`${visibleText(called)} RGA`, found)}${compared}`;
}

/** Heads laid out from the top, `step` pixels apart, grouped by layer. */
function bandsOf(
  what: string,
  rows: readonly DepthRow[],
  step: number,
  baseline?: ReadonlyMap<string, OtherHeads>,
): Band[] {
  const groups = [...byHeadLayer(rows, ({ layer }) => layer)];
  const names = groups.map(([name]) => name);
  const labels = what === "blocks" ? layerLabels(names, labelLength) : layerLabels(attentionNames(names), labelLength);
  const called = layerNames(rows.map(({ layer, kind }) => ({ name: layer, kind })));
  let from = gap / 2;
  return groups.map(([name, heads], index): Band => {
    const to = from + Math.max(leastBand, heads.length * step);
    const first = (from + to - (heads.length - 1) * step) / 2;
    const placed = heads.map((row, k) => ({
      ...row,
      at: first + k * step,
      ...{ others: baseline?.get(row.layer), called: called.get(row.layer) ?? row.layer },
    }));
    const band = { name, label: labels[index]!, rows: placed, from, to };
    from = to + gap;
    return band;
  });
}
