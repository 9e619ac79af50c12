/** @file Study symmetry/scalar: the charge of the smallest rescaling symmetry under SGD and gradient descent. */
import { type Chart, charts } from "../../figures/charts.ts";
import { watchedNumber } from "../../findings/watchedRecord.ts";
import { familyOf, grouped } from "../fits.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudiedRun, Study } from "../study.ts";
import { type Courses, coursesOf, firstOf, lastOf, meanOverLast, overRuns, quotient } from "../watched.ts";
import { descentLegend, GD, noisePaper, SGD, theoryEntry } from "./source.ts";

const FIGURE = "one-dimensional example";
/** Presets by label. Gradient descent involves no chance and is run once. */
const families = { SGD: undefined, GD: "gd", "slide SGD": "slide", "slide GD": "slide-gd" } as const;
type Family = keyof typeof families;
/** A charge below this share of its start counts as gone. */
const GONE = 1e-3;

export const scalarStudy: Study = {
  name: "symmetry/scalar",
  title: "Noise removes a charge that gradient flow keeps",
  source: noisePaper(FIGURE),
  statement:
    "The output of u w x does not change when u grows and w shrinks by the same factor. Gradient descent therefore " +
    "keeps u² − w², and ends where this value meets u w = 1. SGD on single samples ends at |u| = |w| from any start.",
  runs: (size) =>
    Object.entries(families).flatMap(([label, preset]) =>
      overEach(
        { label, setting: "scalar", ...(preset && { preset }) },
        label.endsWith("GD") && !label.endsWith("SGD") ? [0] : seeds(size, { small: 3, paper: 10 }),
      ),
    ),
  evaluate(done) {
    const runs = grouped(done, familyOf);
    const of = (family: Family): Courses[] => (runs.get(family) ?? []).map((run: StudiedRun) => coursesOf(run));
    const all = { SGD: of("SGD"), GD: of("GD"), "slide SGD": of("slide SGD"), "slide GD": of("slide GD") };
    return {
      figures: [
        {
          name: "charge",
          caption:
            "Charge over its start, and the product u w, for the target y = x + noise (above) and for the constant 1 " +
            "of the authors' slides (below). The slides' target has no signal: its loss is lowest at u w = 0.",
          figure: charts(panels(all), {
            ...{ columns: 2, width: 420 },
            legend: [...descentLegend, theoryEntry("u w of least loss; a thousandth of the start")],
          }),
        },
      ],
      claims: claims(all),
      notes: [
        "In float32 the charge stops at some 1e−7, the rounding of u² and w²; in exact arithmetic it keeps falling.",
        `u w of SGD keeps fluctuating about 1: its means over the last half are ${
          all.SGD.map((run) => meanOverLast(run("uw"), 0.5)?.toFixed(2) ?? "none").join(", ") || "not known"
        }.`,
      ],
    };
  },
};

function panels(all: Readonly<Record<Family, readonly Courses[]>>): Chart[] {
  const step = { label: "step", steps: true } as const;
  const relative = (run: Courses) => {
    const start = firstOf(run("charge")) ?? Number.NaN;
    return run("charge").map((point) => ({ ...point, value: point.value / start }));
  };
  const level = (value: number, runs: readonly Courses[]) => ({
    ...{ name: "theory", colour: "currentColor", line: "dashed" as const },
    points: [0, runs[0]?.("uw").at(-1)?.step ?? 1].map((x) => ({ x, y: value })),
  });
  return (
    [
      ["y = x + noise", "SGD", "GD", 1],
      ["y = 1 (slides)", "slide SGD", "slide GD", 0],
    ] as const
  ).flatMap(([task, sgd, gd, best]) => [
    {
      title: `${task}: charge`,
      x: step,
      y: { label: "|u² − w²| over its start", log: true },
      curves: [
        level(GONE, all[sgd]),
        overRuns(all[sgd], { name: "SGD", colour: SGD }, relative),
        overRuns(all[gd], { name: "gradient descent", colour: GD }, relative),
      ],
    },
    {
      title: `${task}: product`,
      x: step,
      y: { label: "u w" },
      curves: [
        level(best, all[sgd]),
        overRuns(all[sgd], { name: "SGD", colour: SGD }, "uw"),
        overRuns(all[gd], { name: "gradient descent", colour: GD }, "uw"),
      ],
    },
  ]);
}

/** First recorded step at which the charge is below GONE of its start; null if it never is. */
function goneAt(run: Courses): number | null {
  const start = firstOf(run("charge"));
  if (start === null) return null;
  return run("charge").find(({ value }) => value < GONE * start)?.step ?? Number.MAX_SAFE_INTEGER;
}

const changeOf = (run: Courses): number | null => {
  const ratio = quotient(lastOf(run("charge")), firstOf(run("charge")));
  return ratio === null ? null : ratio - 1;
};

function claims(all: Readonly<Record<Family, readonly Courses[]>>) {
  const figure = FIGURE;
  const largest = (run: Courses): number | null => {
    const [u, w] = [lastOf(run("u")), lastOf(run("w"))];
    return u === null || w === null ? null : Math.max(Math.abs(u), Math.abs(w));
  };
  return [
    scored({
      ...{ figure, name: "SGD loses its charge" },
      statement: "under SGD u² − w² vanishes",
      measured: "first step at which the charge is below a thousandth of its start",
      values: all.SGD.map(goneAt),
      most: 5000,
      why: "an independent implementation takes 3,600 to 3,950 steps",
    }),
    scored({
      ...{ figure, name: "gradient descent keeps it" },
      statement: "gradient descent keeps u² − w²",
      measured: "relative change of the charge over 20,000 steps",
      values: all.GD.map(changeOf),
      ...{ least: -0.01, most: 0.01 },
      why: "finite steps change it at second order in the rate, a tenth of this",
      format: percentOf,
    }),
    scored({
      ...{ figure, name: "slide: SGD loses both weights" },
      statement: "on the slides' target SGD ends at u = w = 0, not at |u| = |w| with u w = 1",
      measured: "larger of |u| and |w| at the end",
      values: all["slide SGD"].map(largest),
      most: 0.01,
      format: watchedNumber,
      why: "a hundredth of their size at u w = 1",
    }),
    scored({
      ...{ figure, name: "slide: u w of gradient descent" },
      statement: "on the slides' target gradient descent ends at u w = 0",
      measured: "|u w| at the end",
      values: all["slide GD"].map((run) => Math.abs(lastOf(run("uw")) ?? Number.NaN)),
      most: 1e-3,
      format: watchedNumber,
      why: "E[x y] = 0 for x of mean 0 and y = 1, so the loss is lowest at 0",
    }),
    scored({
      ...{ figure, name: "slide: its charge" },
      statement: "there too gradient descent keeps its charge",
      measured: "relative change of the charge over 20,000 steps",
      values: all["slide GD"].map(changeOf),
      ...{ least: -0.01, most: 0.01 },
      why: "as above",
      format: percentOf,
    }),
  ];
}
