/** @file Study symmetry/deep-linear-mnist: the norms of the maps of a deep linear network on MNIST. */
import { charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { familyOf, grouped } from "../fits.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { Study } from "../study.ts";
import { type Courses, coursesOf, firstOf, lastOf, overRuns, quotient } from "../watched.ts";
import { noisePaper } from "./source.ts";

const FIGURE = "deep linear networks on MNIST";
const DEPTH = 5;
const maps = Array.from({ length: DEPTH }, (_, k) => k);
const inner = maps.slice(1, -1);
const starts = { equal: undefined, unequal: "unequal" } as const;

export const deepLinearMnistStudy: Study = {
  name: "symmetry/deep-linear-mnist",
  title: "Inner norms of a deep linear network on MNIST",
  source: noisePaper(FIGURE),
  needsData: "MNIST",
  statement:
    "Trained on MNIST by SGD without weight decay, the inner maps of a deep linear network reach the same norm, " +
    "whatever their initial norms; the first and the last map differ.",
  runs: (size) =>
    Object.entries(starts).flatMap(([label, preset]) =>
      overEach({ label, setting: "deep-linear-mnist", ...(preset && { preset }) }, seeds(size, { small: 3, paper: 5 })),
    ),
  evaluate(done) {
    const runs = grouped(done, familyOf);
    const of = (label: string): Courses[] => (runs.get(label) ?? []).map((run) => coursesOf(run));
    const all = { equal: of("equal"), unequal: of("unequal") };
    return {
      figures: [
        {
          name: "norms",
          caption:
            "Norms of the five maps over training on single images. Lines: medians over seeds; bands: their range.",
          figure: charts(
            Object.entries(all).map(([start, own]) => ({
              title: `${start} start`,
              x: { label: "step", steps: true },
              y: { label: "norm |W|", domain: [0, 7] as const },
              curves: maps.map((k) =>
                overRuns(own, { name: `W${k + 1}`, colour: depthColour(k, DEPTH).fill }, (run) => normsOf(run, k)),
              ),
            })),
            {
              ...{ columns: 2, width: 430, height: 250 },
              legend: maps.map((k) => ({
                text: `W${k + 1}, ${inner.includes(k) ? "inner" : k === 0 ? "first" : "last"}`,
                colour: depthColour(k, DEPTH).fill,
                samples: ["band", "line"] as const,
              })),
            },
          ),
        },
      ],
      claims: [
        scored({
          ...{ figure: FIGURE, name: "inner norms approach" },
          statement: "from unequal initial weights inner norms approach one another",
          measured: "largest minus smallest over the mean of the three inner norms, at the end over at the start",
          values: all.unequal.map((run) => quotient(spread(run, lastOf), spread(run, firstOf))),
          most: 0.75,
          why: "a spread that is a quarter smaller has visibly shrunk",
        }),
        scored({
          ...{ figure: FIGURE, name: "inner norms meet" },
          statement: "inner norms become equal from unequal initial weights too",
          measured: "largest minus smallest over the mean of the three inner norms at the end",
          values: all.unequal.map((run) => spread(run, lastOf)),
          most: 0.05,
          why: "as equal as the normalised sizes in the small network of symmetry/deep-linear",
          format: percentOf,
        }),
        scored({
          ...{ figure: FIGURE, name: "the first map differs" },
          statement: "the first map does not join them",
          measured: "norm of the first map over the mean of the inner ones at the end",
          values: [...all.equal, ...all.unequal].map((run) => quotient(lastOf(normsOf(run, 0)), meanInner(run))),
          least: 1.5,
          why: "far beyond the differences between the inner ones",
        }),
      ],
      notes: [
        "By the theory inner norms are equal at the end of training if the labels' noise does not depend on the " +
          "input. Residuals on MNIST depend on the image, and training is not over after 50,000 steps: the norms " +
          "approach each other but do not meet.",
      ],
    };
  },
};

const normsOf = (run: Courses, k: number) =>
  run(`norm²${k + 1}`).map(({ step, value }) => ({ step, value: Math.sqrt(value) }));

type Pick = (course: ReturnType<typeof normsOf>) => number | null;

function innerNorms(run: Courses, pick: Pick): number[] | null {
  const norms = inner.map((k) => pick(normsOf(run, k)));
  return norms.every((value): value is number => value !== null) ? norms : null;
}

function spread(run: Courses, pick: Pick): number | null {
  const norms = innerNorms(run, pick);
  return norms && (inner.length * (Math.max(...norms) - Math.min(...norms))) / norms.reduce((sum, v) => sum + v, 0);
}

function meanInner(run: Courses): number | null {
  const norms = innerNorms(run, lastOf);
  return norms && norms.reduce((sum, value) => sum + value, 0) / norms.length;
}
