/**
 * @file Study symmetry/syre-res1: ranks and accuracy of ResNet-18 over weight decay, with and without removal of
 * symmetries.
 */
import { charts } from "../../figures/charts.ts";
import { singularValues } from "../../linalg/singularValues.ts";
import { median } from "../../measure/median.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudiedRun, Study, StudyFigure, StudySize } from "../study.ts";
import { bothWays, decayFor, isSyre, nameOf, syreLegend, syreSource } from "./syreRuns.ts";

const FIGURE = "symmetry removed, res1";
/**
 * Unused directions shrink by exp(-decay sum(lr) / (1 - momentum)). Size small has fewer steps, so its decay is larger.
 */
const decays: Readonly<Record<StudySize, readonly number[]>> = { small: [5e-4, 5e-2], paper: [5e-4, 5e-3] };
/** chosen: a run takes three minutes on two cores; the preset small takes a quarter of an hour. */
const SMALL = { width: 0.125, steps: 1000, samples: 200, positions: 16 };
const MOMENTUM = 0.9;
const SHARE = 1e-3;
/** chosen: largest sum of a map's sides; singular values then take seconds. */
const LARGEST = 1500;

/** The decay of a run. Its rate falls to 0, so the factor with rate times decay in Eq. 119 does not count. */
const ownDecay = (decay: number, syre: boolean) => decayFor(decay, syre, { momentum: MOMENTUM });

/** Share of a map's singular values above SHARE of the largest, median over the maps; null if there are no weights. */
function rankOf(run: StudiedRun): number | null {
  const maps = [...run.weights().values()].filter(({ rows, cols }) => rows + cols <= LARGEST);
  const shares = maps.map((W) => {
    const s = singularValues(W);
    return s.filter((value) => value > SHARE * s[0]!).length / s.length;
  });
  return median(shares) ?? null;
}

const accuracyOf = (run: StudiedRun): number | null =>
  run.metrics().findLast(({ name }) => name === "eval/accuracy")?.value ?? null;

export const syreRes1Study: Study = {
  name: "symmetry/syre-res1",
  title: "ResNet-18 with and without its symmetries, over weight decay",
  source: syreSource,
  statement:
    "Large weight decay makes the maps of a ResNet lose rank, and the network accuracy. Decay towards a random point keeps the ranks.",
  needsData: "CIFAR10",
  runs: (size) =>
    decays[size].flatMap((decay) =>
      [false, true].flatMap((syre) =>
        overEach(
          {
            label: `decay ${decay}, ${nameOf(syre)}`,
            setting: "res1",
            preset: "small",
            parameters: {
              decay: ownDecay(decay, syre),
              ...{ momentum: MOMENTUM, syre },
              ...(size === "small" ? SMALL : {}),
            },
          },
          seeds(size, { small: 1, paper: 3 }),
        ),
      ),
    ),
  evaluate(done, { size }) {
    const [smallest, largest] = [decays[size][0], decays[size].at(-1)];
    const plainDecay = (run: StudiedRun) =>
      decays[size].find((decay) => ownDecay(decay, isSyre(run)) === run.parameters.decay)!;
    /** Accuracy of a run minus that of another run with its seed. */
    const gain = (run: StudiedRun, isOther: (other: StudiedRun) => boolean): number | null => {
      const other = done.find((found) => found.seed === run.seed && isOther(found));
      const [own, others] = [accuracyOf(run), other ? accuracyOf(other) : null];
      return own === null || others === null ? null : own - others;
    };
    const at = (syre: boolean) => done.filter((run) => isSyre(run) === syre && plainDecay(run) === largest);
    return {
      figures: [decayFigure(done, plainDecay)],
      claims: [
        scored({
          figure: FIGURE,
          name: "plain decay takes ranks",
          statement: `at decay ${largest} maps lose singular values to plain decay`,
          measured: "share above 1e−3 of the largest, median over maps",
          values: at(false).map(rankOf),
          most: 0.6,
          why: "chosen: four in ten singular values are lost",
          format: percentOf,
        }),
        scored({
          figure: FIGURE,
          name: "syre keeps ranks",
          statement: `at decay ${largest} maps keep nearly all singular values with syre`,
          measured: "share above 1e−3 of the largest, median over maps",
          values: at(true).map(rankOf),
          least: 0.8,
          why: "chosen: in a random matrix of the point's size a tenth of them are below",
          format: percentOf,
        }),
        scored({
          figure: FIGURE,
          name: "and accuracy",
          statement: `at decay ${largest} accuracy is at least that of plain decay`,
          measured: "accuracy with syre minus that without",
          values: at(true).map((run) => gain(run, (other) => !isSyre(other) && plainDecay(other) === largest)),
          least: -0.02,
          why: "chosen: two percent, the difference between seeds at size small",
          format: percentOf,
        }),
        scored({
          figure: FIGURE,
          name: "accuracy is kept",
          statement: `with syre accuracy at decay ${largest} is that at decay ${smallest}`,
          measured: "accuracy at the largest decay minus that at the smallest, with syre",
          values: at(true).map((run) => gain(run, (other) => isSyre(other) && plainDecay(other) === smallest)),
          least: -0.05,
          why: "chosen: five percent of the images",
          format: percentOf,
          smaller: size === "small" ? "1,000 steps of an eighth of the width, one seed" : undefined,
        }),
      ],
      notes: [
        "syre has ten times the decay on the axis, which is the same penalty under momentum 0.9 (Eq. 119).",
        ...(size === "small"
          ? [
              "Size small is an eighth of the width and 1,000 steps, three minutes per run on two cores; size paper " +
                "is the preset small of res1, a quarter of an hour per run.",
            ]
          : []),
      ],
    };
  },
};

/** Rank of maps and accuracy over weight decay, with and without syre. */
function decayFigure(done: readonly StudiedRun[], plainDecay: (run: StudiedRun) => number): StudyFigure {
  const x = { label: "weight decay", log: true };
  return {
    name: "res1",
    caption:
      "Share of a map's singular values above 1e−3 of the largest, median over maps (convolutions as filters " +
      "by inputs), and accuracy on test images, over weight decay. Mean over seeds, with the 95 % interval for " +
      "three or more.",
    figure: charts(
      [
        {
          ...{ title: "rank of maps", x, y: { label: "share above 1e−3" } },
          curves: bothWays(done, plainDecay, rankOf),
        },
        { ...{ title: "accuracy", x, y: { label: "accuracy" } }, curves: bothWays(done, plainDecay, accuracyOf) },
      ],
      { columns: 2, width: 420, height: 260, legend: syreLegend(false) },
    ),
  };
}
