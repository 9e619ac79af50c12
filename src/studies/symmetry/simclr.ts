/**
 * @file Study symmetry/simclr: the modes that a linear map keeps under SimCLR's loss, over weight decay, against exact
 * thresholds.
 */
import { charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { linearSimclr, type PairMode } from "../../symmetry/linearSimclr.ts";
import { byNumber, meanPoints, numberOf } from "../byNumber.ts";
import { BLUE } from "../colours.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudiedRun, Study, StudyFigure } from "../study.ts";
import { countAbove, meanOverHalf, places, theoryCurve } from "./reads.ts";

const FIGURE = "dimensional collapse";
const signal = [1.5, 0.9, 0.5, 0.35, 0.25, 0.1];
const augmentation = [0.2, 0.5, 0.1, 0.3, 0.6, 0.4];
const modes = signal.map((a, i): PairMode => ({ signal: a, augmentation: augmentation[i]! }));
/** chosen: between the thresholds, which are the signals; none is nearer than a tenth of a threshold. */
const penalties = [0.05, 0.13, 0.2, 0.3, 0.42, 0.6, 0.75, 1.05, 1.3, 1.8];
/** The penalty at which the sizes of modes are compared; four are kept. */
const COMPARED = 0.3;

const penaltyOf = (run: StudiedRun): number => numberOf(run, "decay") / 2;
const expected = (penalty: number) => linearSimclr(modes, { penalty });
const keptAt = (penalty: number) => expected(penalty).filter(({ kept }) => kept).length;

export const simclrStudy: Study = {
  name: "symmetry/simclr",
  title: "Weight decay removes the modes of a map that learns by SimCLR, one by one",
  source:
    "Ziyin et al., what shapes the loss landscape of self-supervised learning (ICLR 2023, arXiv 2210.00638), a linear model",
  statement:
    "A linear map that learns from pairs of views keeps a mode of the data if and only if its signal exceeds the " +
    "penalty on the weights; the strength of the augmentation does not matter. Each lost mode is a lost dimension.",
  runs: (size) =>
    penalties.flatMap((penalty) =>
      overEach(
        {
          label: `gamma ${penalty}`,
          setting: "simclr-linear",
          parameters: { decay: 2 * penalty, signal: signal.join(), augmentation: augmentation.join() },
        },
        seeds(size, { small: 3, paper: 10 }),
      ),
    ),
  evaluate(done) {
    const right = done.map((run) =>
      Number(Math.round(meanOverHalf(run, "modes") ?? Number.NaN) === keptAt(penaltyOf(run))),
    );
    const compared = done.filter((run) => penaltyOf(run) === COMPARED);
    const off = (run: StudiedRun) =>
      Math.max(
        ...expected(COMPARED).map(({ squaredNorm }, i) =>
          Math.abs((meanOverHalf(run, `q${i + 1}`) ?? Number.NaN) - squaredNorm),
        ),
      );
    return {
      figures: [modesFigure(byNumber(done, penaltyOf))],
      claims: [
        scored({
          figure: FIGURE,
          name: "modes left",
          statement: "a mode is kept if and only if its signal exceeds the penalty",
          measured: `share of runs with the right number of modes, over ${penalties.length} penalties`,
          values: right,
          least: 1,
          why: "no penalty is nearer to a threshold than a tenth of it",
          counted: true,
          format: percentOf,
        }),
        scored({
          figure: FIGURE,
          name: "sizes of the modes",
          statement: `kept modes have the size of Eq. 111 (gamma ${COMPARED})`,
          measured: "largest | |W e|² − theory | over the six modes",
          values: compared.map(off),
          most: 0.03,
          why: "chosen: a batch of 256 is a finite sample of negatives, while the theory has all of them",
        }),
        ...gaps(compared),
      ],
      notes: [
        "The loss is InfoNCE itself, with inner products and 256 fresh pairs per batch, not its expansion. With " +
          "Gaussian data and infinite batches the expansion is exact.",
        "With cosine similarity, as in res2, the loss does not depend on the size of the embedding, and there is no such threshold: symmetry/res2.",
      ],
    };
  },
};

/** Number of modes left and size of each mode over the penalty, with the theory. */
function modesFigure(groups: readonly [number, StudiedRun[]][]): StudyFigure {
  const fine = places(0, 2, 200);
  const colours = modes.map((_, i) => depthColour(i, modes.length).fill);
  return {
    name: "modes",
    caption:
      "Left: modes left (mean and 95 % interval over seeds) against the count of signals above the penalty. " +
      "Right: the squared size of each mode, mean over the last half of the steps, against Eq. 111. Above its " +
      "signal a mode is gone.",
    figure: charts(
      [
        {
          title: "modes left",
          x: { label: "gamma of the penalty gamma |W|²", domain: [0, 2] },
          y: { label: "modes", domain: [-0.3, 6.3] },
          curves: [
            theoryCurve(countAbove(signal, [0, 2])),
            {
              ...{ name: "measured", colour: BLUE, line: "none", dots: "full" },
              points: meanPoints(groups, (run) => meanOverHalf(run, "modes")),
            },
          ],
        },
        {
          title: "size of each mode",
          x: { label: "gamma of the penalty gamma |W|²", domain: [0, 2] },
          y: { label: "|W e|²" },
          curves: modes.flatMap((_, i) => [
            theoryCurve(
              fine.map((x) => ({ x, y: expected(x)[i]!.squaredNorm })),
              colours[i],
            ),
            {
              ...{ name: `mode ${i + 1}`, colour: colours[i]!, line: "none" as const, dots: "full" as const },
              points: meanPoints(groups, (run) => meanOverHalf(run, `q${i + 1}`)),
            },
          ]),
        },
      ],
      {
        ...{ columns: 2, width: 420, height: 280 },
        legend: [
          { text: "theory", colour: "currentColor", samples: ["dashed"] },
          ...modes.map((mode, i) => ({
            ...{ text: `mode ${i + 1}, signal ${mode.signal}`, colour: colours[i]!, samples: ["dot"] as const },
          })),
        ],
      },
    ),
  };
}

/** The mode with the strongest augmentation, beside a mode with less signal and augmentation. */
function gaps(compared: readonly StudiedRun[]) {
  return [
    scored({
      figure: FIGURE,
      name: "a collapsed mode",
      statement: "a mode whose signal is below the penalty is gone, not merely small",
      measured: "|W e|² of mode 5, signal 0.25, at gamma 0.3",
      values: compared.map((run) => meanOverHalf(run, "q5")),
      most: 0.003,
      why: "chosen: a fiftieth of the smallest kept mode; the rest is the noise of finite batches",
    }),
  ];
}
