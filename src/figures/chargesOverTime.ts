/**
 * @file Figure: the charges of every symmetric pair over training, one panel per pair: mean and spread over neurons, or
 * over the eigenvalues of Q for rotation (theory.md Eq. 105).
 */
import * as Plot from "@observablehq/plot";
import { chargesOf, isHeads } from "../measure/network/pairGroups.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { centred, plainNumber, titleText } from "./axes.ts";
import { significant, toCsv } from "./csv.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { legendPanel } from "./legend.ts";
import { type PairSeries, pairSeries } from "./pairSeries.ts";
import { plotPanel } from "./plotPanel.ts";
import { type StepAxis, stepAxis } from "./stepAxis.ts";

interface Row {
  readonly step: number;
  readonly count: number;
  readonly mean: number;
  /** Minimum, first decile, median, ninth decile and maximum of the charges. */
  readonly quantiles: readonly [number, number, number, number, number];
}

export interface ChargesFigureOptions {
  /** Draw pairs of two maps, or the scales of maps before a normalization. */
  readonly of?: "two-sided" | "scale";
  /** Most panels, starting with pair `from`; the table has all pairs. */
  readonly most?: number;
  readonly from?: number;
}

/**
 * Draws the charges over steps; undefined where no pair in the range has charges at two steps. csv: one row per step
 * and pair
 */
export function chargesOverTime(
  snapshots: readonly Snapshot[],
  { of = "two-sided", most = 12, from = 0 }: ChargesFigureOptions = {},
): Figure | undefined {
  const all = pairSeries(snapshots, of).map((one) => ({ one, rows: rowsOf(one) }));
  const drawn = all.filter(({ rows }) => rows.length > 1);
  if (drawn.length <= from) return undefined;
  const axis = stepAxis(
    drawn.flatMap(({ rows }) => rows.map(({ step }) => step)),
    4,
  );
  const csv = toCsv(
    ["step", "first", "second", "through", "symmetry", "charges", "sum", "least", "tenth", "half", "ninth", "most"],
    all.flatMap(({ one, rows }) => {
      const { first, second, through, symmetry } = one.steps[0]!.group;
      return rows.map(({ step, count, mean, quantiles }) => [
        ...[step, first, second, through, symmetry, count],
        ...[mean * count, ...quantiles].map((value) => significant(value, 8)),
      ]);
    }),
  );
  const legend = legendPanel(
    [
      { text: "mean", colour: "currentColor", samples: ["line"] },
      { text: "middle 80 % of the charges", colour: "currentColor", samples: ["band"] },
      { text: "least and most", colour: "currentColor", samples: ["dashed"] },
    ],
    640,
  );
  const panels = drawn.slice(from, from + most).map(({ one, rows }) => chargePanel(one, rows, axis, of));
  return makeFigure(panels, csv, { columns: 3, legend });
}

function chargePanel(
  { name, label, colour, steps }: PairSeries,
  rows: readonly Row[],
  axis: StepAxis,
  of: "two-sided" | "scale",
): Panel {
  const { group } = steps[0]!;
  const unit = of === "scale" ? "|w|²" : group.symmetry === "rotation" ? "eigenvalues of Q" : "in² − out²";
  const values = rows.flatMap(({ quantiles }) => [...quantiles]);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = 0.05 * (high - low || 1);
  const at = { x: "step", stroke: colour } as const;
  return plotPanel(
    `Charges of ${name}${isHeads(group) ? ", all heads" : ""} over training steps`,
    {
      ...{ width: 340, height: 210, marginTop: 30, marginLeft: 64, marginRight: 12, marginBottom: 38 },
      x: axis,
      y: { domain: [low - room, high + room], ticks: 5, tickFormat: plainNumber, grid: true, label: unit, ...centred },
      marks: [
        titleText(label, -58, -26),
        Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.5 }),
        Plot.areaY(rows, {
          ...{ x: "step", y1: (row: Row) => row.quantiles[1], y2: (row: Row) => row.quantiles[3] },
          ...{ fill: colour, fillOpacity: 0.2 },
        }),
        ...([0, 4] as const).map((k) =>
          Plot.lineY(rows, {
            ...{ ...at, y: (row: Row) => row.quantiles[k], strokeDasharray: "4,3", strokeWidth: 1 },
            ariaLabel: () => (k === 0 ? "least" : "most"),
          }),
        ),
        Plot.lineY(rows, { ...at, y: "mean", strokeWidth: 2, ariaLabel: () => "mean" }),
      ],
    },
    { along: "x" },
  );
}

function rowsOf({ steps }: PairSeries): Row[] {
  return steps.flatMap(({ step, group }): Row[] => {
    const charges = group.pairs.flatMap((pair) => chargesOf(pair) ?? []).toSorted((x, y) => x - y);
    const count = charges.length;
    if (count === 0) return [];
    const at = (share: number) => {
      const place = share * (count - 1);
      const below = Math.floor(place);
      const above = Math.min(count - 1, below + 1);
      return charges[below]! + (place - below) * (charges[above]! - charges[below]!);
    };
    const mean = charges.reduce((sum, value) => sum + value, 0) / count;
    return [{ step, count, mean, quantiles: [at(0), at(0.1), at(0.5), at(0.9), at(1)] }];
  });
}
