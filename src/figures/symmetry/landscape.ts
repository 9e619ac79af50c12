/**
 * @file Figure: a loss with a symmetry under a penalty (theory.md Eqs. 100, 101, 103): its contour lines with the
 * minima, the section along which the symmetry breaks, and the parameters at the minimum against the penalty.
 */
import * as Plot from "@observablehq/plot";
import { centred, halo, plainNumber, titleText } from "../axes.ts";
import { toCsv } from "../csv.ts";
import { type Figure, makeFigure, type Panel } from "../figure.ts";
import { legendPanel } from "../legend.ts";
import { matrixColour, relationColour } from "../palette.ts";
import { plotPanel } from "../plotPanel.ts";

export interface LandscapeDrawn {
  /** Loss at a penalty over the plane of two parameters, or over one parameter with the second fixed at 0. */
  loss(u: number, w: number): number;
  readonly minima: readonly (readonly [number, number])[];
  readonly direction: readonly [number, number];
  readonly parameters: 1 | 2;
  readonly penalty: number;
  readonly critical: number;
  /** The quantity at the minimum: its symbol, and its value for penalties from 0 to `penalties.at(-1)`. */
  readonly value: { readonly name: string; readonly at: (penalty: number) => number };
}

/** chosen: half width of the drawn range; the minima without penalty are at 1 at most. */
const REACH = 1.6;
const size = { width: 280, height: 266, marginTop: 40, marginBottom: 46, marginLeft: 48, marginRight: 10 } as const;
const minimum = { fill: relationColour.rwa, r: 5, stroke: "var(--ground, #ffffff)", strokeWidth: 1.5 } as const;

/** Draws the panels. csv: along, loss on the section; then penalty and value. */
export function landscapeFigure(drawn: LandscapeDrawn): Figure {
  const { critical, penalty } = drawn;
  const along = Array.from({ length: 161 }, (_, i) => -REACH + (2 * REACH * i) / 160);
  const [du, dw] = drawn.direction;
  const cut = along.map((t) => ({ t, loss: drawn.loss(t * du, t * dw) }));
  const penalties = Array.from({ length: 81 }, (_, i) => (2 * critical * i) / 80);
  const values = penalties.map((gamma) => ({ gamma, value: drawn.value.at(gamma) }));
  const panels = [...(drawn.parameters === 2 ? [levels(drawn)] : []), cutPanel(drawn, cut), valuePanel(drawn, values)];
  const legend = legendPanel([
    {
      text: penalty < critical ? "minima" : "the minimum, the symmetric point",
      colour: relationColour.rwa,
      samples: ["dot"],
    },
    { text: "γ now", colour: "currentColor", samples: ["line"] },
    { text: "critical γ", colour: "currentColor", samples: ["dashed"] },
  ]);
  const csv = toCsv(
    ["of", "at", "value"],
    [
      ...cut.map(({ t, loss }) => ["loss", t, loss]),
      ...values.map(({ gamma, value }) => [drawn.value.name, gamma, value]),
    ],
  );
  return makeFigure(panels, csv, { columns: 3, legend });
}

function levels({ loss, minima, direction, penalty }: LandscapeDrawn): Panel {
  const least = minima.map(([u, w]) => loss(u, w)).reduce((x, y) => Math.min(x, y));
  const steps = [0.02, 0.08, 0.2, 0.4, 0.8, 1.5, 3, 6].map((above) => least + above);
  return plotPanel(`Level lines of the loss at penalty ${plainNumber(penalty)}`, {
    ...size,
    x: { domain: [-REACH, REACH], ticks: 4, label: "u", ...centred },
    y: { domain: [-REACH, REACH], ticks: 4, label: "w", ...centred },
    marks: [
      titleText("The loss over u and w", -44, -34),
      Plot.contour({
        ...{ x1: -REACH, x2: REACH, y1: -REACH, y2: REACH, pixelSize: 4, thresholds: steps },
        value: (u: number, w: number) => loss(u, w),
        ...{ fill: matrixColour.H, fillOpacity: 0.07, stroke: matrixColour.H, strokeOpacity: 0.4, strokeWidth: 0.8 },
      }),
      Plot.line([-REACH, REACH].map((t) => [t * direction[0] * 1.3, t * direction[1] * 1.3] as const).map(clipped), {
        stroke: "currentColor",
        strokeOpacity: 0.35,
        strokeDasharray: "2,3",
      }),
      Plot.dot([[0, 0]], { stroke: "currentColor", r: 4 }),
      Plot.dot(minima as [number, number][], minimum),
    ],
  });
}

const clipped = ([u, w]: readonly [number, number]): [number, number] => {
  const most = Math.max(Math.abs(u), Math.abs(w), REACH);
  return [(u * REACH) / most, (w * REACH) / most];
};

function cutPanel(
  { loss, minima, direction, penalty, parameters }: LandscapeDrawn,
  cut: readonly { t: number; loss: number }[],
): Panel {
  const where = parameters === 1 ? "over w" : "along the dotted line";
  const high = Math.max(loss(0, 0) * 1.6, 1.2);
  const marks = minima.map(([u, w]) => ({ t: u * direction[0] + w * direction[1], loss: loss(u, w) }));
  return plotPanel(
    `The loss ${where} at penalty ${plainNumber(penalty)}`,
    {
      ...size,
      x: { domain: [-REACH, REACH], ticks: 4, label: where, ...centred },
      y: { domain: [0, high], ticks: 5, tickFormat: plainNumber, grid: true, label: null },
      marks: [
        titleText("The loss where the symmetry breaks", -44, -34),
        Plot.lineY(
          cut.filter((one) => one.loss <= high),
          { x: "t", y: "loss", stroke: matrixColour.H, strokeWidth: 1.8, ariaLabel: () => "loss" },
        ),
        Plot.dot(marks, { x: "t", y: "loss", ...minimum }),
      ],
    },
    { x: where, y: "loss", along: "x" },
  );
}

function valuePanel(
  { critical, penalty, value }: LandscapeDrawn,
  values: readonly { gamma: number; value: number }[],
): Panel {
  return plotPanel(
    `${value.name} at the minimum over the penalty; critical at ${plainNumber(critical)}`,
    {
      ...size,
      x: { domain: [0, 2 * critical], ticks: 4, tickFormat: plainNumber, label: "penalty γ", ...centred },
      y: { domain: [0, 1.08 * Math.max(...values.map((one) => one.value))], ticks: 5, grid: true, label: null },
      marks: [
        titleText(`${value.name} at the minimum`, -44, -34),
        Plot.ruleX([critical], { stroke: "currentColor", strokeOpacity: 0.6, strokeDasharray: "5,4" }),
        Plot.text([critical], {
          ...{ x: (gamma: number) => gamma, frameAnchor: "top" as const, dx: 6, dy: 4, textAnchor: "start" as const },
          ...{ lineAnchor: "top" as const, text: () => `critical, ${plainNumber(critical)}`, fontSize: 11, ...halo },
          ...{ fill: "currentColor" },
        }),
        Plot.ruleX([penalty], { stroke: "currentColor" }),
        Plot.lineY(values, {
          x: "gamma",
          y: "value",
          stroke: matrixColour.H,
          strokeWidth: 1.8,
          ariaLabel: () => value.name,
        }),
        Plot.dot([{ gamma: penalty, value: value.at(penalty) }], { x: "gamma", y: "value", ...minimum }),
      ],
    },
    { x: "γ", y: value.name, along: "x" },
  );
}
