/**
 * @file Figure: the change of the charges of every pair between measurements, against the prediction from noise, mean
 * gradients and decay, and the error of the prediction (theory.md Eq. 124).
 */
import * as Plot from "@observablehq/plot";
import { isHiddenByRounding } from "../measure/network/pairDrift.ts";
import type { PairDrift } from "../measure/network/pairs.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { centred, logarithmicAxis, titleText } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { type Figure, makeFigure } from "./figure.ts";
import { legendPanel } from "./legend.ts";
import { type PairSeries, pairLegend, pairSeries } from "./pairSeries.ts";
import { plotPanel } from "./plotPanel.ts";
import { stepAxis } from "./stepAxis.ts";

interface Row {
  readonly step: number;
  readonly since: NonNullable<PairDrift["since"]>;
  readonly head: number | undefined;
  readonly pair: PairSeries;
  /** Whether float32 rounding of the weights alone could explain the change. */
  readonly rounded: boolean;
}

const size = { width: 400, height: 280, marginTop: 34, marginLeft: 62, marginRight: 14, marginBottom: 40 } as const;

/** Draws both panels; undefined where no change has a prediction. csv: one row per step, pair and head */
export function chargeDrift(snapshots: readonly Snapshot[]): Figure | undefined {
  const all = pairSeries(snapshots);
  const rows = all.flatMap((pair) =>
    pair.steps.flatMap(({ step, group }) =>
      group.pairs.flatMap(({ head, drift: { since } }): Row[] =>
        since === null ? [] : [{ step, since, head, pair, rounded: isHiddenByRounding(since) }],
      ),
    ),
  );
  const drawn = rows.filter(({ since }) => (since.predicted?.norm ?? 0) > 0 && since.measured.norm > 0);
  if (drawn.length === 0) return undefined;
  const csv = toCsv(
    [
      ...["step", "since", "first", "second", "through", "head", "measured", "predicted", "measuredSum"],
      ...["predictedSum", "error", "rounding"],
    ],
    rows.map(({ step, since: { step: from, measured, predicted, error, rounding }, head, pair }) => {
      const { first, second, through } = pair.steps[0]!.group;
      return [
        ...[step, from, first, second, through, head, measured.norm, predicted?.norm, measured.sum, predicted?.sum],
        ...[error, rounding],
      ];
    }),
  );
  const legend = legendPanel(
    [
      ...pairLegend(all),
      ...(drawn.some(({ rounded }) => rounded)
        ? [{ text: "hidden by rounding", colour: "currentColor", samples: ["ring"] as const }]
        : []),
      { text: "rounding over change", colour: "currentColor", samples: ["dashed"] },
    ],
    830,
  );
  return makeFigure([changePanel(drawn), missPanel(all, drawn)], csv, { columns: 2, legend });
}

const colour = ({ pair }: Row) => pair.colour;
const logOf = (value: number) => Math.log10(value);

/** Measured against predicted change, both as norms, with the line of equality. */
function changePanel(rows: readonly Row[]) {
  const [x, y] = [
    (row: Row) => logOf(row.since.predicted!.norm),
    (row: Row) => logOf(row.since.measured.norm),
  ] as const;
  const ends = span(rows.flatMap((row) => [x(row), y(row)]));
  const marks = (own: readonly Row[], hollow: boolean) =>
    Plot.dot(own, {
      x,
      y,
      r: 2.8,
      ...(hollow ? { stroke: colour, strokeWidth: 1.3 } : { fill: colour }),
      title: words,
    });
  return plotPanel(
    "Change of the charges since the previous measurement, measured against predicted",
    {
      ...size,
      x: { ...logarithmicAxis(ends, 5), label: "predicted change, norm", ...centred },
      y: { ...logarithmicAxis(ends, 5), label: "measured change, norm", ...centred },
      marks: [
        titleText("Change of the charges", -56, -30),
        Plot.line([ends, ends].map((_, i) => [ends[i]!, ends[i]!]) as [number, number][], {
          stroke: "currentColor",
          strokeOpacity: 0.45,
        }),
        marks(
          rows.filter(({ rounded }) => !rounded),
          false,
        ),
        marks(
          rows.filter(({ rounded }) => rounded),
          true,
        ),
      ],
    },
    { powers: "xy" },
  );
}

/** Error of the prediction as a share of the change, over steps; dashed: the share that rounding alone would cause. */
function missPanel(all: readonly PairSeries[], rows: readonly Row[]) {
  const missed = rows.filter(({ since, head }) => (since.error ?? 0) > 0 && (head ?? 0) === 0);
  const share = (row: Row) => logOf(row.since.rounding / row.since.measured.norm);
  const error = (row: Row) => logOf(row.since.error!);
  const values = missed.flatMap((row) => [error(row), share(row)]).map((value) => Math.max(-5, value));
  const domain = span(values.length > 0 ? values : [-2, 0]);
  return plotPanel(
    "Error of the prediction over training steps",
    {
      ...size,
      x: stepAxis(
        rows.map(({ step }) => step),
        5,
      ),
      y: { ...logarithmicAxis(domain, 6), label: "|predicted − measured| / |measured|", clamp: true, ...centred },
      marks: [
        titleText("Error of the prediction", -56, -30),
        Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.5 }),
        ...all.flatMap((pair) => {
          const own = missed.filter((row) => row.pair === pair);
          return [
            Plot.lineY(own, {
              ...{ x: "step", y: share, stroke: pair.colour, strokeDasharray: "4,3", strokeWidth: 1 },
              ...{ strokeOpacity: 0.7, ariaLabel: () => `rounding of ${pair.name}` },
            }),
            Plot.lineY(own, { x: "step", y: error, stroke: pair.colour, strokeWidth: 1.7, ariaLabel: () => pair.name }),
          ];
        }),
      ],
    },
    { along: "x", powers: "y" },
  );
}

function words({ step, since, pair, head }: Row): string {
  return `${pair.name}${head === undefined ? "" : ` head ${head}`}, steps ${since.step} to ${step}`;
}

function span(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = 0.06 * (high - low || 1);
  return [low - room, high + room];
}
