/**
 * @file Figure: the phase of every layer at every measurement, layers in order of execution against steps (theory.md
 * Eqs. 52, 87). A cell is divided by the shares of its draws among the rows of the table; draws of no row leave it
 * empty. The label is bold where it is strict.
 */
import * as Plot from "@observablehq/plot";
import type { LayerPhase } from "../measure/phase/layerPhase.ts";
import { phaseTable } from "../measure/phase/phaseTable.ts";
import { leadingRows } from "../measure/phase/rowWeights.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { layerNames } from "./alignmentSeries.ts";
import { centred } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { type Figure, makeFigure } from "./figure.ts";
import { labelWidth, layerLabels } from "./layerLabels.ts";
import { plotPanel } from "./plotPanel.ts";
import { formatStep } from "./stepAxis.ts";

interface Cell {
  readonly step: number;
  readonly layer: string;
  readonly label: string;
  readonly shares: readonly (readonly [row: string, share: number])[];
}

/** A part of a cell, in units of cells from the left edge. */
interface Part {
  readonly layer: string;
  readonly row: string;
  readonly share: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Hues of Okabe and Ito for the rows in which layers of llm are found, tints of them for the others; undecided and none
 * have no colour.
 */
const colours: Readonly<Record<string, string>> = {
  crh: "#f0e442",
  b: "#56b4e9",
  f: "#e69f00",
  1: "#c7b8e6",
  2: "#b7d7f0",
  3: "#b9e3d2",
  4: "#f3c6a5",
  5: "#0072b2",
  6: "#d55e00",
  7: "#e8b7d0",
  8: "#009e73",
  9: "#cc79a7",
};
const onDark = new Set(["5", "6", "8"]);

/** chosen: most measurements drawn; more are thinned evenly. */
const mostSteps = 24;
/** Pixels per row; fewer for many layers, so that 120 of them fit a page. */
const rowHeight = (layers: number) => (layers > 40 ? 14 : 22);
const cellWidth = 34;
/** Gap on either side of a cell, in cells. */
const gap = 0.04;
/** chosen: a row with at least this share of the draws is named. */
const mostOf = 0.5;

/**
 * @returns undefined where no layer has a phase, or there is only one measurement. csv: every layer and step; scores
 *   are in the snapshots
 */
export function phaseMap(snapshots: readonly Snapshot[]): Figure | undefined {
  const ordered = snapshots.toSorted((x, y) => x.step - y.step);
  const all = measuredPhases(ordered);
  const steps = [...new Set(all.map(({ step }) => step))];
  if (steps.length < 2) return undefined;
  const kept = spaced(steps);
  const known = new Set(all.map(({ layer }) => layer));
  const layers = layerNames(ordered).filter((name) => known.has(name));
  const cells: Cell[] = all.filter(({ step }) => kept.includes(step));
  const labels = layerLabels(layers, 32);
  const left = labelWidth(labels);
  const short = new Set(kept.map(formatStep));
  const at = ({ step }: Cell) => kept.indexOf(step);
  const panel = plotPanel("The phase of every layer over training steps", {
    width: left + 10 + kept.length * cellWidth,
    height: 66 + layers.length * rowHeight(layers.length),
    marginTop: 8,
    marginLeft: left,
    marginBottom: 46,
    marginRight: 8,
    x: {
      domain: [0, kept.length],
      ticks: kept.map((_, i) => i + 0.5),
      tickFormat: (x: number) => tickText(kept[Math.floor(x)]!, short.size === kept.length),
      tickSize: 0,
      label: "step",
      ...centred,
      tickRotate: -40,
    },
    y: { type: "band", domain: layers, axis: null, padding: 0.08 },
    marks: [
      Plot.axisY({ tickFormat: (_: string, index: number) => labels[index]!, tickSize: 0, fontSize: 11, label: null }),
      ...cellMarks(cells, at),
    ],
  });
  return makeFigure([panel], csvOf(all));
}

interface MeasuredPhase extends Cell {
  readonly paper: LayerPhase["label"];
  readonly of: LayerPhase;
}

function measuredPhases(ordered: readonly Snapshot[]): MeasuredPhase[] {
  return ordered.flatMap(({ step, layers }) =>
    layers.flatMap(({ name, phase }) =>
      phase
        ? [{ step, layer: name, label: phase.label, paper: phase.paper.label, shares: sharesOf(phase), of: phase }]
        : [],
    ),
  );
}

/** Shares of the rows in colour, the frames of the cells, and labels. @param at index of the column of a cell */
function cellMarks(cells: readonly Cell[], at: (cell: Cell) => number): Plot.Markish[] {
  const parts = cells.flatMap((cell) => partsOf(cell, at(cell)));
  const labelled = cells.flatMap((cell) => {
    const text = cellLabel(cell);
    return text === undefined ? [] : [{ ...cell, ...text, x: at(cell) + 0.5 }];
  });
  return [
    Plot.barX(parts, {
      x1: "from",
      x2: "to",
      y: "layer",
      fill: ({ row }: Part) => colours[row] ?? "none",
    }),
    Plot.barX(cells, {
      x1: (cell: Cell) => at(cell) + gap,
      x2: (cell: Cell) => at(cell) + 1 - gap,
      y: "layer",
      fill: "none",
      stroke: "currentColor",
      strokeOpacity: 0.25,
      title: ({ layer, step, label, shares }: Cell) =>
        `${layer}, step ${step}: ${label}; ${shares.map(([row, share]) => `${row} ${Math.round(100 * share)} %`).join(", ")}`,
    }),
    ...[true, false].map((strict) =>
      Plot.text(
        labelled.filter((one) => one.strict === strict),
        { x: "x", y: "layer", text: "text", fill: "fill", fontWeight: strict ? 700 : 400, fontSize: 11 },
      ),
    ),
  ];
}

const rowNames = [...phaseTable.map(({ label }) => label), "no row"] as const;

function csvOf(all: readonly MeasuredPhase[]): string {
  return toCsv(
    ["step", "layer", "phase", "phasePaper", ...rowNames],
    all.map(({ step, layer, label, paper, of }) => [
      step,
      layer,
      label,
      paper,
      ...rowNames.map((row) => of.weights?.[row] ?? null),
    ]),
  );
}

/** The rows with their shares; for a record without shares, the label alone. */
function sharesOf({ label, weights }: LayerPhase): Cell["shares"] {
  if (weights === undefined) return colours[label] ? [[label, 1]] : [];
  return leadingRows(weights);
}

function partsOf({ layer, shares }: Cell, at: number): Part[] {
  let from = at + gap;
  return shares.map(([row, share]) => {
    const part = { layer, row, share, from, to: from + share * (1 - 2 * gap) };
    from = part.to;
    return part;
  });
}

/**
 * The label in a cell: bold if strict, else the row with most of the draws, in grey; empty if that is no row.
 */
function cellLabel({ label, shares }: Cell): { text: string; fill: string; strict: boolean } | undefined {
  const on = (row: string) => (onDark.has(row) ? "#ffffff" : "#16191d");
  if (colours[label]) return { text: label, fill: shares[0]?.[0] === label ? on(label) : "currentColor", strict: true };
  const [first] = shares;
  return first && first[0] !== "no row" && first[1] >= mostOf
    ? { text: first[0], fill: on(first[0]), strict: false }
    : undefined;
}

function tickText(step: number, isShort: boolean): string {
  return isShort ? formatStep(step) : String(step);
}

function spaced(steps: readonly number[]): number[] {
  if (steps.length <= mostSteps) return [...steps];
  return Array.from({ length: mostSteps }, (_, i) => steps[Math.round((i * (steps.length - 1)) / (mostSteps - 1))]!);
}
