/** @file Study symmetry/deep-linear: the maps of a deep linear network reach one size, in the right norms. */
import { type Chart, type Curve, charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { familyOf, grouped } from "../fits.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { Study } from "../study.ts";
import { type Courses, coursesOf, meanOverLast, overRuns } from "../watched.ts";
import { noisePaper } from "./source.ts";

const FIGURE = "deep linear networks";
const DEPTH = 4;
const maps = Array.from({ length: DEPTH }, (_, k) => k);
const size = (k: number): string => `size${k + 1}`;
const norm = (k: number): string => `norm²${k + 1}`;
const starts = { equal: undefined, unequal: "unequal" } as const;

export const deepLinearStudy: Study = {
  name: "symmetry/deep-linear",
  title: "All maps of a deep linear network reach the same size",
  source: noisePaper(FIGURE),
  statement:
    "Under SGD with label noise the maps of a deep linear network reach the same size, whatever their initial sizes. " +
    "The size of the first and the last map is a norm weighted by the covariance of inputs or of label noise, " +
    "divided by its trace; that of inner maps is divided by the rank of the product (Eq. 117). Plain norms are not " +
    "equal.",
  runs: (which) =>
    Object.entries(starts).flatMap(([label, preset]) =>
      overEach({ label, setting: "deep-linear", ...(preset && { preset }) }, seeds(which, { small: 5, paper: 10 })),
    ),
  evaluate(done) {
    const runs = grouped(done, familyOf);
    const of = (label: string): Courses[] => (runs.get(label) ?? []).map((run) => coursesOf(run));
    const all = { equal: of("equal"), unequal: of("unequal") };
    return {
      figures: [
        {
          name: "sizes",
          caption:
            "Sizes of the four maps in the norms of Eq. 117 and in plain norms, from equal and from unequal initial " +
            "weights, and their condition numbers: inner maps become multiples of orthogonal ones. Lines: medians " +
            "over seeds; bands: their range.",
          figure: charts([...panels("equal start", all.equal), ...panels("unequal start", all.unequal)], {
            columns: 3,
            legend,
          }),
        },
      ],
      claims: [...claims("equal", all.equal), ...claims("unequal", all.unequal)],
      notes: lostModes(all),
    };
  },
};

const colour = (k: number): string => depthColour(k, DEPTH).fill;
const legend = maps.map((k) => ({
  text: `W${k + 1}${k === 0 ? ", the first" : k === DEPTH - 1 ? ", the last" : ""}`,
  colour: colour(k),
  samples: ["band", "line"] as const,
}));

function panels(start: string, runs: readonly Courses[]): Chart[] {
  const x = { label: "step", steps: true } as const;
  const curves = (quantity: (k: number) => string): Curve[] =>
    maps.map((k) => overRuns(runs, { name: `W${k + 1}`, colour: colour(k) }, quantity(k)));
  return [
    { title: `${start}: sizes`, x, y: { label: "normalised squared norm", domain: [0, 2] }, curves: curves(size) },
    { title: `${start}: plain`, x, y: { label: "squared norm", domain: [0, 6.5] }, curves: curves(norm) },
    {
      ...{ title: `${start}: condition`, x },
      y: { label: "condition number", log: true, domain: [1, 100] },
      curves: curves((k) => `cond${k + 1}`),
    },
  ];
}

/** Largest minus smallest over the mean, from means over the last fifth of the steps. */
function spreadOf(run: Courses, quantity: (k: number) => string): number | null {
  const means = maps.map((k) => meanOverLast(run(quantity(k)), 0.2));
  if (!means.every((value): value is number => value !== null)) return null;
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  return (Math.max(...means) - Math.min(...means)) / mean;
}

/** The largest or smallest condition number of some maps, each averaged over the last fifth of the steps. */
function conditionOf(run: Courses, which: readonly number[], pick: (...values: number[]) => number): number | null {
  const means = which.map((k) => meanOverLast(run(`cond${k + 1}`), 0.2));
  return means.every((value): value is number => value !== null) ? pick(...means) : null;
}

function claims(start: keyof typeof starts, runs: readonly Courses[]) {
  const figure = FIGURE;
  return [
    scored({
      ...{ figure, name: `${start} start: sizes` },
      statement: `from ${start} initial weights all maps reach the same size`,
      measured:
        "largest minus smallest of the four normalised sizes over their mean, each averaged over the last fifth",
      values: runs.map((run) => spreadOf(run, size)),
      most: 0.03,
      why: "an independent implementation finds 1.2 to 1.8 %, the remaining fluctuation",
      format: percentOf,
    }),
    scored({
      ...{ figure, name: `${start} start: plain norms` },
      statement: "their plain norms are not equal",
      measured: "the same for plain squared norms",
      values: runs.map((run) => spreadOf(run, norm)),
      least: 0.3,
      why: "ten times the difference allowed for equal sizes; an independent implementation finds 53 % with another teacher",
      format: percentOf,
    }),
    scored({
      ...{ figure, name: `${start} start: inner maps` },
      statement: "inner maps become multiples of orthogonal ones",
      measured: "larger condition number of W2 and W3, averaged over the last fifth",
      values: runs.map((run) => conditionOf(run, [1, 2], Math.max)),
      most: 1.2,
      why: "1 apart from the fluctuation; an independent implementation finds 1.05",
    }),
    scored({
      ...{ figure, name: `${start} start: outer maps` },
      statement: "the first and the last map do not",
      measured: "smaller condition number of W1 and W4, averaged over the last fifth",
      values: runs.map((run) => conditionOf(run, [0, 3], Math.min)),
      least: 1.5,
      why: "they carry the spread of the data; an independent implementation finds 1.9",
    }),
  ];
}

/** Noise can remove a mode of a run's product; the sizes then agree for the smaller rank. */
function lostModes(all: Readonly<Record<string, readonly Courses[]>>): string[] {
  const ranks = Object.values(all).flatMap((runs) => runs.map((run) => run("rank").at(-1)?.value));
  const lost = ranks.filter((rank) => rank !== undefined && rank < 3).length;
  return [
    `Inner sizes are divided by the rank of the product at that step. ${lost} of ${ranks.length} runs lost a mode ` +
      "to the " +
      "noise, which leaves their product with a lower rank.",
  ];
}
