/** @file Study symmetry/einstein: fluctuation and dissipation of an overdamped particle, in steps of finite size. */
import { type Curve, charts } from "../../figures/charts.ts";
import { Random } from "../../random/random.ts";
import { stationaryVariance } from "../../symmetry/einstein.ts";
import { overSeeds } from "../overSeeds.ts";
import { percentOf, scored } from "../score.ts";
import type { Study, StudyFigure, StudySize } from "../study.ts";
import { particleVariance } from "./simulate.ts";
import { SGD, theoryEntry } from "./source.ts";

const SOURCE = "Einstein's relation";
/** mu dt. */
const STEPS = [0.02, 0.1, 0.3, 0.6, 1] as const;
/** chosen: the mean of x^2 is then known to a third of a percent in the smallest step. */
const PARTICLES: Readonly<Record<StudySize, { readonly chains: number; readonly seeds: number }>> = {
  small: { chains: 5000, seeds: 5 },
  paper: { chains: 10_000, seeds: 10 },
};

/** Fluctuation over dissipation against the step size, and its deviation from theory. */
function ratioFigure(all: readonly Simulated[], { chains, seeds }: (typeof PARTICLES)[StudySize]): StudyFigure {
  return {
    name: "ratio",
    caption:
      "D over μ <x²> for simulated particles, mean over seeds with its 95 % interval, against the step size. " +
      "The line is 2 − μ dt (Eq. 115), which is 2 in continuous time.",
    figure: charts(
      [
        {
          title: "fluctuation over dissipation",
          x: { label: "μ dt", domain: [0, 1.05] },
          y: { label: "D / (μ <x²>)", domain: [0, 2.2] },
          curves: [
            {
              ...{ name: "2 − μ dt", colour: "currentColor", line: "dashed" },
              points: [0, 1].map((x) => ({ x, y: 1 / expected(x) })),
            },
            simulated(all, (ratio) => ratio),
          ],
        },
        {
          title: "deviation",
          x: { label: "μ dt", domain: [0, 1.05] },
          y: { label: "ratio over 2 − μ dt, minus one, in %", domain: [-1.5, 1.5] },
          curves: [
            { name: "0", colour: "currentColor", line: "dashed", points: [0, 1].map((x) => ({ x, y: 0 })) },
            simulated(all, (ratio, step) => 100 * (ratio * expected(step) - 1)),
          ],
        },
      ],
      {
        ...{ columns: 2, width: 430, height: 260 },
        legend: [
          { text: `${chains} particles, ${seeds} seeds`, colour: SGD, samples: ["dot", "whisker"] },
          theoryEntry("2 − μ dt"),
        ],
      },
    ),
  };
}

export const einsteinStudy: Study = {
  name: "symmetry/einstein",
  title: "Fluctuation and dissipation of an overdamped particle",
  source: "Einstein (1905); the authors' slides compare SGD with it",
  statement:
    "A particle that drifts back at the rate μ and is driven by noise of unit intensity times √D has D = 2 μ <x²> in " +
    "the stationary state. In steps of size dt, D / (μ <x²>) = 2 − μ dt. The slides print 1 instead of 2.",
  runs: () => [],
  evaluate(_, { size }) {
    const { chains, seeds } = PARTICLES[size];
    const all = STEPS.map((step) => ({
      step,
      ratios: Array.from({ length: seeds }, (_unused, seed) => {
        const random = new Random(seed).split(`mu dt ${step}`);
        return 1 / particleVariance({ chains, step, before: 8, over: 32 }, random);
      }),
    }));
    return {
      figures: [ratioFigure(all, PARTICLES[size])],
      claims: [
        ...all.map(({ step, ratios }) =>
          scored({
            ...{ figure: SOURCE, name: `μ dt = ${step}` },
            statement: `at μ dt = ${step} fluctuation and dissipation are in the ratio 2 − μ dt`,
            measured: "D / (μ <x²>) over 2 − μ dt, minus one",
            values: ratios.map((ratio) => ratio * expected(step) - 1),
            ...{ least: -0.01, most: 0.01 },
            why: "three times the accuracy of so many particles",
            format: percentOf,
          }),
        ),
        scored({
          ...{ figure: SOURCE, name: "the slides' factor" },
          statement: "for small steps the ratio is 1, as the slides print",
          measured: `D / (μ <x²>) at μ dt = ${STEPS[0]}`,
          values: all[0]!.ratios,
          ...{ least: 0.9, most: 1.1 },
          why: "a tenth is more than the effect of steps of this size",
        }),
      ],
      notes: ["Noise of unit intensity means <ξ(t) ξ(t')> = δ(t − t'). With twice that intensity the factor is 1."],
    };
  },
};

interface Simulated {
  readonly step: number;
  readonly ratios: readonly number[];
}

/** Means over seeds with their intervals. */
function simulated(all: readonly Simulated[], of: (ratio: number, step: number) => number): Curve {
  return {
    ...{ name: "simulated", colour: SGD, line: "none", dots: "full" },
    points: all.map(({ step, ratios }) => {
      const { mean, interval } = overSeeds(ratios.map((ratio) => of(ratio, step)));
      return { x: step, y: mean ?? Number.NaN, ...(interval && { low: interval[0], high: interval[1] }) };
    }),
  };
}

/** <x^2> for D = mu = 1. */
const expected = (step: number): number => stationaryVariance({ damping: 1, diffusion: 1, timeStep: step });
