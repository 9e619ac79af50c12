/**
 * @file Study twopoint/regimes: whether the rich regime of the two-point theory is the regime in which representations
 * align.
 */
import { type Chart, type Curve, charts } from "../../figures/charts.ts";
import type { LegendEntry } from "../../figures/legend.ts";
import { type Relation, relationColour, relationFormula } from "../../figures/palette.ts";
import { type HiddenMedians, hiddenMedians } from "../../findings/hiddenMedians.ts";
import { median } from "../../measure/median.ts";
import { type RelationName, relationNames } from "../../measure/phase/phaseTable.ts";
import { BLUE, GREY } from "../colours.ts";
import { spearman } from "../correlation.ts";
import { fitWatched, grouped, watchedPairs } from "../fits.ts";
import { scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudiedRun, Study } from "../study.ts";

const SOURCE = "regimes";
/**
 * Gains of fc2. chosen: gains at which it learns at the paper's rate. Below 0.85 the signal dies with depth and weight
 * decay takes the rest; from 2.8 it does not learn or diverges (docs/log.md).
 */
const gains = [0.85, 1, 1.2, 1.4, 1.7, 2];

export const regimeStudy: Study = {
  name: "twopoint/regimes",
  title: "Is the rich regime that of the CRH?",
  source:
    "a question between van Rossem & Saxe (arXiv 2402.09142) and Ziyin et al. (arXiv 2410.03006); neither " +
    "paper asks it",
  statement:
    "If representations align with gradients and weights because learning is rich, then initial weights from which " +
    "two points learn richly also give six large alignments, and lazy ones leave them at chance.",
  runs(size) {
    return gains.flatMap((gain) =>
      overEach(
        {
          ...{ label: `gain ${gain}`, setting: "fc2", follow: [0, 1, 2, 3] },
          parameters: { gain, ...(size === "small" ? { steps: 20_000 } : {}) },
        },
        seeds(size, { small: 1, paper: 3 }),
      ),
    );
  },
  evaluate(done, { size }) {
    const all = done.map(pointOf).sort((x, y) => x.gain - y.gain);
    const bySeed = [
      ...grouped(
        all.map(({ run }) => run),
        ({ seed }) => seed,
      ).keys(),
    ].map((seed) => all.filter(({ run }) => run.seed === seed));
    return {
      figures: [
        {
          name: "regimes",
          caption:
            "Gain of the initial weights against richness and quality of the two-point fits (median over followed " +
            "pairs) and the medians of the six alignments over hidden representations (paper's convention). An R² " +
            "below 0 is drawn at the lower edge.",
          figure: charts(panels(all), { columns: 1, width: 520, height: 210, legend }),
        },
      ],
      claims: [
        scored({
          figure: SOURCE,
          name: "lazy weights align less",
          statement: "weights from which two points learn lazily leave representations less aligned",
          measured: "mean of the six medians at the richest gain, minus that at the laziest",
          values: bySeed.map(fallOfAlignment),
          least: 0.3,
          why: "half of the way from an aligned network (0.9) to chance (0.3 at most); mere order would count hundredths",
          smaller: size === "small" ? "20,000 steps instead of the paper's 100,000" : undefined,
        }),
        scored({
          figure: SOURCE,
          name: "two points follow the theory",
          statement: "two held-out samples among many move as the two-point theory predicts",
          measured: "smallest R² of H, Y and w, median over pairs and gains",
          values: bySeed.map((own) => median(own.map(({ leastR2 }) => leastR2))),
          least: 0.5,
          why: "a fit below this is called poor, and its richness says little",
        }),
        scored({
          figure: SOURCE,
          name: "gain decides richness",
          statement: "richness falls as the initial weights grow",
          measured: "rank correlation of gain and richness over the gains",
          values: bySeed.map((own) => {
            const fitted = own.filter(({ richness }) => richness !== null);
            return spearman(
              fitted.map(({ gain }) => gain),
              fitted.map(({ richness }) => richness!),
            );
          }),
          most: -0.8,
          why: "with six gains, −0.8 comes by chance in less than one of twenty cases",
        }),
      ],
      notes: [
        "The followed pairs are held-out samples among many, for which the two-point theory is an approximation: " +
          "read richness together with R².",
        ...all.map(
          ({ run, loss, fits }) =>
            `${run.label}: ${fits} pairs ` +
            `fitted${loss === undefined ? "" : `, loss of held-out samples ${loss.toPrecision(3)}`}.`,
        ),
      ],
    };
  },
};

/** Null unless two gains have both numbers. */
function fallOfAlignment(own: readonly Point[]): number | null {
  const known = own
    .filter(({ richness, alignment }) => richness !== null && alignment !== null)
    .sort((x, y) => x.richness! - y.richness!);
  return known.length < 2 ? null : known.at(-1)!.alignment! - known[0]!.alignment!;
}

const legend: readonly LegendEntry[] = relationNames.map((name) => ({
  ...{ text: relationFormula[name as Relation], colour: relationColour[name as Relation], samples: ["dot"] as const },
}));

interface Point {
  readonly run: StudiedRun;
  readonly gain: number;
  readonly richness: number | null;
  /** R² of H, and the smallest over the three variables: medians over the pairs. */
  readonly r2: number | null;
  readonly leastR2: number | null;
  readonly fits: number;
  readonly medians: HiddenMedians | undefined;
  /** Mean of the six medians. */
  readonly alignment: number | null;
  readonly loss: number | undefined;
}

function pointOf(run: StudiedRun): Point {
  const fits = watchedPairs(run)
    .map((seen) => fitWatched(seen))
    .filter(({ richness }) => richness !== null);
  const snapshot = run.snapshot();
  const medians = snapshot && hiddenMedians(snapshot, "paper");
  const six = medians ? relationNames.flatMap((name) => [medians.a[name], medians.b[name]]) : [];
  const known = six.filter((value) => value !== null);
  return {
    ...{ run, medians, gain: run.parameters.gain as number, fits: fits.length },
    richness: median(fits.map(({ richness }) => richness)),
    r2: median(fits.map(({ r2 }) => r2.dh2)),
    leastR2: median(fits.map(({ r2 }) => Math.min(...[r2.dh2, r2.dy2, r2.w].filter((value) => value !== null)))),
    alignment: known.length === 6 ? known.reduce((sum, value) => sum + value, 0) / 6 : null,
    loss: run.metrics().findLast(({ name }) => name === "eval/loss")?.value,
  };
}

function panels(all: readonly Point[]): Chart[] {
  const gain = { label: "gain", log: true };
  const curve = (name: string, colour: string, value: (point: Point) => number | null): Curve => ({
    ...{ name, colour, line: "none", dots: "full" },
    points: all.map((point) => ({ x: point.gain, y: value(point) ?? Number.NaN, title: point.run.label })),
  });
  const relation = (name: RelationName, side: "a" | "b"): Curve => ({
    ...curve(
      `${relationFormula[name as Relation]}, side ${side}`,
      relationColour[name as Relation],
      ({ medians }) => medians?.[side][name] ?? null,
    ),
    dots: side === "a" ? "hollow" : "full",
  });
  return [
    {
      title: "richness of followed pairs",
      x: gain,
      y: { label: "richness", domain: [0, 1.2] },
      curves: [curve("richness", BLUE, ({ richness }) => richness)],
    },
    {
      title: "R² of H",
      x: gain,
      y: { label: "R²", domain: [-0.05, 1.05] },
      curves: [curve("R²", GREY, ({ r2 }) => r2)],
    },
    {
      title: "six alignments (hollow: input side)",
      x: gain,
      y: { label: "alignment", domain: [-0.1, 1.05] },
      curves: (["a", "b"] as const).flatMap((side) => relationNames.map((name) => relation(name, side))),
    },
  ];
}
