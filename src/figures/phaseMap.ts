/**
 * @file Figure: the phase of every layer at every measurement, layers in order of execution against steps (theory.md Eq. 52).
 */
import * as Plot from "@observablehq/plot";
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
}

/** Hues of Okabe and Ito for the rows that llm layers are found in, tints of them for the others; undecided and none are no colours. */
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

/** chosen: measurements drawn; of more, so many are taken at even distances. */
const mostSteps = 24;
/** Pixels of a row; of many layers less, so that 120 of them are a page high. */
const rowHeight = (layers: number) => (layers > 40 ? 14 : 22);
const cellWidth = 34;

/** @returns undefined where no layer has a phase, or there is one measurement. csv: every layer and step, scores in the snapshots */
export function phaseMap(snapshots: readonly Snapshot[]): Figure | undefined {
  const ordered = snapshots.toSorted((x, y) => x.step - y.step);
  const all = ordered.flatMap(({ step, layers }) =>
    layers.flatMap(({ name, phase }) =>
      phase ? [{ step, layer: name, label: phase.label, paper: phase.paper.label }] : [],
    ),
  );
  const steps = [...new Set(all.map(({ step }) => step))];
  if (steps.length < 2) return undefined;
  const kept = new Set(spaced(steps));
  const known = new Set(all.map(({ layer }) => layer));
  const layers = layerNames(ordered).filter((name) => known.has(name));
  const cells: Cell[] = all.filter(({ step }) => kept.has(step));
  const labels = layerLabels(layers, 32);
  const left = labelWidth(labels);
  const short = new Set([...kept].map(formatStep));
  const panel = plotPanel("The phase of every layer over training steps", {
    width: left + 10 + kept.size * cellWidth,
    height: 66 + layers.length * rowHeight(layers.length),
    marginTop: 8,
    marginLeft: left,
    marginBottom: 46,
    marginRight: 8,
    padding: 0.06,
    x: {
      type: "band",
      domain: [...kept],
      tickFormat: short.size === kept.size ? formatStep : String,
      label: "step",
      ...centred,
      tickRotate: -40,
    },
    y: { type: "band", domain: layers, axis: null },
    marks: [
      Plot.axisY({ tickFormat: (_: string, index: number) => labels[index]!, tickSize: 0, fontSize: 11, label: null }),
      Plot.cell(cells, {
        x: "step",
        y: "layer",
        fill: ({ label }: Cell) => colours[label] ?? "none",
        stroke: "currentColor",
        strokeOpacity: ({ label }: Cell) => (colours[label] ? 0 : 0.25),
      }),
      Plot.text(cells, {
        x: "step",
        y: "layer",
        text: ({ label }: Cell) => (label === "undecided" ? "?" : label === "none" ? "–" : label),
        fill: ({ label }: Cell) =>
          colours[label] === undefined ? "currentColor" : onDark.has(label) ? "#ffffff" : "#16191d",
        fillOpacity: ({ label }: Cell) => (colours[label] === undefined ? 0.6 : 1),
        fontWeight: 600,
        fontSize: 11,
      }),
    ],
  });
  const csv = toCsv(
    ["step", "layer", "phase", "phasePaper"],
    all.map(({ step, layer, label, paper }) => [step, layer, label, paper]),
  );
  return makeFigure([panel], csv);
}

function spaced(steps: readonly number[]): number[] {
  if (steps.length <= mostSteps) return [...steps];
  return Array.from({ length: mostSteps }, (_, i) => steps[Math.round((i * (steps.length - 1)) / (mostSteps - 1))]!);
}
