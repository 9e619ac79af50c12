/**
 * @file Study symmetry/syre: the effect of decay towards a random point. Two linear maps over the penalty, where plain
 * decay removes one rank after another, and fc2 over decay: ranks of its maps and its loss, with and without.
 */
import { type Chart, charts } from "../../figures/charts.ts";
import { singularValues } from "../../linalg/singularValues.ts";
import { median } from "../../measure/median.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudiedRun, Study, StudySize } from "../study.ts";
import { countAbove, endOf, theoryCurve } from "./reads.ts";
import { bothWays, decayFor, hows, isSyre, nameOf, plainDecay, syreLegend, syreSource } from "./syreRuns.ts";

const FIGURE = "symmetry removed";
const singular = [2, 1.5, 1, 0.7, 0.4, 0.2];
/** chosen: between the thresholds, which are the singular values. */
const penalties = [0.1, 0.3, 0.55, 0.85, 1.2, 1.75];
/** chosen: from a decay that removes nothing within the steps to one that leaves two directions. */
const decays = [1e-4, 3e-4, 1e-3];
const MOMENTUM = 0.9;
/** Of the linear maps. */
const RATE = 0.02;
const HIDDEN = 5;
/** Share of the largest singular value above which one counts. */
const SHARE = 1e-3;
const FC2_STEPS: Readonly<Record<StudySize, number>> = { small: 10_000, paper: 100_000 };

export const syreStudy: Study = {
  name: "symmetry/syre",
  title: "Decay towards a random point keeps ranks that decay towards 0 removes",
  source: syreSource,
  statement:
    "Weight decay makes maps lose rank because the penalty shares the symmetry of the loss. Decay towards a fixed " +
    "random point, by slightly different factors, shares no symmetry: nothing collapses, and the network computes " +
    "the same.",
  runs: (size) => [
    ...penalties.flatMap((penalty) =>
      hows.flatMap((syre) =>
        overEach(
          {
            label: `low-rank, gamma ${penalty}, ${nameOf(syre)}`,
            setting: "low-rank",
            parameters: { decay: decayFor(2 * penalty, syre, { lr: RATE }), lr: RATE, syre, singular: singular.join() },
          },
          seeds(size, { small: 3, paper: 10 }),
        ),
      ),
    ),
    ...decays.flatMap((decay) =>
      hows.flatMap((syre) =>
        overEach(
          {
            label: `fc2, decay ${decay}, ${nameOf(syre)}`,
            setting: "fc2",
            preset: "nonlinear",
            parameters: {
              decay: decayFor(decay, syre, { momentum: MOMENTUM }),
              momentum: MOMENTUM,
              syre,
              steps: FC2_STEPS[size],
            },
          },
          seeds(size, { small: 2, paper: 5 }),
        ),
      ),
    ),
  ],
  evaluate(done, { size }) {
    const of = (setting: string) => done.filter(({ label }) => label.startsWith(`${setting},`));
    const [toy, fc2] = [of("low-rank"), of("fc2")];
    return {
      figures: [
        {
          name: "low-rank",
          caption:
            "Two linear maps after 20,000 steps over the penalty gamma: nonzero singular values of U W (above 1e−8 " +
            "of the largest), visible ones (above 1e−3), and the loss. Mean over seeds, with the 95 % interval. " +
            "Dashed: Eq. 102.",
          figure: charts(toyCharts(toy), { columns: 3, width: 320, height: 250, legend: syreLegend(true) }),
        },
        {
          name: "fc2",
          caption:
            `fc2 (preset nonlinear, ${FC2_STEPS[size].toLocaleString("en-US")} steps) over decay: singular values of its maps above 1e−3 of the largest, ` +
            "median over the hidden maps; participation ratio of their squares; loss on unseen samples. Mean over seeds.",
          figure: charts(fc2Charts(fc2), { columns: 3, width: 320, height: 250, legend: syreLegend(false) }),
        },
      ],
      claims: [...toyClaims(toy), ...fc2Claims(fc2, size)],
      notes: [
        "fc2 has momentum 0.9. Momentum does not accumulate decay that is applied after the optimizer's step, so " +
          "syre has ten times the decay on the axis, which is the same penalty (Eq. 119).",
        "Collapsed modes of the linear maps stay at the size of the random point, a hundredth of an initial weight, " +
          "times gamma / (gamma − s) for a mode s; near its threshold a mode is above 1e−3 of the largest.",
        "For a plain decay lambda the linear maps have a syre decay of lambda / (1 + lr lambda), the same penalty at rest (Eq. 119).",
        "res1, with and without: symmetry/syre-res1.",
      ],
    };
  },
};

function toyCharts(runs: readonly StudiedRun[]): Chart[] {
  const penalty = (run: StudiedRun) => plainDecay(run) / 2;
  const x = { label: "penalty gamma" };
  const count = { domain: [-0.3, 6.3] as const };
  const said = theoryCurve(countAbove(singular, [0.05, 1.9]));
  return [
    {
      ...{ title: "rank of U W", x, y: { label: "values above 1e−8", ...count } },
      curves: [said, ...bothWays(runs, penalty, (run) => endOf(run, "rank"))],
    },
    {
      ...{ title: "rank that shows", x, y: { label: "values above 1e−3", ...count } },
      curves: [said, ...bothWays(runs, penalty, (run) => endOf(run, "visible"))],
    },
    { ...{ title: "loss", x, y: { label: "|U W x − T x|²" } }, curves: bothWays(runs, penalty, lossOf) },
  ];
}

const lossOf = (run: StudiedRun): number | null =>
  run.metrics().findLast(({ name }) => name === "eval/loss")?.value ?? null;

/** Median over the hidden maps of a number computed from their singular values; null if there are no weights. */
function overMaps(run: StudiedRun, of: (values: Float64Array) => number): number | null {
  const maps = [...run.weights()].filter(([name]) => /^layers\.\d+\.weight$/.test(name)).slice(1, HIDDEN);
  return median(maps.map(([, W]) => of(singularValues(W)))) ?? null;
}

const rankOf = (run: StudiedRun) => overMaps(run, (s) => s.filter((value) => value > SHARE * s[0]!).length);
const participationOf = (run: StudiedRun) =>
  overMaps(run, (s) => {
    const [sum, squares] = [2, 4].map((power) => s.reduce((total, value) => total + value ** power, 0)) as [
      number,
      number,
    ];
    return sum ** 2 / squares;
  });

function fc2Charts(runs: readonly StudiedRun[]): Chart[] {
  const x = { label: "weight decay", log: true };
  return [
    {
      ...{ title: "rank of hidden maps", x, y: { label: "values above 1e−3" } },
      curves: bothWays(runs, plainDecay, rankOf),
    },
    {
      ...{ title: "participation ratio", x, y: { label: "of squared singular values" } },
      curves: bothWays(runs, plainDecay, participationOf),
    },
    { ...{ title: "loss", x, y: { label: "loss on unseen samples" } }, curves: bothWays(runs, plainDecay, lossOf) },
  ];
}

function toyClaims(runs: readonly StudiedRun[]) {
  const kept = (run: StudiedRun) => singular.filter((value) => value > plainDecay(run) / 2).length;
  const own = (syre: boolean) => runs.filter((run) => isSyre(run) === syre);
  const shared = { figure: FIGURE, counted: true, format: percentOf };
  return [
    scored({
      ...shared,
      name: "plain decay takes ranks",
      statement: "under plain decay the rank of U W is the number of singular values above the penalty",
      measured: "share of runs with that rank (above 1e−8 of the largest)",
      values: own(false).map((run) => Number(endOf(run, "rank") === kept(run))),
      least: 1,
      why: "the penalties are between the thresholds",
    }),
    scored({
      ...shared,
      name: "syre keeps them",
      statement: "with syre U W keeps full rank at every penalty",
      measured: "share of runs of rank 6 (above 1e−8 of the largest)",
      values: own(true).map((run) => Number(endOf(run, "rank") === singular.length)),
      least: 1,
      why: "the random point has full rank",
    }),
    scored({
      ...shared,
      name: "and changes little else",
      statement: "the loss is that of plain decay",
      measured: "largest relative difference of the loss at one penalty and seed",
      values: worst(pairsOf(runs)),
      most: 0.05,
      why: "chosen: the random point is a hundredth of an initial weight",
    }),
  ];
}

/** Loss with syre over that without, minus one, at the same penalty and seed. */
function pairsOf(runs: readonly StudiedRun[]): number[] {
  return runs.filter(isSyre).flatMap((run) => {
    const twin = runs.find(
      (other) => !isSyre(other) && other.seed === run.seed && plainDecay(other) === plainDecay(run),
    );
    const [on, off] = [lossOf(run), twin ? lossOf(twin) : null];
    return on === null || off === null || off === 0 ? [] : [on / off - 1];
  });
}

const worst = (values: readonly number[]) => (values.length === 0 ? [] : [Math.max(...values.map(Math.abs))]);

function fc2Claims(runs: readonly StudiedRun[], size: StudySize) {
  const largest = decays.at(-1)!;
  const own = (syre: boolean) => runs.filter((run) => isSyre(run) === syre && plainDecay(run) === largest);
  const smaller = size === "small" ? "10,000 of 100,000 steps" : undefined;
  const shared = { figure: FIGURE, smaller };
  return [
    scored({
      ...shared,
      name: "fc2: plain decay takes ranks",
      statement: `at decay ${largest} plain decay leaves only a few directions of hidden 100 x 100 maps`,
      measured: "singular values above 1e−3 of the largest, median over hidden maps",
      values: own(false).map(rankOf),
      most: 10,
      why: "chosen: a tenth of the width",
    }),
    scored({
      ...shared,
      name: "fc2: syre keeps them",
      statement: "with syre they keep nearly all",
      measured: "the same count with syre",
      values: own(true).map(rankOf),
      least: 80,
      why: "chosen: in a random matrix of the point's size a tenth of the values are below",
    }),
    scored({
      ...shared,
      name: "fc2: the loss stays",
      statement: "the loss of fc2 is that of plain decay at every decay",
      measured: "largest relative difference at one decay and seed",
      values: worst(pairsOf(runs)),
      most: 0.05,
      format: percentOf,
      counted: true,
      why: "chosen: smaller than differences between seeds",
    }),
  ];
}
