/**
 * @file Figure: a measure of many runs over two of their parameters at once. A cell shows the median of its runs, as a
 * number and as a colour, and the number of runs; one panel for each value of further parameters.
 */
import * as Plot from "@observablehq/plot";
import { centred, plainNumber, titleText } from "./axes.ts";
import { type Cell, toCsv } from "./csv.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { legendPanel } from "./legend.ts";
import { depthColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";
import { called, different, type SweepDot, shown } from "./sweepCurves.ts";

/** One group of runs. */
export interface HeatCell extends SweepDot {
  readonly heat: SweepDot["x"];
}

export interface SweepHeatOptions {
  readonly x: string;
  readonly heat: string;
  /** What the colour shows. */
  readonly label: string;
  readonly by?: string | undefined;
  readonly group?: string | undefined;
  /** How the number of one run was obtained, where it is not the measure itself. */
  readonly note?: string | undefined;
}

const cellWidth = 62;
const cellHeight = 40;
const margins = { marginTop: 34, marginLeft: 84, marginBottom: 44, marginRight: 12 };
/** chosen: pixels that the text of the legend needs. */
const LEGEND = 540;
/** chosen: steps of the colour scale. */
const SHADES = 256;

/** A cell as drawn. */
interface Drawn {
  readonly x: string;
  readonly y: string;
  readonly text: string;
  readonly below: string;
  readonly fill: string;
  readonly ink: string;
}

/**
 * Draws heat maps with one common colour scale.
 *
 * @param cells in the order of groups, panels, rows and columns
 * @returns csv: group,by,<heat>,<x>,n,median,low,high
 */
export function sweepHeat(cells: readonly HeatCell[], { x, heat, label, by, group, note }: SweepHeatOptions): Figure {
  const medians = cells.map(({ median }) => median);
  const [least, most] = [Math.min(...medians), Math.max(...medians)];
  const drawn = (cell: HeatCell): Drawn => {
    const share = most > least ? (cell.median - least) / (most - least) : 0;
    const { fill, text } = depthColour(Math.round(share * (SHADES - 1)), SHADES);
    return {
      ...{ x: shown(cell.x), y: shown(cell.heat), fill, ink: text },
      ...{ text: plainNumber(Number(cell.median.toPrecision(3))), below: `n ${cell.n}` },
    };
  };
  const [columns, rows] = [different(cells.map((cell) => cell.x)), different(cells.map((cell) => cell.heat))];
  const panels = different(cells.map((cell) => cell.group)).flatMap((ofGroup) =>
    different(cells.map((cell) => cell.by)).flatMap((ofBy): Panel[] => {
      const own = cells.filter((cell) => cell.group === ofGroup && cell.by === ofBy);
      if (own.length === 0) return [];
      const title = [
        ...(group === undefined ? [] : [called(group, ofGroup)]),
        ...(by === undefined ? [] : [called(by, ofBy)]),
      ].join(", ");
      return [heatPanel(own.map(drawn), { title, x, heat, columns: columns.map(shown), rows: rows.map(shown) })];
    }),
  );
  const range = `median of runs, ${label}: ${plainNumber(least)} (first colour) to ${plainNumber(most)} (last)`;
  const width = Math.max(LEGEND, (panels[0]?.width ?? 0) * Math.min(2, panels.length));
  return makeFigure(
    panels,
    toCsv(
      [group ?? "group", by ?? "by", heat, x, "n", "median", "low", "high"],
      cells.map((cell) => [
        ...[cell.group, cell.by, cell.heat, cell.x].map((value): Cell => (value === null ? null : String(value))),
        ...[cell.n, cell.median, cell.low, cell.high],
      ]),
    ),
    {
      columns: Math.min(2, panels.length),
      legend: legendPanel(
        [
          { text: range, colour: "currentColor", samples: ["ramp"] },
          ...(note === undefined ? [] : [{ text: note, colour: "currentColor", samples: [] }]),
        ],
        width,
      ),
    },
  );
}

interface PanelWords {
  readonly title: string;
  readonly x: string;
  readonly heat: string;
  readonly columns: readonly string[];
  readonly rows: readonly string[];
}

function heatPanel(cells: readonly Drawn[], { title, x, heat, columns, rows }: PanelWords): Panel {
  const place = { x: "x", y: "y" } as const;
  const words = `${title === "" ? "" : `${title}: `}${cells.map((cell) => `${x} ${cell.x}, ${heat} ${cell.y}: ${cell.text}, ${cell.below}`).join("; ")}`;
  return plotPanel(words, {
    width: margins.marginLeft + margins.marginRight + cellWidth * columns.length,
    height: margins.marginTop + margins.marginBottom + cellHeight * rows.length,
    ...margins,
    x: { ...centred, type: "band", domain: [...columns], label: x, padding: 0.04 },
    y: { ...centred, type: "band", domain: [...rows].reverse(), label: heat, padding: 0.06 },
    marks: [
      titleText(title, -margins.marginLeft + 4, -28),
      Plot.cell(cells, { ...place, fill: (cell: Drawn) => cell.fill }),
      Plot.text(cells, { ...place, text: "text", fill: (cell: Drawn) => cell.ink, fontWeight: 650, dy: -6 }),
      Plot.text(cells, { ...place, text: "below", fill: (cell: Drawn) => cell.ink, fontSize: 10, dy: 9 }),
    ],
  });
}
