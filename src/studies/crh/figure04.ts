/** @file Study crh/4: the rank of representations against their backward RGA, over layers and weight decays of fc2. */
import { plainNumber } from "../../figures/axes.ts";
import { type Chart, charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { byNumber, numberOf } from "../byNumber.ts";
import { spearman } from "../correlation.ts";
import { scored } from "../score.ts";
import type { StudiedRun, Study } from "../study.ts";
import { alignmentOf, type Measured, measuredRuns } from "./hidden.ts";
import { fc2Runs } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 4";
const kinds = { participation: "participation ratio", numerical: "numerical rank" } as const;
type Kind = keyof typeof kinds;

const decayOf = (run: StudiedRun) => numberOf(run, "decay");

interface Point {
  readonly rank: number;
  readonly rga: number;
  readonly title: string;
}

export const study4: Study = {
  name: "crh/4",
  title: "A more compact representation is better aligned",
  source: crhPaper("Fig. 4"),
  statement:
    "The rank of a representation is strongly negatively correlated with its backward RGA, over the layers of a fully " +
    "connected network (fc2) and over weight decay from 1e−6 to 1e−4.",
  runs: (size) => fc2Runs(size),
  evaluate(done) {
    const runs = measuredRuns(done);
    const seeds = byNumber(runs, ({ seed }) => seed);
    const decays = byNumber(runs, decayOf).map(([decay]) => decay);
    const row = (kind: Kind) =>
      scored({
        ...{ figure: FIGURE, name: kinds[kind] },
        statement: "the rank of representation is strongly negatively correlated with α",
        measured: `rank correlation of the ${kinds[kind]} of H_a with backward RGA over hidden layers and decays, by seed`,
        values: seeds.map(([, own]) => correlationOf(own.flatMap((run) => pointsOf(run, kind)))),
        most: -0.6,
        why: "chosen: usually called strong; 25 points give −0.4 by chance in one of forty cases",
      });
    const within = scored({
      ...{ figure: FIGURE, name: "within one network" },
      statement: "the layers of one network follow the same order",
      measured:
        "rank correlation of the participation ratio of H_a with backward RGA over the five hidden layers of a network",
      values: runs.map((run) => correlationOf(pointsOf(run, "participation"))),
      most: 0,
      why: "any negative value counts: the paper's points of one colour",
    });
    return {
      figures: [
        {
          name: "ranks",
          caption:
            "Hidden layers of fc2 after training, one point per layer and seed: backward RGA (paper's convention) " +
            "against the rank of H_a over its dimension. Colours: weight decay. Left: participation ratio. Right: " +
            "eigenvalues above a thousandth of the largest.",
          figure: charts(
            (["participation", "numerical"] as const).map((kind) => panel(runs, kind)),
            {
              ...{ columns: 2, width: 460, height: 320 },
              legend: decays.map((decay) => ({
                text: `decay ${plainNumber(decay)}`,
                colour: decayColour(decay),
                samples: ["dot"],
              })),
            },
          ),
        },
      ],
      claims: [row("participation"), row("numerical"), within],
      notes: [
        "The paper does not say which rank it means, nor whether the data count as a representation. Here they do " +
          "not: the points are the inputs of maps 1 to 5.",
      ],
    };
  },
};

/** The colour of a decay from 1e-6 to 1e-4, on the scale from the first to the last layer. */
const decayColour = (decay: number) => depthColour(2 * (Math.log10(decay) + 6), 5).fill;

function pointsOf({ last, seed }: Measured, kind: Kind): Point[] {
  return last.layers.slice(1).flatMap((layer) => {
    const rga = alignmentOf(layer, "a", "rga");
    const found = layer.ranks.paper.a?.H;
    const rank = found?.[kind] ?? null;
    if (rga === null || rank === null) return [];
    return [{ rank: rank / found!.dimension, rga, title: `${layer.name}, seed ${seed}: rank ${rank.toPrecision(3)}` }];
  });
}

const correlationOf = (points: readonly Point[]) =>
  spearman(
    points.map(({ rank }) => rank),
    points.map(({ rga }) => rga),
  );

function panel(runs: readonly Measured[], kind: Kind): Chart {
  return {
    title: kinds[kind],
    x: { label: `${kinds[kind]} of H_a / dimension`, domain: [0, 1.02] },
    y: { label: "backward RGA" },
    curves: byNumber(runs, decayOf).map(([decay, own]) => ({
      ...{ name: `decay ${plainNumber(decay)}`, colour: decayColour(decay), line: "none", dots: "full" },
      points: own.flatMap((run) => pointsOf(run, kind).map(({ rank, rga, title }) => ({ x: rank, y: rga, title }))),
    })),
  };
}
