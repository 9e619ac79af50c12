/**
 * @file Study twopoint/2: the equations describe two points in networks of many kinds (Fig. 2 of van Rossem & Saxe).
 */
import { charts } from "../../figures/charts.ts";
import { familyOf, finalDeviation, fitWatched, grouped, watched } from "../fits.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { ScoreRow, StudiedRun, Study } from "../study.ts";
import { paper, presetOf } from "./source.ts";
import { leastR2, r2Words, trajectoryChart, trajectoryLegend } from "./trajectoryCharts.ts";

/** By preset: how far the final distance may lie from the formula's; undefined if it is not judged. */
const architectures: Readonly<Record<string, number | undefined>> = {
  default: 0.05,
  "4x100": 0.05,
  shallow: 0.05,
  narrow: 0.05,
  relu: 0.05,
  linear: 0.1,
  tanh: 0.1,
  skip: 0.1,
  cnn: 0.1,
  elu: undefined,
  silu: undefined,
  dropout: undefined,
  adam: undefined,
  "two-layer-linear": undefined,
};

export const architectureStudy: Study = {
  name: "twopoint/2",
  title: "Two points in networks of many kinds",
  source: paper("Fig. 2"),
  statement:
    "Three equations with two fitted rates describe how the representations and the outputs of two points move apart " +
    "while a network learns them, whatever its depth, width, activation and kind.",
  runs: (size) =>
    Object.keys(architectures).flatMap((name) =>
      overEach({ label: name, setting: "twopoint", ...presetOf(name) }, seeds(size, { small: 1, paper: 5 })),
    ),
  evaluate(done) {
    const families = [...grouped(done, familyOf)].map(([name, runs]) => [name, fitted(runs)] as const);
    return {
      figures: [
        {
          name: "trajectories",
          caption:
            "H, Y and w of two points over training, measured and by the fitted equations; the first seed " +
            "of each network.",
          figure: charts(
            families.flatMap(([name, all]) => all.slice(0, 1).map(({ seen, fit }) => trajectoryChart(name, seen, fit))),
            { legend: trajectoryLegend },
          ),
        },
      ],
      claims: families.flatMap(([name, all]) => rows(name, all)),
      notes: families.flatMap(([name, all]) =>
        all.flatMap(({ seed, fit }) => (fit.doubt === null ? [] : [`${name}, seed ${seed}: ${fit.doubt}`])),
      ),
    };
  },
};

type Fitted = ReturnType<typeof fitted>[number];

function fitted(runs: readonly StudiedRun[]) {
  return runs.flatMap((run) => {
    const seen = watched(run);
    return seen === undefined ? [] : [{ seed: run.seed, seen, fit: fitWatched(seen) }];
  });
}

function rows(name: string, all: readonly Fitted[]): ScoreRow[] {
  const first = all[0];
  const within = architectures[name];
  const follows = scored({
    figure: "Fig. 2",
    name: `${name}: R² of H, Y, w`,
    statement: `the equations follow two points in the network ${name}`,
    measured:
      "the smallest of the three R² at the layer of the authors' table, with the measured start and two fitted rates",
    values: all.map(({ fit }) => leastR2(fit)),
    least: 0.7,
    why: "in an independent implementation the authors' networks reach at least 0.74 (w, tanh)",
    ...(first && { beside: r2Words(first.fit) }),
  });
  if (within === undefined) return [follows];
  return [
    follows,
    finalDistanceRow(
      name,
      all.map(({ fit }) => finalDeviation(fit)),
      within,
    ),
  ];
}

/** Whether the representations end as far apart as the formula predicts. */
export function finalDistanceRow(name: string, values: readonly (number | null)[], within: number): ScoreRow {
  return scored({
    figure: "Fig. 2",
    name: `${name}: final distance`,
    statement: `the two representations of the network ${name} end as far apart as the rates and the start predict`,
    measured: "last H over H_inf from the fitted rates (Eq. 95), minus one",
    values,
    least: -within,
    most: within,
    why:
      `${within < 0.1 ? "a network that the equations follow well" : "one that they follow less well"}: ` +
      "chosen from runs of an independent implementation",
    format: percentOf,
  });
}
