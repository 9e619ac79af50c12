/** @file Study twopoint/3: from rich to lazy learning with the size of the initial weights, and the loss (Fig. 3). */
import { type Chart, type Curve, charts } from "../../figures/charts.ts";
import type { LegendEntry } from "../../figures/legend.ts";
import { depthColour } from "../../figures/palette.ts";
import type { LayerFit } from "../../twopoint/fitLayers.ts";
import { lossCurve } from "../../twopoint/lossCurve.ts";
import { spearman } from "../correlation.ts";
import { endOf, familyOf, finalDeviation, fittedCurves, fitWithLoss, grouped, type Watched, watched } from "../fits.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { ScoreRow, StudiedRun, Study, StudyRun } from "../study.ts";
import { finalDistanceRow } from "./architectures.ts";
import { paper } from "./source.ts";

const FIGURE = "Fig. 3";
/** Gains at 20 layers of 500, as in the authors' table; each has a preset. */
const deep = [0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.6];
/**
 * Gains at 4 layers of 100 with their rates: 0.05 at 0.6 is the table's; 5e-4 at 2.5 and 2e-4 at 3 train without jumps.
 * chosen: between 0.6 and 2.5 the logarithm of the rate falls linearly with the gain.
 */
const narrow: readonly (readonly [gain: number, lr: number])[] = [
  [0.6, 0.05],
  [1, 0.019],
  [1.5, 0.0056],
  [2, 0.0017],
  [2.5, 5e-4],
  [3, 2e-4],
];

export const gainStudy: Study = {
  name: "twopoint/3",
  title: "From rich to lazy",
  source: paper(FIGURE),
  statement:
    "From small initial weights the final representation is that of the targets (rich); large ones leave it where it " +
    "began (lazy). The equations, and the loss that follows from them, hold from one end to the other.",
  runs(size) {
    const all = seeds(size, { small: 1, paper: 5 });
    const run = (label: string, rest: Omit<StudyRun, "label" | "seed" | "setting">) =>
      overEach({ label, setting: "twopoint", ...rest }, all);
    return [
      ...deep.flatMap((gain) => run(`20x500, gain ${gain}`, gain === 1 ? {} : { preset: `gain${gain}` })),
      ...narrow.flatMap(([gain, lr]) =>
        run(`4x100, gain ${gain}`, { preset: "4x100", ...(gain === 0.6 ? {} : { parameters: { gain, lr } }) }),
      ),
      ...run("2x500, gain 2.5", { preset: "shallow", parameters: { gain: 2.5, lr: 0.002 } }),
    ];
  },
  evaluate(done) {
    const all = done.flatMap((run) => {
      const seen = watched(run);
      return seen === undefined ? [] : [{ run, network: familyOf(run).split(",")[0]!, seen, fit: fitWithLoss(seen) }];
    });
    return {
      figures: [
        {
          name: "loss",
          caption:
            "The loss over training, measured (lines) and from the equations with a third rate (dashed); first seeds.",
          figure: charts(
            ["20x500", "4x100"].map((network) => courses(network, all, "loss")),
            { columns: 2, width: 440, height: 260, legend: byGain },
          ),
        },
        {
          name: "change",
          caption:
            "H over its start: far above 1, H has moved with the targets; at 1, learning is lazy; a falling H the " +
            "equations cannot describe.",
          figure: charts(
            ["20x500", "4x100"].map((network) => courses(network, all, "H over its start")),
            { columns: 2, width: 440, height: 260, legend: byGain },
          ),
        },
        {
          name: "ends",
          caption: "Last H over the first, and richness of the fits, by gain.",
          figure: charts(ends(all), { columns: 2, width: 440, height: 260, legend: byNetwork(all) }),
        },
      ],
      claims: [...lazyRows(all), ...trendRows(all), ...riseRows(all), ...lossRows(all), ...distanceRows(all)],
      notes: [
        "Rates of 4 layers of 100 between those of gain 0.6 and 2.5 are chosen so that their logarithm " +
          "falls linearly with the gain.",
        ...all.flatMap(({ run, fit }) => (fit.doubt === null ? [] : [`${run.label}: ${fit.doubt}`])),
      ],
    };
  },
};

interface Fitted {
  readonly run: StudiedRun;
  readonly network: string;
  readonly seen: Watched;
  readonly fit: LayerFit;
}

const byGain: readonly LegendEntry[] = [
  { text: "gain, from the smallest to the largest", colour: "currentColor", samples: ["ramp"] },
  { text: "theory", colour: "currentColor", samples: ["dashed"] },
];

function byNetwork(all: readonly Fitted[]): LegendEntry[] {
  const networks = [...new Set(all.map(({ network }) => network))];
  return networks.map((text, i) => ({ text, colour: depthColour(i, networks.length).fill, samples: ["dot"] }));
}

const gainOf = ({ run }: Fitted) => run.parameters.gain as number;
const changeOf = ({ seen }: Fitted) => endOf(seen) / seen.trajectory.dh2[0]! - 1;
const nameOf = ({ network }: Fitted, gain: number) => `${network}, gain ${gain}`;

/** chosen: losses below this share of the largest loss are not drawn. */
const LEAST_SHARE = 1e-6;

/** One curve per gain, of the first seed, over the share of the run. */
function courses(network: string, all: readonly Fitted[], what: "loss" | "H over its start"): Chart {
  const own = all.filter((one) => one.network === network && one.run.seed === 0);
  const floor = what === "loss" ? LEAST_SHARE * Math.max(...own.map(({ seen }) => Math.max(...seen.loss))) : 0;
  return {
    title: `${network}: ${what}`,
    x: { label: "share of the steps" },
    y: { label: what, log: true },
    curves: own.flatMap((one, i): Curve[] => {
      const { step, dh2 } = one.seen.trajectory;
      const curve = (name: string, values: ArrayLike<number>): Curve => ({
        name: `gain ${gainOf(one)}${name}`,
        colour: depthColour(i, own.length).fill,
        points: Array.from(values, (y, k) => ({ x: step[k]! / step[step.length - 1]!, y })).filter(
          ({ y }) => y >= floor,
        ),
      });
      if (what !== "loss")
        return [
          curve(
            "",
            Array.from(dh2, (value) => value / dh2[0]!),
          ),
        ];
      const said = saidLoss(one);
      return [curve("", one.seen.loss), ...(said ? [{ ...curve(", theory", said), line: "dashed" as const }] : [])];
    }),
  };
}

/** The loss from the fitted equations   (docs/theory.md Eq. 97). */
function saidLoss({ seen, fit }: Fitted): Float64Array | undefined {
  const curves = fittedCurves(seen, fit);
  const { etaYbar = null, ybar0 = 0 } = fit.loss ?? {};
  if (curves === undefined || etaYbar === null || seen.lossFactor === null) return undefined;
  const factor = seen.lossFactor;
  const { step } = seen.trajectory;
  const t = Array.from(step, (at) => at - step[0]!);
  return lossCurve(seen.pair.dy2, { ...curves, t }, { etaYbar, ybar0 }).map((loss) => loss / factor);
}

function ends(all: readonly Fitted[]): Chart[] {
  const networks = [...new Set(all.map(({ network }) => network))];
  const chart = (title: string, label: string, value: (one: Fitted) => number | null, log: boolean): Chart => ({
    title,
    x: { label: "gain" },
    y: { label, log },
    curves: networks.map((network, i) => ({
      name: network,
      colour: depthColour(i, networks.length).fill,
      line: "none",
      points: all
        .filter((one) => one.network === network)
        .map((one) => ({ x: gainOf(one), y: value(one) ?? Number.NaN, title: one.run.label })),
    })),
  });
  return [
    chart("last H over the first", "ratio", (one) => changeOf(one) + 1, true),
    chart("richness of the fit", "richness", ({ fit }) => fit.richness, false),
  ];
}

/** Large weights: the representation stays where it began. */
function lazyRows(all: readonly Fitted[]): ScoreRow[] {
  const asked = [
    { network: "4x100", gain: 2.5, most: 0.1 },
    { network: "4x100", gain: 3, most: 0.1 },
    { network: "2x500", gain: 2.5, most: 0.05 },
  ];
  return asked.map(({ network, gain, most }) => {
    const own = all.filter((one) => one.network === network && gainOf(one) === gain);
    return scored({
      figure: FIGURE,
      name: `${network}, gain ${gain}: lazy`,
      statement: `from large weights the representation stays where it began (${network}, gain ${gain})`,
      measured: "|last H / first H − 1|",
      values: own.map((one) => Math.abs(changeOf(one))),
      most,
      why: "chosen: a representation that moves by no more counts as unchanged; wider networks move less",
      format: percentOf,
    });
  });
}

/** Richness falls as the gain grows. */
function trendRows(all: readonly Fitted[]): ScoreRow[] {
  return ["20x500", "4x100"].map((network) => {
    const own = all.filter((one) => one.network === network);
    const bySeed = [
      ...grouped(
        own.map(({ run }) => run),
        ({ seed }) => seed,
      ).keys(),
    ].map((seed) => {
      const ofSeed = own.filter(({ run, fit }) => run.seed === seed && fit.richness !== null);
      return spearman(
        ofSeed.map(gainOf),
        ofSeed.map(({ fit }) => fit.richness!),
      );
    });
    return scored({
      figure: FIGURE,
      name: `${network}: richness by gain`,
      statement: `the larger the initial weights, the less rich the learning (${network})`,
      measured: "rank correlation of gain and richness (Eq. 96) over the gains whose fit has a richness",
      values: bySeed,
      most: -0.8,
      why: "chosen: it allows one swap of neighbours among six or seven gains",
    });
  });
}

/** By the equations H can only rise while outputs are closer together than their targets. */
function riseRows(all: readonly Fitted[]): ScoreRow[] {
  return [1.4, 1.6].map((gain) => {
    const own = all.filter((one) => one.network === "20x500" && gainOf(one) === gain);
    return scored({
      figure: FIGURE,
      name: `20x500, gain ${gain}: H rises`,
      statement:
        `the equations hold at the lazy end of the table too: H does not fall while the outputs are closer together ` +
        `than their targets (gain ${gain})`,
      measured: "last H / first H − 1",
      values: own.map(changeOf),
      least: -0.02,
      why: "dH/dt = −etaH X w is not negative while w is not positive; 2 % is left for the mean of the pair",
      format: percentOf,
    });
  });
}

function lossRows(all: readonly Fitted[]): ScoreRow[] {
  return deep.map((gain) => {
    const own = all.filter((one) => one.network === "20x500" && gainOf(one) === gain);
    return scored({
      figure: FIGURE,
      name: `20x500, gain ${gain}: loss`,
      statement: `the loss follows from the equations and a third rate (gain ${gain})`,
      measured: "R² of the loss from Eq. 97 with its rate fitted",
      values: own.map(({ fit }) => fit.loss?.r2 ?? null),
      least: 0.9,
      why: "in an independent implementation networks reach 0.98 and more where the equations hold",
    });
  });
}

function distanceRows(all: readonly Fitted[]): ScoreRow[] {
  const limits = { 0.9: 0.1, 1.2: 0.05 };
  return Object.entries(limits).map(([gain, within]) => {
    const own = all.filter((one) => one.network === "20x500" && gainOf(one) === Number(gain));
    const name = own[0] ? nameOf(own[0], Number(gain)) : `20x500, gain ${gain}`;
    return {
      ...finalDistanceRow(
        name,
        own.map(({ fit }) => finalDeviation(fit)),
        within,
      ),
      figure: FIGURE,
    };
  });
}
