/**
 * @file Study symmetry/res2: dimensional collapse of a ResNet-18 that learns images without labels, over weight decay.
 * The loss uses cosines and is scale-free, so there is no threshold as in symmetry/simclr; instead the effective rank
 * of the embedding falls.
 */
import { charts } from "../../figures/charts.ts";
import { byNumber, meanPoints, numberOf } from "../byNumber.ts";
import { BLUE, ORANGE } from "../colours.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudiedRun, Study, StudyFigure, StudySize } from "../study.ts";

const FIGURE = "dimensional collapse of res2";
const decays: Readonly<Record<StudySize, readonly number[]>> = {
  small: [5e-5, 5e-3, 5e-2, 0.5],
  paper: [5e-5, 5e-4, 5e-3, 5e-2],
};

/** Dimensions of the embedding and accuracy of a linear probe over weight decay. */
function dimensionsFigure(groups: readonly [number, StudiedRun[]][]): StudyFigure {
  const x = { label: "weight decay", log: true };
  return {
    name: "dimensions",
    caption:
      "Participation ratio of the embedding's covariance on test images (of 128 dimensions) and accuracy of a " +
      "linear probe of the features, over weight decay. Mean over seeds, with the 95 % interval for three or " +
      "more.",
    figure: charts(
      [
        {
          title: "dimensions of the embedding",
          x,
          y: { label: "participation ratio" },
          curves: [{ ...{ name: "embedding", colour: BLUE, dots: "full" }, points: meanPoints(groups, dimensionsOf) }],
        },
        {
          title: "linear probe",
          x,
          y: { label: "accuracy" },
          curves: [
            {
              ...{ name: "features", colour: ORANGE, dots: "full" },
              points: meanPoints(groups, (run) => lastOf(run, "eval/linear-probe")),
            },
          ],
        },
      ],
      { columns: 2, width: 420, height: 260 },
    ),
  };
}
/** chosen: a run takes minutes on two cores; the preset small takes a quarter of an hour. */
const TINY = { width: 0.125, steps: 150, batch: 32, samples: 64, probed: 1000, positions: 16 };

const decayOf = (run: StudiedRun): number => numberOf(run, "decay");

/** Participation ratio of the covariance of the embedding, the last map's output; null if it was not measured. */
function dimensionsOf(run: StudiedRun): number | null {
  const maps = run.snapshot()?.layers.filter(({ kind }) => kind !== "block" && kind !== "head") ?? [];
  return maps.at(-1)?.ranks.covariance.b.H.participation ?? null;
}

const lastOf = (run: StudiedRun, metric: string): number | null =>
  run.metrics().findLast(({ name }) => name === metric)?.value ?? null;

export const res2Study: Study = {
  name: "symmetry/res2",
  title: "Weight decay removes dimensions from what a ResNet learns without labels",
  source: "the authors' slides, and arXiv 2210.00638 for its linear model",
  statement:
    "The larger the weight decay, the fewer dimensions a representation learned without labels uses, until it hardly " +
    "tells images apart.",
  needsData: "CIFAR10",
  runs: (size) =>
    decays[size].flatMap((decay) =>
      overEach(
        {
          label: `decay ${decay}`,
          setting: "res2",
          preset: "small",
          parameters: { decay, ...(size === "small" ? TINY : {}) },
        },
        seeds(size, { small: 1, paper: 3 }),
      ),
    ),
  evaluate(done, { size }) {
    const groups = byNumber(done, decayOf);
    const ends = (of: (run: StudiedRun) => number | null) => {
      const [first, last] = [groups[0]?.[1] ?? [], groups.at(-1)?.[1] ?? []];
      return groups.length < 2
        ? []
        : last.map((run) => {
            const twin = first.find(({ seed }) => seed === run.seed);
            const [after, before] = [of(run), twin ? of(twin) : null];
            return after === null || before === null || before === 0 ? null : after / before;
          });
    };
    const smaller = size === "small" ? "150 steps of an eighth of the width, one seed" : undefined;
    return {
      figures: [dimensionsFigure(groups)],
      claims: [
        scored({
          figure: FIGURE,
          name: "dimensions fall",
          statement: "the embedding uses fewer dimensions at the largest decay than at the smallest",
          measured: "participation ratio at the largest decay over that at the smallest",
          values: ends(dimensionsOf),
          most: 0.5,
          why: "chosen: half of the dimensions",
          format: percentOf,
          smaller,
        }),
      ],
      notes: [
        "Adam adds decay to the gradient before normalising it, as in the paper's res2, so decay first acts on " +
          "parameters with small gradients.",
        ...(size === "small"
          ? [
              "Size small is short, 150 steps of batches of 32 at an eighth of the width: it shows the effect of " +
                "decay, not the final features. Size paper is the preset small of res2, a quarter of an hour per run " +
                "on two cores.",
            ]
          : []),
      ],
    };
  },
};
