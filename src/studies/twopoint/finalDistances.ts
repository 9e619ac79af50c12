/**
 * @file Study twopoint/5: the final distance as a function of the distances of inputs and targets, from rates fitted
 * once (Fig. 5).
 */
import { charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { brief } from "../../findings/numbers.ts";
import { median } from "../../measure/median.ts";
import { spearman } from "../correlation.ts";
import { endOf, lastLoss, meanRates, predictedEnd, watched } from "../fits.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { Study, StudyFigure, StudyRun } from "../study.ts";
import { paper } from "./source.ts";

const FIGURE = "Fig. 5";
const fiveFrom = (from: number, to: number) => [0, 1, 2, 3, 4].map((i) => from + (i * (to - from)) / 4);
/** Distances, not squared. */
const grid = { dx: fiveFrom(0.5, 1.5), dy: fiveFrom(0, 1) };
/** chosen: equal targets have a squared distance of 1e-6, since that of a pair must be above 0. */
const EQUAL = 1e-6;
/** Runs of the grid whose loss stays above this are left out, as by the authors. */
const CONVERGED = 1e-3;

export const finalDistanceStudy: Study = {
  name: "twopoint/5",
  title: "Final distances",
  source: paper(FIGURE),
  statement:
    "Rates fitted at one pair of distances predict the final distance of two representations for other distances of " +
    "inputs and targets.",
  runs(size) {
    const network = size === "small" ? { preset: "4x100" } : {};
    const slower = size === "small" ? { lr: 0.01, steps: 15_000 } : { lr: 0.002, steps: 40_000 };
    const pairs = grid.dx.flatMap((dx) => grid.dy.map((dy) => ({ dx, dy })));
    return [
      ...overEach({ label: "fit", setting: "twopoint", ...network }, seeds(size, { small: 5, paper: 50 })),
      ...pairs.map(
        ({ dx, dy }, i): StudyRun => ({
          ...{ label: `dx ${dx.toFixed(3)}, dy ${dy.toFixed(3)}`, setting: "twopoint", ...network, seed: 1000 + i },
          parameters: { ...slower, dx2: dx ** 2, dy2: Math.max(dy ** 2, EQUAL) },
        }),
      ),
    ];
  },
  evaluate(done, { size }) {
    const rates = meanRates(done.filter(({ label }) => label.startsWith("fit")));
    const seen = done.filter(({ label }) => label.startsWith("dx")).flatMap((run) => watched(run) ?? []);
    const points = seen
      .filter((one) => lastLoss(one) <= CONVERGED)
      .map((one) => ({ measured: endOf(one), predicted: (rates && predictedEnd(one, rates)) ?? null, ...one.pair }))
      .filter((point): point is typeof point & { predicted: number } => point.predicted !== null);
    const [said, found] = [points.map(({ predicted }) => predicted), points.map(({ measured }) => measured)];
    const rank = spearman(said, found);
    const error = median(points.map(({ measured, predicted }) => Math.abs(measured / predicted - 1)));
    const enough = points.length >= 10;
    const smaller = size === "small" ? "4 layers of 100 instead of 20 of 500" : undefined;
    const shared = { figure: FIGURE, counted: true, smaller };
    const beside = `${points.length} of 25 pairs`;
    return {
      figures: [scatterFigure(points)],
      claims: [
        scored({
          ...shared,
          name: "order of the distances",
          statement: "pairs with a larger predicted distance end further apart",
          measured: "rank correlation of predicted and measured final distances over pairs",
          values: [enough ? rank : null],
          least: 0.9,
          why: "chosen: the paper draws the points along the diagonal",
          beside,
        }),
        scored({
          ...shared,
          name: "size of the distances",
          statement: "the formula predicts the final distance itself",
          measured: "median over pairs of |measured / predicted − 1|",
          values: [enough ? error : null],
          most: 0.2,
          why: "chosen: a fifth, because rates are means over seeds while each pair is one network",
          format: percentOf,
          beside,
        }),
      ],
      notes: [
        rates
          ? `Mean rates of ${rates.used} fits: etaH ${brief(rates.etaH)}, etaY ${brief(rates.etaY)} per step; ` +
            "runs whose loss stays above 0.01 are left out."
          : "No fit gave rates.",
        `Of 25 pairs ${25 - points.length} are left out: not done, or with a loss that stays above ${CONVERGED}.`,

        "Equal targets have a squared distance of 1e-6. The grid is trained at a fifth of the table's rate, for a " +
          "fixed number of steps instead of until a loss is reached.",
      ],
    };
  },
};

/** Final squared distance of a pair, with those of its inputs and targets. */
interface Point {
  readonly dx2: number;
  readonly dy2: number;
  readonly measured: number;
  readonly predicted: number;
}

/** Measured over predicted final distances, one point per pair. */
function scatterFigure(points: readonly Point[]): StudyFigure {
  return {
    name: "scatter",
    caption:
      "Final squared distance of the representations, predicted by the formula and measured; one point per " +
      "pair, coloured by the distance of the inputs.",
    figure: charts(
      [
        {
          title: "final squared distance",
          ...{ x: { label: "by the formula" }, y: { label: "measured" }, diagonal: true },
          curves: grid.dx.map((dx, i) => ({
            name: `dx ${dx.toFixed(2)}`,
            colour: depthColour(i, grid.dx.length).fill,
            line: "none",
            points: points
              .filter(({ dx2 }) => Math.abs(Math.sqrt(dx2) - dx) < 1e-3)
              .map(({ predicted, measured, dy2 }) => ({
                x: predicted,
                y: measured,
                title: `dx ${dx.toFixed(2)}, dy ${Math.sqrt(dy2).toFixed(2)}`,
              })),
          })),
        },
      ],
      {
        ...{ columns: 1, width: 440, height: 400 },
        legend: grid.dx.map((dx, i) => ({
          text: `|dx| = ${dx.toFixed(2)}`,
          colour: depthColour(i, grid.dx.length).fill,
          samples: ["dot"],
        })),
      },
    ),
  };
}
