/**
 * @file Study symmetry/vae: posterior collapse over beta. The linear autoencoder against its exact thresholds, and one
 * on MNIST whose active dimensions fall as the linear theory predicts for modes.
 */
import { charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { picturesFigure } from "../../figures/pictures.ts";
import { linearVae } from "../../symmetry/linearVae.ts";
import { byNumber, meanPoints, numberOf } from "../byNumber.ts";
import { BLUE, GREY } from "../colours.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudiedRun, Study, StudyFigure } from "../study.ts";
import { countAbove, endOf, places, theoryCurve } from "./reads.ts";

const FIGURE = "posterior collapse";
const eigenvalues = [4, 2.5, 1.6, 1, 0.6, 0.3];
/**
 * chosen: none is nearer to a threshold than a twentieth of it; with decoder variance 1 the thresholds are the
 * eigenvalues.
 */
const betas = [0.2, 0.4, 0.56, 0.66, 0.9, 1.06, 1.4, 1.9, 2.8, 4.4];
/** chosen: by factors of two, from many active dimensions to hardly any. */
const imageBetas = [0.25, 0.5, 1, 2, 4, 8];

const betaOf = (run: StudiedRun): number => numberOf(run, "beta");
const expected = (beta: number) => linearVae(eigenvalues, { beta, decoderVariance: 1 });

export const vaeStudy: Study = {
  name: "symmetry/vae",
  title: "Dimensions of a code collapse onto the prior, one by one",
  source:
    "Wang and Ziyin, posterior collapse of a linear latent variable model (NeurIPS 2022, arXiv 2205.04009), and the authors' slides",
  statement:
    "A linear variational autoencoder keeps a mode of the data if and only if its variance exceeds beta times the " +
    "decoder's variance; the code of all others is the prior. A nonlinear one also loses dimensions over beta.",
  needsData: "MNIST",
  runs: (size) => [
    ...betas.flatMap((beta) =>
      overEach(
        { label: `linear, beta ${beta}`, setting: "vae", parameters: { beta } },
        seeds(size, { small: 3, paper: 10 }),
      ),
    ),
    ...imageBetas.flatMap((beta) =>
      overEach(
        { label: `MNIST, beta ${beta}`, setting: "vae", preset: "mnist", parameters: { beta } },
        seeds(size, { small: 1, paper: 5 }),
      ),
    ),
  ],
  evaluate(done) {
    const linear = done.filter(({ parameters }) => parameters.data === "modes");
    const images = done.filter(({ parameters }) => parameters.data === "mnist");
    return {
      figures: [linearFigure(linear), ...imageFigures(images)],
      claims: [...linearClaims(linear), ...imageClaims(images)],
      notes: [
        "The linear autoencoders descend on the loss with the code's noise averaged in closed form. Descent slows " +
          "down in proportion to the distance from a threshold; after 20,000 steps modes 5 % from a threshold are " +
          "decided.",
        "On MNIST a dimension of the code is active if its divergence from the prior, averaged over 500 unseen " +
          "images, is above 0.01 nats. The linear theory uses the eigenvalues of the covariance of 10,000 training " +
          "images, with pixels in [0, 1], and at most as many modes as the code has dimensions.",
        "In a nonlinear decoder one dimension does the work of several modes, so fewer are active than the linear " +
          "theory keeps.",
      ],
    };
  },
};

function linearFigure(runs: readonly StudiedRun[]): StudyFigure {
  const groups = byNumber(runs, betaOf);
  const colours = eigenvalues.map((_, i) => depthColour(i, eigenvalues.length).fill);
  const fine = places(0.1, 5, 200);
  return {
    name: "linear",
    caption:
      "Linear autoencoder after 20,000 steps, over beta. Left: modes left, against the number of eigenvalues above " +
      "beta times the decoder's variance, 1. Right: squared singular values of the decoder (mean over seeds), " +
      "against Eq. 110.",
    figure: charts(
      [
        {
          title: "modes left",
          x: { label: "beta", domain: [0, 5] },
          y: { label: "modes", domain: [-0.3, 6.3] },
          curves: [
            theoryCurve(countAbove(eigenvalues, [0, 5])),
            {
              ...{ name: "measured", colour: BLUE, line: "none", dots: "full" },
              points: meanPoints(groups, (run) => endOf(run, "modes")),
            },
          ],
        },
        {
          title: "squared singular values of the decoder",
          x: { label: "beta", domain: [0, 5] },
          y: { label: "u²" },
          curves: eigenvalues.flatMap((_, i) => [
            theoryCurve(
              fine.map((x) => ({ x, y: expected(x).modes[i]!.decoder ** 2 })),
              colours[i],
            ),
            {
              ...{ name: `mode ${i + 1}`, colour: colours[i]!, line: "none" as const, dots: "full" as const },
              points: meanPoints(groups, (run) => endOf(run, `u${i + 1}`)),
            },
          ]),
        },
      ],
      {
        ...{ columns: 2, width: 420, height: 280 },
        legend: [
          { text: "theory", colour: "currentColor", samples: ["dashed"] },
          ...eigenvalues.map((value, i) => ({
            ...{ text: `mode ${i + 1}, eigenvalue ${value}`, colour: colours[i]!, samples: ["dot"] as const },
          })),
        ],
      },
    ),
  };
}

/** The number of modes that the theory of a run keeps, from its record. */
function saidModes(run: StudiedRun): number | null {
  const group = run.watched()?.groups.find(({ quantities }) => quantities.some(({ name }) => name === "active"));
  return group?.expected[0]?.value ?? null;
}

function imageFigures(runs: readonly StudiedRun[]): StudyFigure[] {
  if (runs.length === 0) return [];
  const groups = byNumber(runs, betaOf);
  const panels = groups.flatMap(([beta, [run]]) => {
    const group = run?.pictures()?.groups[0];
    const active = run && endOf(run, "active");
    return group === undefined ? [] : [{ ...group, title: `beta ${beta}: ${active ?? "?"} active dimensions` }];
  });
  return [
    {
      name: "mnist",
      caption:
        "Autoencoder on MNIST with 32 dimensions of code, over beta: active dimensions (mean over seeds, with the 95 % " +
        "interval for three or more), and modes that a linear one would keep.",
      figure: charts(
        [
          {
            title: "dimensions that say something of the image",
            x: { label: "beta", log: true },
            y: { label: "dimensions" },
            curves: [
              {
                ...{ name: "linear theory", colour: GREY, line: "dashed", dots: "hollow" },
                points: meanPoints(groups, saidModes),
              },
              {
                ...{ name: "active", colour: BLUE, dots: "full" },
                points: meanPoints(groups, (run) => endOf(run, "active")),
              },
            ],
          },
          {
            title: "divergence of the code from the prior",
            x: { label: "beta", log: true },
            y: { label: "nats an image" },
            curves: [
              {
                ...{ name: "nats", colour: BLUE, dots: "full" },
                points: meanPoints(groups, (run) => endOf(run, "nats")),
              },
            ],
          },
        ],
        {
          ...{ columns: 2, width: 420, height: 260 },
          legend: [
            { text: "measured", colour: BLUE, samples: ["line", "dot"] },
            { text: "modes that a linear one would keep (Eq. 110)", colour: GREY, samples: ["dashed"] },
          ],
        },
      ),
    },
    {
      name: "images",
      caption: "Images decoded from 64 codes drawn from the prior, the same codes at every beta (first seed).",
      figure: picturesFigure(panels, { columns: 3, width: 270 }),
    },
  ];
}

function linearClaims(runs: readonly StudiedRun[]) {
  const off = (run: StudiedRun) =>
    Math.max(
      ...expected(betaOf(run)).modes.map(({ decoder }, i) =>
        Math.abs((endOf(run, `u${i + 1}`) ?? Number.NaN) - decoder ** 2),
      ),
    );
  const variance = (run: StudiedRun) =>
    Math.max(
      ...expected(betaOf(run)).modes.map((mode, i) =>
        Math.abs((endOf(run, `v${i + 1}`) ?? Number.NaN) - mode.codeVariance),
      ),
    );
  const worst = (of: (run: StudiedRun) => number) => (runs.length === 0 ? [] : [Math.max(...runs.map(of))]);
  return [
    scored({
      figure: FIGURE,
      name: "linear: modes left",
      statement: "a mode is kept if and only if its variance exceeds beta times the decoder's variance",
      measured: `share of runs with the right number of modes, over ${betas.length} beta`,
      values: runs.map((run) => Number(endOf(run, "modes") === expected(betaOf(run)).kept)),
      least: 1,
      why: "no beta is nearer to a threshold than a twentieth of it",
      counted: true,
      format: percentOf,
    }),
    scored({
      figure: FIGURE,
      name: "linear: u²",
      statement: "kept modes have u² = lambda − beta eta²",
      measured: "largest |u² − theory| over modes, beta and seeds",
      values: worst(off),
      most: 1e-4,
      format: (value) => value.toExponential(1),
      why: "twice the float32 error of singular values of 2",
      counted: true,
    }),
    scored({
      figure: FIGURE,
      name: "linear: variances",
      statement: "the code of a collapsed mode is the prior, that of a kept one has the variance of Eq. 110",
      measured: "largest |variance − theory| over modes, beta and seeds",
      values: worst(variance),
      most: 1e-4,
      format: (value) => value.toExponential(1),
      why: "as for u²",
      counted: true,
    }),
  ];
}

function imageClaims(runs: readonly StudiedRun[]) {
  const counts = byNumber(runs, betaOf).map(([, own]) => own.map((run) => endOf(run, "active")));
  const means = counts.map((own) => own.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0) / own.length);
  const falls = means.slice(1).map((mean, i) => Number(mean < means[i]!));
  const below = runs.map((run) => {
    const [active, said] = [endOf(run, "active"), saidModes(run)];
    return active === null || said === null ? null : Number(active <= said);
  });
  return [
    scored({
      figure: FIGURE,
      name: "MNIST: falls with beta",
      statement: "the number of active dimensions falls with beta",
      measured: "share of the steps between successive beta at which it falls",
      values: falls,
      least: 1,
      why: "every one of them",
      counted: true,
      format: percentOf,
    }),
    scored({
      figure: FIGURE,
      name: "MNIST: at most the linear count",
      statement: "no more dimensions are active than a linear autoencoder would keep",
      measured:
        "share of runs whose count is at most the number of covariance eigenvalues above beta times the decoder's variance",
      values: below,
      least: 1,
      why: "a nonlinear decoder needs fewer dimensions for the same images",
      counted: true,
      format: percentOf,
    }),
  ];
}
