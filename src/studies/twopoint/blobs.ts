/**
 * @file Study twopoint/blobs: the features of Gaussian bumps in two contexts that a network keeps, depending on the
 * size of its initial weights.
 */

import { type Chart, type Curve, charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { classicalScaling } from "../../linalg/classicalScaling.ts";
import { matrix } from "../../linalg/matrix.ts";
import { familyOf } from "../fits.ts";
import { lastDistances } from "../lastDistances.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudiedRun, Study } from "../study.ts";
import { withinShare } from "../withinShare.ts";
import { paper } from "./source.ts";

const SOURCE = "blobs";
const gains = { "gain 2": "large", "gain 0.5": undefined, "gain 0.275": "tiny" } as const;

export const blobStudy: Study = {
  name: "twopoint/blobs",
  title: "Which features are kept",
  source: paper("the authors' notebook on orthogonal contexts, after Flesch et al. (Neuron 2022)"),
  statement:
    "Bumps on a grid are shown in two contexts; one asks for the horizontal position, the other for the vertical " +
    "one. From large weights the representation keeps both positions, as in the input; from small weights it keeps " +
    "only the position that is asked for.",
  runs: (size) =>
    Object.entries(gains).flatMap(([label, preset]) =>
      overEach({ label, setting: "twopoint-blobs", ...(preset && { preset }) }, seeds(size, { small: 1, paper: 5 })),
    ),
  evaluate(done) {
    const all = done.flatMap((run) => {
      const squared = lastDistances(run);
      return squared === undefined ? [] : [{ run, name: familyOf(run), squared, shares: sharesOf(run, squared) }];
    });
    const first = all.filter(({ run }) => run.seed === 0);
    const row = (name: string, limits: { least?: number; most?: number }, statement: string) => {
      const own = all.filter((one) => one.name === name);
      return scored({
        figure: SOURCE,
        name: `${name}: other over asked`,
        statement,
        measured:
          "squared distance along the position that is not asked for, over that along the one that is, within " +
          "contexts",
        values: own.map(({ shares }) => shares.other / shares.asked),
        ...limits,
        why: "chosen: 1 is the input's own ratio; a tenth of it counts as forgotten, half of it as kept",
        ...(own[0] && { beside: shareWords(own[0].shares) }),
      });
    };
    return {
      figures: [
        {
          name: "map",
          caption:
            "The representation in three dimensions, by the distances of 50 followed bumps (classical scaling): full " +
            "marks ask for the horizontal position, hollow ones for the vertical; the colour is the position that is " +
            "asked for.",
          figure: charts(
            first.flatMap(({ run, name, squared }) => mapOf(run, name, squared)),
            { columns: 3, width: 280, height: 260 },
          ),
        },
      ],
      claims: [
        row("gain 2", { least: 0.5 }, "from large weights the representation keeps the position that is not asked for"),
        row("gain 0.5", { most: 0.1 }, "from small weights it forgets the position that is not asked for"),
        row("gain 0.275", { most: 0.1 }, "from tiny weights it forgets the position that is not asked for"),
      ],
      notes: all.map(({ run, shares }) => `${run.label}: ${shareWords(shares)}.`),
    };
  },
};

interface Shares {
  readonly context: number;
  readonly asked: number;
  readonly other: number;
}

/** Context and position of a point, from its name "x -1.00 0.50". */
function placeOf(name: string): { context: string; asked: string; other: string } {
  const [context, x, y] = name.split(" ") as [string, string, string];
  return context === "x" ? { context, asked: x, other: y } : { context, asked: y, other: x };
}

function sharesOf({ followed }: StudiedRun, squared: Float64Array): Shares {
  const places = followed!.points.map(placeOf);
  const within = (name: (place: ReturnType<typeof placeOf>) => string) => withinShare(squared, places.map(name));
  const ofContext = within(({ context }) => context);
  return {
    context: 1 - ofContext,
    asked: ofContext - within(({ context, asked }) => `${context} ${asked}`),
    other: ofContext - within(({ context, other }) => `${context} ${other}`),
  };
}

function shareWords({ context, asked, other }: Shares): string {
  return (
    `${percentOf(context)} of the squared distance between the contexts, ${percentOf(asked)} along the position ` +
    `asked for, ${percentOf(other)} along the other`
  );
}

/** Three projections of the map. */
function mapOf({ followed }: StudiedRun, name: string, squared: Float64Array): Chart[] {
  const n = followed!.points.length;
  const { points, explained } = classicalScaling(matrix(n, n, squared), 3);
  const at = (point: number, direction: number) => points.data[3 * point + direction]!;
  const places = followed!.points.map(placeOf);
  const steps = [...new Set(places.map(({ asked }) => asked))].sort((x, y) => Number(x) - Number(y));
  const plane = ([a, b]: readonly [number, number]): Chart => ({
    title: a === 0 && b === 1 ? `${name} (${percentOf(explained)} shown)` : name,
    x: { label: `direction ${a + 1}` },
    y: { label: `direction ${b + 1}` },
    curves: ["x", "y"].flatMap((context) =>
      steps.map(
        (step, i): Curve => ({
          name: `${context} at ${step}`,
          colour: depthColour(i, steps.length).fill,
          line: "none",
          dots: context === "x" ? "full" : "hollow",
          points: places.flatMap((place, k) =>
            place.context === context && place.asked === step
              ? [{ x: at(k, a), y: at(k, b), title: followed!.points[k] }]
              : [],
          ),
        }),
      ),
    ),
  });
  return (
    [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const
  ).map(plane);
}
