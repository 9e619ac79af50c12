/** @file Study twopoint/4: a zero and a one of MNIST, followed while a network learns all 60,000 images (Fig. 4). */
import { charts } from "../../figures/charts.ts";
import { finalDeviation, fitWatched, watched } from "../fits.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { Study } from "../study.ts";
import { paper } from "./source.ts";
import { r2Words, trajectoryChart, trajectoryLegend } from "./trajectoryCharts.ts";

const FIGURE = "Fig. 4";

export const mnistPairStudy: Study = {
  name: "twopoint/4",
  title: "A zero and a one of MNIST",
  source: paper(FIGURE),
  statement:
    "In a network that learns 60,000 images, two of them move apart as two points alone would: the same equations " +
    "describe them.",
  needsData: "MNIST",
  runs: (size) =>
    overEach(
      { label: "0 and 1", setting: "twopoint-mnist", ...(size === "small" ? { preset: "short" } : {}) },
      seeds(size, { small: 1, paper: 5 }),
    ),
  evaluate(done, { size }) {
    const all = done.flatMap((run) => {
      const seen = watched(run);
      return seen === undefined ? [] : [{ run, seen, fit: fitWatched(seen) }];
    });
    const smaller = size === "small" ? "40 epochs instead of the paper's 200" : undefined;
    const letters = { dh2: "H", dy2: "Y", w: "w" } as const;
    const limits = { dh2: 0.8, dy2: 0.8, w: 0.5 } as const;
    const rows = (["dh2", "dy2", "w"] as const).map((name) =>
      scored({
        figure: FIGURE,
        name: `R² of ${letters[name]}`,
        statement: `the equations describe ${letters[name]} of two images among many`,
        measured: "R² at the third hidden layer, with the measured start and two fitted rates",
        values: all.map(({ fit }) => fit.r2[name]),
        least: limits[name],
        why: "chosen: lower than for two points alone, because other images pull too; w, a difference, fits worst",
        smaller,
      }),
    );
    return {
      figures: [
        {
          name: "trajectories",
          caption: "H, Y and w of the pair over training, measured and from the fitted equations.",
          figure: charts(
            all.map(({ run, seen, fit }) => trajectoryChart(run.label, seen, fit)),
            { columns: Math.min(3, Math.max(1, all.length)), legend: trajectoryLegend, width: 380, height: 250 },
          ),
        },
      ],
      claims: [
        ...rows,
        scored({
          figure: FIGURE,
          name: "final distance",
          statement: "the two images end as far apart as the rates and the start predict",
          measured: "last H over H_inf from the fitted rates (Eq. 95), minus one",
          values: all.map(({ fit }) => finalDeviation(fit)),
          least: -0.2,
          most: 0.2,
          why: "chosen: twice the limit for two points alone in the networks that the equations describe less well",
          format: percentOf,
          smaller,
        }),
      ],
      notes: all.map(
        ({ run, seen, fit }) =>
          `${run.label}: R² of ${r2Words(fit)}; squared distance of the images ` +
          `${seen.pair.dx2.toPrecision(4)} in normalised pixels.`,
      ),
    };
  },
};
