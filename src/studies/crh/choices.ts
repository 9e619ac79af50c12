/** @file Study crh/choices: how the six relations of fc2 depend on what the paper leaves open. */
import { type Chart, type Curve, charts } from "../../figures/charts.ts";
import { type Relation, relationColour, relationFormula, relations } from "../../figures/palette.ts";
import { brief } from "../../findings/numbers.ts";
import { familyOf } from "../fits.ts";
import { overSeeds } from "../overSeeds.ts";
import { scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { ScoreRow, StudiedRun, Study, StudyRun, StudySize } from "../study.ts";
import { type Measured, measuredRuns, sixMedians } from "./hidden.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "fc2, what is open";

/** Choices that the paper leaves open, with alternatives. The first is the default of fc2. */
const choices: readonly (Pick<StudyRun, "preset" | "parameters"> & {
  readonly label: string;
  readonly open: string;
})[] = [
  { label: "default", open: "w, b, u of the teacher ~ N(0, 0.058²), torch's weights, φ = 1, no noise, decay 1e−4" },
  { label: "nonlinear teacher", preset: "nonlinear", open: "variance of the teacher's w, b, u: preset nonlinear" },
  { label: "He's weights", parameters: { initialisation: "he" }, open: "initial weights" },
  { label: "Xavier's weights", parameters: { initialisation: "xavier" }, open: "initial weights" },
  { label: "half the loss", parameters: { lr: 0.05, decay: 2e-4 }, open: "factor 1/2 in the loss" },
  { label: "noise", parameters: { noise: 0.0282 }, open: "noise on the targets, a tenth of their deviation" },
  { label: "φ 0.9", parameters: { phi: 0.9 }, open: "inputs less isotropic" },
  { label: "φ 0.5", parameters: { phi: 0.5 }, open: "inputs less isotropic" },
  { label: "decay 1e−5", parameters: { decay: 1e-5 }, open: "weight decay" },
  { label: "decay 1e−6", parameters: { decay: 1e-6 }, open: "weight decay" },
];

/**
 * A fifth of the paper's steps at size small, after which the default's medians are within 0.05 of their final values.
 */
const steps: Readonly<Record<StudySize, StudyRun["parameters"]>> = { small: { steps: 20_000 }, paper: {} };

export const choicesStudy: Study = {
  name: "crh/choices",
  title: "How the six relations of fc2 depend on choices that the paper leaves open",
  source: crhPaper("fc2 of appendix C.1, its open choices varied one by one"),
  statement:
    "The hypothesis is said to hold whatever the task, the architecture and the loss are. If so, the six relations of fc2 " +
    "do not depend on the teacher's scale, the initial weights, noise on the labels, the inputs' covariance or a factor of the loss.",
  runs: (size) =>
    choices.flatMap(({ label, preset, parameters }) =>
      overEach(
        {
          ...{ label, setting: "fc2" },
          ...(preset !== undefined && { preset }),
          parameters: { ...parameters, ...steps[size] },
        },
        seeds(size, { small: 3, paper: 5 }),
      ),
    ),
  evaluate(done, { size }) {
    const runs = measuredRuns(done);
    const families = choices.flatMap((choice) => {
      const own = runs.filter((run) => familyOf(run) === choice.label);
      return own.length === 0 ? [] : [{ ...choice, runs: own }];
    });
    const smaller = size === "small" ? "20,000 of the paper's 100,000 steps" : undefined;
    return {
      figures: [
        {
          name: "medians",
          caption:
            "Medians of the six relations over the hidden representations of fc2 (paper's convention) for each " +
            "choice, with all else at its default: mean over seeds, with the 95 % interval.",
          figure: charts(
            (["a", "b"] as const).map((side) => panel(families, side)),
            {
              ...{ columns: 2, width: 460, height: 350 },
              legend: relations.map((relation: Relation) => ({
                text: `${relation.toUpperCase()} ${relationFormula[relation]}`,
                colour: relationColour[relation],
                samples: ["dot"],
              })),
            },
          ),
        },
      ],
      claims: families.map(({ label, open, runs: own }) => rowOf(label, open, own, smaller)),
      notes: [
        ...families.map(({ label, open, runs: own }) => `${label} (${open}). ${words(own)}`),
        "The default was selected: of 16 scales of the teacher that were tried, it is the one at which the relations " +
          "hold best. Its teacher is nearly linear: 98 % of the variance, against 63 % in the preset nonlinear.",
        "'Half the loss' is lr 0.05 with decay 2e−4, which is the same trajectory as a factor 1/2.",
      ],
    };
  },
};

function rowOf(label: string, open: string, own: readonly Measured[], smaller: string | undefined): ScoreRow {
  return scored({
    ...{ figure: FIGURE, name: label },
    statement: `all six relations are strong with: ${open}`,
    measured: "smallest of the six medians over hidden representations, paper's convention",
    values: own.map((run) => {
      const six = sixMedians(run);
      return six === null ? null : Math.min(...six);
    }),
    ...{ least: 0.9, why: "what the paper calls strong", ...(smaller !== undefined && { smaller }) },
  });
}

interface Family {
  readonly label: string;
  readonly runs: readonly Measured[];
}

function panel(families: readonly Family[], side: "a" | "b"): Chart {
  return {
    title: side === "a" ? "backward (a)" : "forward (b)",
    x: { label: "choice", categories: families.map(({ label }) => label), aslant: true },
    y: { label: "median alignment", domain: [-0.03, 1.03] },
    curves: relations.map(
      (name, k): Curve => ({
        ...{ name: relationFormula[name], colour: relationColour[name], line: "none", dots: "full" },
        points: families.flatMap(({ label, runs }, i) => {
          const { mean, interval } = overSeeds(runs.map(({ medians }) => medians?.[side][name] ?? null));
          const between = interval === null ? {} : { low: interval[0], high: interval[1] };
          return mean === null ? [] : [{ x: i + 0.18 * (k - 1), y: mean, ...between, title: label }];
        }),
      }),
    ),
  };
}

/** The six medians and the loss, as means over seeds. */
function words(own: readonly Measured[]): string {
  const six = own.map(sixMedians).filter((one) => one !== null);
  const losses = own.map(
    (run: StudiedRun) => run.metrics().findLast(({ name }) => name === "eval/loss")?.value ?? null,
  );
  const { mean: loss } = overSeeds(losses);
  if (six.length === 0) return "No run gave all six medians.";
  const means = Array.from({ length: 6 }, (_, i) => overSeeds(six.map((one) => one[i]!)).mean!.toFixed(2));
  return (
    `Backward RGA, RWA, GWA ${means.slice(0, 3).join(", ")}; forward ${means.slice(3).join(", ")}` +
    `${loss === null ? "" : `; loss of unseen samples ${brief(loss)}`}.`
  );
}
