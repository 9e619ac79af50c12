/**
 * @file Study symmetry/syre-res1: ranks and accuracy of ResNet-18 over weight decay, with and without removal of
 * symmetries.
 */
import { charts } from "../../figures/charts.ts";
import { singularValues } from "../../linalg/singularValues.ts";
import { median } from "../../measure/median.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudiedRun, Study, StudySize } from "../study.ts";
import { bothWays, decayFor, isSyre, nameOf, plainDecay, syreLegend, syreSource } from "./syreRuns.ts";

const FIGURE = "symmetry removed, res1";
/** What unused directions keep is exp(-decay sum(lr) / (1 - momentum)): small steps are fewer, so that decay is more. */
const decays: Readonly<Record<StudySize, readonly number[]>> = { small: [5e-4, 5e-2], paper: [5e-4, 5e-3] };
/** chosen: three minutes a run on two cores; the preset small takes a quarter of an hour. */
const SMALL = { width: 0.125, steps: 1000, samples: 200, positions: 16 };
const MOMENTUM = 0.9;
const SHARE = 1e-3;
/** chosen: sides of a map together, whose singular values take seconds. */
const LARGEST = 1500;

/**
 * Share of the singular values of a map above SHARE of the largest, median over the maps; null where there are no
 * weights.
 */
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
    "Large weight decay makes the maps of a ResNet lose rank, and with it accuracy. Towards a random point it does not take ranks.",
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
              decay: decayFor(decay, syre, { momentum: MOMENTUM }),
              ...{ momentum: MOMENTUM, syre },
              ...(size === "small" ? SMALL : {}),
            },
          },
          seeds(size, { small: 1, paper: 3 }),
        ),
      ),
    ),
  evaluate(done, { size }) {
    const largest = decays[size].at(-1);
    const x = { label: "weight decay", log: true };
    const at = (syre: boolean) => done.filter((run) => isSyre(run) === syre && plainDecay(run) === largest);
    return {
      figures: [
        {
          name: "res1",
          caption:
            "Over weight decay: share of singular values of a map above 1e−3 of the largest, median over maps (convolutions as " +
            "filters by their inputs); accuracy on test images. Mean over seeds, with the 95 % interval for three or more.",
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
        },
      ],
      claims: [
        scored({
          figure: FIGURE,
          name: "syre keeps ranks",
          statement: `at decay ${largest} maps keep nearly all singular values with syre`,
          measured: "share above 1e−3 of the largest, median over maps",
          values: at(true).map(rankOf),
          least: 0.8,
          why: "chosen: of a random matrix of the point's size a tenth lies below",
          format: percentOf,
        }),
        scored({
          figure: FIGURE,
          name: "and accuracy",
          statement: "accuracy is at least that of plain decay",
          measured: "accuracy with syre less that without, at the largest decay",
          values: at(true).map((run) => {
            const twin = at(false).find(({ seed }) => seed === run.seed);
            const [on, off] = [accuracyOf(run), twin ? accuracyOf(twin) : null];
            return on === null || off === null ? null : on - off;
          }),
          least: -0.02,
          why: "chosen: two percent, what seeds of the small size differ by",
          format: percentOf,
        }),
      ],
      notes: [
        "syre has ten times the decay on the axis: the same penalty under momentum 0.9 (Eq. 119).",
        ...(size === "small"
          ? [
              "Size small is an eighth of the width and 1,000 steps, three minutes a run on two cores; size paper is the preset " +
                "small of res1, a quarter of an hour a run.",
            ]
          : []),
      ],
    };
  },
};
