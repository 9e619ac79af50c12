/** @file Study symmetry/tanh2: a two-layer tanh network under SGD and gradient descent. */
import { charts } from "../../figures/charts.ts";
import { brief } from "../../findings/numbers.ts";
import { familyOf, grouped } from "../fits.ts";
import { scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { Study, StudyFigure } from "../study.ts";
import { type Courses, coursesOf, firstOf, lastOf, overRuns } from "../watched.ts";
import { descentLegend, GD, noisePaper, SGD } from "./source.ts";

const FIGURE = "two-layer tanh network";
const families = { SGD: undefined, GD: "gd" } as const;

export const tanhStudy: Study = {
  name: "symmetry/tanh2",
  title: "SGD aligns the two sides of a hidden layer, gradient descent does not",
  source: noisePaper(FIGURE),
  statement:
    "In a two-layer network with tanh, whose rescaling symmetry is approximate, SGD makes the covariance that the " +
    "data give the hidden layer from below, W Σx Wᵀ, resemble the one that label noise gives it from above, Uᵀ Σε U. " +
    "Gradient descent leaves them as different as they were.",
  runs: (size) =>
    Object.entries(families).flatMap(([label, preset]) =>
      overEach({ label, setting: "tanh2", ...(preset && { preset }) }, seeds(size, { small: 5, paper: 10 })),
    ),
  evaluate(done) {
    const runs = grouped(done, familyOf);
    const of = (label: string): Courses[] =>
      (runs.get(label) ?? []).toSorted((x, y) => x.seed - y.seed).map((run) => coursesOf(run));
    const all = { SGD: of("SGD"), GD: of("GD") };
    const end = (run: Courses) => lastOf(run("cosine"));
    const cosines = all.SGD.map(end);
    const differences = all.SGD.map((run, i) => {
      const [sgd, gd] = [end(run), all.GD[i] === undefined ? null : end(all.GD[i])];
      return sgd === null || gd === null ? null : sgd - gd;
    });
    return {
      figures: [cosineFigure(all)],
      claims: [
        scored({
          ...{ figure: FIGURE, name: "cosine under SGD" },
          statement: "SGD makes the two sides alike",
          measured: "cosine of the two sides at the end",
          values: cosines,
          least: 0.8,
          why: "an independent implementation finds 0.92 to 0.96; unrelated maps have 0.3",
          ...leastOf(cosines),
        }),
        scored({
          ...{ figure: FIGURE, name: "SGD minus gradient descent" },
          statement: "gradient descent does not",
          measured: "cosine under SGD minus that under gradient descent from the same start",
          values: differences,
          least: 0.5,
          why: "an independent implementation finds 0.7",
          ...leastOf(differences),
        }),
      ],
      notes: ["The balance of Eq. 116 holds for linear maps; tanh is close to linear only for small arguments."],
    };
  },
};

/** Cosine of the two sides over training, and at the start and end of each seed. */
function cosineFigure(all: Readonly<Record<"SGD" | "GD", readonly Courses[]>>): StudyFigure {
  const place = (quantity: (course: ReturnType<Courses>) => number | null, own: readonly Courses[]) =>
    own.map((run, seed) => ({ x: seed, y: quantity(run("cosine")) ?? Number.NaN, title: `seed ${seed}` }));
  return {
    name: "cosine",
    caption:
      "Cosine of W Σx Wᵀ and Uᵀ Σε U. Left: over training, for SGD with a falling rate and gradient descent on " +
      "3,000 samples, which take different numbers of steps. Right: at the start and end of each seed.",
    figure: charts(
      [
        {
          title: "over training",
          x: { label: "step (logarithmic)", log: true },
          y: { label: "cosine", domain: [0, 1.03] },
          curves: [
            overRuns(all.GD, { name: "gradient descent", colour: GD }, "cosine"),
            overRuns(all.SGD, { name: "SGD", colour: SGD }, "cosine"),
          ],
        },
        {
          title: "seed by seed",
          x: { label: "seed", domain: [-0.5, Math.max(1, all.SGD.length) - 0.5] },
          y: { label: "cosine", domain: [0, 1.03] },
          curves: [
            { name: "start", colour: SGD, line: "none", dots: "hollow", points: place(firstOf, all.SGD) },
            { name: "SGD", colour: SGD, line: "none", points: place(lastOf, all.SGD) },
            { name: "gradient descent", colour: GD, line: "none", points: place(lastOf, all.GD) },
          ],
        },
      ],
      {
        ...{ columns: 2, width: 430, height: 260 },
        legend: [...descentLegend, { text: "start", colour: SGD, samples: ["ring"] }],
      },
    ),
  };
}

/** The worst seed, to stand beside the mean. */
function leastOf(values: readonly (number | null)[]): { beside?: string } {
  const own = values.filter((value) => value !== null);
  return own.length === 0 ? {} : { beside: `the lowest of ${own.length} seeds is ${brief(Math.min(...own))}` };
}
