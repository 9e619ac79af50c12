/**
 * @file Study symmetry/balance: noise balance of neighbouring maps against RGA of the representation between them, in
 * fc2 with and without weight decay. Also the imbalance of weights under decay against the difference of their noise
 * (docs/theory.md Eqs. 107, 108, 122).
 */
import { type Chart, type Curve, charts } from "../../figures/charts.ts";
import type { LegendEntry } from "../../figures/legend.ts";
import { depthColour, relationColour } from "../../figures/palette.ts";
import { brief } from "../../findings/numbers.ts";
import { median } from "../../measure/median.ts";
import { pairGroups, pairName, sharedRga } from "../../measure/network/pairGroups.ts";
import { PairHalves } from "../../measure/network/pairs.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import { pearson, spearman } from "../correlation.ts";
import { scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { ScoreRow, StudiedRun, Study, StudyFigure } from "../study.ts";
import { noisePaper } from "./source.ts";

const FIGURE = "noise balance and RGA";
const DECAYS = [1e-4, 0] as const;
const STEPS = 50_000;

/** Values of an independent implementation in float64 for the five pairs at the end, mean of two seeds (decay 1e-4). */
const independent = [
  { pearson: 0.83, ratio: 0.245, rga: 0.925, slope: 1.02, slopeWithin: 0.15 },
  { pearson: 0.98, ratio: 2.1, rga: 0.965, slope: 1.12, slopeWithin: 0.15 },
  { pearson: 0.99, ratio: 1.36, rga: 0.975, slope: 1.09, slopeWithin: 0.15 },
  { pearson: 0.99, ratio: 1.065, rga: 0.98, slope: 0.78, slopeWithin: 0.3 },
  { pearson: 0.975, ratio: 19, rga: 0.94, slope: 1, slopeWithin: 0.05 },
] as const;

/** One pair at one step of one run. */
interface Point {
  readonly pair: number;
  readonly step: number;
  readonly balance: number;
  readonly error: number | null;
  readonly ratio: number | null;
  readonly rga: number;
}

interface Course {
  readonly run: StudiedRun;
  readonly decay: number;
  readonly names: readonly string[];
  readonly points: readonly Point[];
  /** From the last measurement, pair by pair; empty without decay. */
  readonly rests: readonly Rest[];
}

/** The imbalance of one pair's weights and the value that noise and decay predict, neuron by neuron. */
interface Rest {
  readonly pair: number;
  /** U^T U - W W^T, diagonal. */
  readonly imbalance: readonly number[];
  /** rate / ((1 - m) 2 gamma batch) times the diagonal of A - B. */
  readonly expected: readonly number[];
  readonly slope: number | null;
}

export const balanceStudy: Study = {
  name: "symmetry/balance",
  title: "Noise balance of neighbouring maps goes with the alignment of the representation that they share",
  source: noisePaper("noise equilibrium"),
  statement:
    "Where SGD rests, the gradient noise of two neighbouring maps is in balance. This is a relation between weighted " +
    "second moments of the same activations and gradients that the canonical representation hypothesis aligns. Noise " +
    "balance rises with RGA over training and over settings, but the two are not the same, and noise balance does " +
    "not order the layers of one network. With weight decay the weights are out of balance by as much as their noise " +
    "is.",
  runs: (size) =>
    DECAYS.flatMap((decay) =>
      overEach(
        {
          ...{ label: `decay ${decay}`, setting: "fc2", parameters: { steps: STEPS, decay } },
          ...{ measured: "often", keepsMoments: true },
        },
        seeds(size, { small: 2, paper: 5 }),
      ),
    ),
  evaluate(done) {
    const all = done.map(courseOf).toSorted((x, y) => y.decay - x.decay || x.run.seed - y.run.seed);
    const decayed = all.filter(({ decay }) => decay > 0);
    return {
      figures: figuresOf(all, decayed),
      claims: [
        ...overStepsRows(all),
        overLayersRow(all),
        atStartRow(all),
        ...independent.flatMap((wanted, pair) => endRows(decayed, pair, wanted)),
      ],
      notes: notesOf(all, decayed),
    };
  },
};

function courseOf(run: StudiedRun): Course {
  const snapshots = run.snapshots();
  const names = pairGroups(snapshots.at(-1)?.pairs).map(pairName);
  const decay = run.parameters.decay as number;
  return { run, decay, names, points: snapshots.flatMap(pointsOf), rests: decay > 0 ? restsOf(run) : [] };
}

function pointsOf(snapshot: Snapshot): Point[] {
  return pairGroups(snapshot.pairs).flatMap((group, pair): Point[] => {
    const { alignment, alignmentError: error, ratio } = group.pairs[0]!.noiseBalance;
    const rga = sharedRga(group, snapshot);
    return alignment === null || rga === null
      ? []
      : [{ pair, step: snapshot.step, balance: alignment, error, ratio, rga }];
  });
}

/** The diagonals at the last measurement, from its moments. */
function restsOf(run: StudiedRun): Rest[] {
  const moments = run.moments();
  if (moments?.edges === undefined) return [];
  const { lr, momentum, decay, batch } = run.parameters as Readonly<Record<string, number>>;
  const factor = lr! / ((1 - momentum!) * 2 * decay! * batch!);
  const halves = new PairHalves(moments.edges).add(moments.layers, []);
  return moments.edges.pairs.flatMap((edge, pair): Rest[] => {
    const { first, second } = halves.of(edge);
    if (edge.symmetry !== "rescaling" || !first?.noise || !second?.noise) return [];
    const [A, B] = [second.noise.moment.data, first.noise.moment.data];
    const imbalance = Array.from(second.weights.data, (value, i) => value - first.weights.data[i]!);
    const expected = Array.from(A, (value, i) => factor * (value - B[i]!));
    return [{ pair, imbalance, expected, slope: slopeOf(expected, imbalance) }];
  });
}

/** Slope of a least-squares fit with an intercept; null without variance. */
function slopeOf(x: readonly number[], y: readonly number[]): number | null {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const xx = x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
  const xy = x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0);
  return xx > 0 ? xy / xx : null;
}

const last = ({ points }: Course, pair: number) => points.findLast((point) => point.pair === pair);
const ofPair = ({ points }: Course, pair: number) => points.filter((point) => point.pair === pair);

/** Rows over the steps of both settings, for each pair and seed. */
function overStepsRows(all: readonly Course[]): ScoreRow[] {
  const bySeed = [...new Set(all.map(({ run }) => run.seed))].map((seed) => all.filter(({ run }) => run.seed === seed));
  const row = (name: string, statement: string, sets: readonly (readonly Course[])[]) =>
    scored({
      ...{ figure: FIGURE, name, statement },
      measured: "rank correlation of noise balance and RGA over steps, median over pairs",
      values: sets.map((courses) =>
        median(
          independent.map((_, pair) => {
            const points = courses.flatMap((course) => ofPair(course, pair));
            return spearman(
              points.map(({ balance }) => balance),
              points.map(({ rga }) => rga),
            );
          }),
        ),
      ),
      least: 0.6,
      why: "chosen: a clear order; an independent implementation finds 0.8 to 0.9",
    });
  return [
    row(
      "over steps and settings",
      "noise balance goes with RGA over training, with and without decay together",
      bySeed.filter((courses) => courses.length === DECAYS.length),
    ),
    ...DECAYS.map((decay) =>
      row(
        `over steps, decay ${decay}`,
        `noise balance goes with RGA over training (decay ${decay})`,
        all.filter((course) => course.decay === decay).map((course) => [course]),
      ),
    ),
  ];
}

/** The row over the pairs of one network, step by step. */
function overLayersRow(all: readonly Course[]): ScoreRow {
  return scored({
    ...{ figure: FIGURE, name: "over layers" },
    statement: "noise balance does not order the layers of one network as RGA does",
    measured: "rank correlation of noise balance and RGA over the pairs of a network at one step, mean over steps",
    values: all.map(({ points }) => {
      const found = [...new Set(points.map(({ step }) => step))].flatMap((step) => {
        const value = overLayers(points.filter((point) => point.step === step));
        return value === null ? [] : [value];
      });
      return found.length === 0 ? null : found.reduce((sum, value) => sum + value, 0) / found.length;
    }),
    most: 0.5,
    why: "chosen: below the limit over steps; an independent implementation finds −0.03",
  });
}

function overLayers(points: readonly Point[]): number | null {
  return spearman(
    points.map(({ balance }) => balance),
    points.map(({ rga }) => rga),
  );
}

function atStartRow(all: readonly Course[]): ScoreRow {
  return scored({
    ...{ figure: FIGURE, name: "not the same at the start" },
    statement: "noise balance is not RGA: before training it is far above RGA",
    measured: "noise balance minus RGA at step 0, median over pairs",
    values: all.map(({ points }) => {
      const start = points.filter(({ step }) => step === 0);
      return median(start.map(({ balance, rga }) => balance - rga));
    }),
    least: 0.2,
    why: "an independent implementation finds 0.6 to 0.8 with RGA at 0.2 to 0.3",
  });
}

/** One pair at the end, compared with an independent implementation. */
function endRows(decayed: readonly Course[], pair: number, wanted: (typeof independent)[number]): ScoreRow[] {
  const name = decayed[0]?.names[pair] ?? `pair ${pair}`;
  const why = "chosen around the values of an independent implementation, whose two seeds differ by up to half of that";
  const row = (what: string, measured: string, values: readonly (number | null)[], around: [number, number]) =>
    scored({
      ...{ figure: "fc2 at the end, decay 1e-4", name: `${name}: ${what}`, measured, values, why },
      statement: `${what} of ${name} agrees with an independent implementation`,
      ...{ least: around[0], most: around[1] },
    });
  const ends = decayed.map((course) => last(course, pair));
  const slopes = decayed.map(({ rests }) => rests.find((rest) => rest.pair === pair)?.slope ?? null);
  const { pearson: p, ratio, rga, slope, slopeWithin } = wanted;
  return [
    row(
      "noise balance",
      "Pearson's correlation of the diagonals of A and B",
      ends.map((end) => end?.balance ?? null),
      [p - 0.06, Math.min(1, p + 0.06)],
    ),
    row(
      "ratio",
      "tr A / tr B",
      ends.map((end) => end?.ratio ?? null),
      [ratio / 1.2, ratio * 1.2],
    ),
    row(
      "RGA",
      "RGA of the representation that the pair shares, paper's convention",
      ends.map((end) => end?.rga ?? null),
      [rga - 0.05, Math.min(1, rga + 0.05)],
    ),
    row("slope", "slope of UᵀU − WWᵀ over rate / ((1 − m) 2 γ batch) (A − B), diagonals", slopes, [
      slope - slopeWithin,
      slope + slopeWithin,
    ]),
  ];
}

function figuresOf(all: readonly Course[], decayed: readonly Course[]): StudyFigure[] {
  const names = all[0]?.names ?? [];
  const legend: LegendEntry[] = names.map((text, i) => ({
    text,
    colour: colourOf(i, names),
    samples: ["line", "dot"],
  }));
  return [
    {
      name: "joined",
      caption:
        "Noise balance of a pair (Pearson's correlation of the diagonals of A and B) against RGA of the " +
        "representation that it shares (paper's convention, side a of the upper map). One point per pair and step; " +
        "lines join first seeds over training, which goes from left to right. Noise balance goes with RGA over " +
        "training, with and without decay, and mostly lies above it: before training it is far from 0 where RGA is " +
        "small. It does not order the layers of one network.",
      figure: charts(
        DECAYS.map((decay) => joined(decay, all, names)),
        {
          columns: 2,
          width: 460,
          height: 380,
          legend: [...legend, { text: "further seeds", colour: "currentColor", samples: ["ring"] }],
        },
      ),
    },
    {
      name: "courses",
      caption: "Noise balance (full) and RGA (dashed) over training; the ratio tr A / tr B. First seeds.",
      figure: charts(
        DECAYS.flatMap((decay) => courses(decay, all, names)),
        {
          ...{ columns: 2, width: 460, height: 250 },
          legend: [...legend, { text: "RGA", colour: relationColour.rga, samples: ["dashed"] }],
        },
      ),
    },
    {
      name: "rest",
      caption:
        "Imbalance of each neuron's weights, UᵀU − WWᵀ, against the value that noise and decay predict, rate / ((1 − " +
        "m) 2 γ batch) times A − B, at the end with decay 1e-4. The line is equality. First seed.",
      figure: charts(restCharts(decayed[0], names), { columns: 3 }),
    },
  ];
}

const colourOf = (pair: number, names: readonly string[]) => depthColour(pair, names.length).fill;

function joined(decay: number, all: readonly Course[], names: readonly string[]): Chart {
  const own = all.filter((course) => course.decay === decay);
  const curves = own.flatMap((course, k): Curve[] =>
    names.map((name, pair): Curve => {
      const points = ofPair(course, pair).map(({ rga, balance, step, error }) => ({
        ...{ x: rga, y: balance, title: `${name}, step ${step}, seed ${course.run.seed}` },
        ...(error !== null && k === 0 && { low: balance - error, high: balance + error }),
      }));
      const drawn = k === 0 ? ({ line: "solid", dots: "full" } as const) : ({ line: "none", dots: "hollow" } as const);
      return { name: `${name}, seed ${course.run.seed}`, colour: colourOf(pair, names), points, ...drawn };
    }),
  );
  return {
    title: decay > 0 ? `weight decay ${decay}` : "no weight decay",
    x: { label: "RGA of the shared representation", domain: [0, 1] },
    y: { label: "noise balance", domain: [0, 1] },
    diagonal: true,
    curves,
  };
}

function courses(decay: number, all: readonly Course[], names: readonly string[]): Chart[] {
  const course = all.find((one) => one.decay === decay);
  const title = decay > 0 ? `decay ${decay}` : "no decay";
  const curve = (pair: number, value: (point: Point) => number | null): Pick<Curve, "name" | "colour" | "points"> => ({
    ...{ name: names[pair]!, colour: colourOf(pair, names) },
    points: course ? ofPair(course, pair).map((point) => ({ x: point.step + 1, y: value(point) ?? Number.NaN })) : [],
  });
  const x = { label: "step + 1", log: true };
  return [
    {
      ...{ title: `noise balance and RGA, ${title}`, x, y: { label: "correlation", domain: [0, 1] as const } },
      curves: names.flatMap((_, pair) => [
        curve(pair, ({ balance }) => balance),
        { ...curve(pair, ({ rga }) => rga), line: "dashed" as const },
      ]),
    },
    {
      ...{ title: `noise above over noise below, ${title}`, x, y: { label: "tr A / tr B", log: true } },
      curves: names.map((_, pair) => curve(pair, ({ ratio }) => ratio)),
    },
  ];
}

function restCharts(course: Course | undefined, names: readonly string[]): Chart[] {
  return (course?.rests ?? []).map(({ pair, imbalance, expected, slope }) => ({
    title: `${names[pair]}, slope ${slope === null ? "none" : brief(slope)}`,
    x: { label: "noise over decay" },
    y: { label: "UᵀU − WWᵀ" },
    diagonal: true,
    curves: [
      {
        ...{ name: names[pair]!, colour: colourOf(pair, names), line: "none" as const },
        points: imbalance.map((y, i) => ({ x: expected[i]!, y, title: `neuron ${i}` })),
      },
    ],
  }));
}

function notesOf(all: readonly Course[], decayed: readonly Course[]): string[] {
  const ends = all.map((course) => {
    const words = course.names.flatMap((name, pair) => {
      const end = last(course, pair);
      return end
        ? [`${name} ${brief(end.balance)}, ${end.ratio === null ? "–" : brief(end.ratio)}, ${brief(end.rga)}`]
        : [];
    });
    const order = overLayers(course.names.flatMap((_, pair) => last(course, pair) ?? []));
    const overEnd = order === null ? "" : ` Rank correlation over these pairs ${brief(order)}.`;
    return `${course.run.label}: noise balance, tr A / tr B and RGA at the end: ${words.join("; ")}.${overEnd}`;
  });
  const fits = decayed.flatMap(({ run, names, rests }) => {
    const words = rests.map(
      ({ pair, imbalance, expected }) => `${names[pair]} ${brief(pearson(expected, imbalance) ?? Number.NaN)}`,
    );
    return rests.length === 0
      ? []
      : [
          `${run.label}: Pearson's correlation of the imbalance of weights with the predicted value: ${words.join(", ")}.`,
        ];
  });
  return [
    "Only diagonals are compared: through ReLU only each neuron's own scale is a symmetry (Eq. 107).",
    ...ends,
    ...fits,
  ];
}
