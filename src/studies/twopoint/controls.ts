/** @file Study twopoint/controls: four altered systems of equations, each of which should fit worse than the theory. */
import { charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { median } from "../../measure/median.ts";
import { type TwoPointSystem, twoPointSystems } from "../../twopoint/equations.ts";
import { fitWatched, watched } from "../fits.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudiedRun, Study, StudyFigure } from "../study.ts";
import { paper } from "./source.ts";

const SOURCE = "controls";
const altered = twoPointSystems.filter((system) => system !== "theory");
const CLOSEST: TwoPointSystem = "w-sign-flipped";
const words: Readonly<Record<string, string>> = {
  "dy2-doubled": "dY/dt doubled",
  "dh2-doubled": "dH/dt doubled",
  "w-sign-flipped": "the last sign of dw/dt reversed",
  "dy2-without-etaH": "dY/dt without etaH",
};

/** A run with the cost of each altered system over that of the theory. */
interface Ratios {
  readonly run: StudiedRun;
  readonly ratios: Readonly<Record<string, number>>;
}

/** Cost of each altered system over that of the theory, seed by seed. */
function ratiosFigure(all: readonly Ratios[]): StudyFigure {
  return {
    name: "ratios",
    caption: "Cost of each altered system over that of the theory, seed by seed: above 1 the system fits worse.",
    figure: charts(
      [
        {
          title: "cost over that of the theory",
          ...{ x: { label: "seed" }, y: { label: "ratio", log: true } },
          curves: altered.map((system, i) => ({
            ...{ name: words[system]!, colour: depthColour(i, altered.length).fill, dots: "full" },
            points: all.map(({ run, ratios }) => ({ x: run.seed, y: ratios[system]! })),
          })),
        },
      ],
      {
        ...{ columns: 1, width: 520, height: 300 },
        legend: altered.map((system, i) => ({
          ...{
            text: words[system]!,
            colour: depthColour(i, altered.length).fill,
            samples: ["line", "dot"] as const,
          },
        })),
      },
    ),
  };
}

export const controlStudy: Study = {
  name: "twopoint/controls",
  title: "Altered equations fit worse",
  source: paper("the authors' negative controls"),
  statement:
    "These equations describe two points, and not just any three with two rates: with one term altered they fit " +
    "worse. The reversed sign, which changes least, comes closest.",
  runs: (size) =>
    overEach(
      {
        label: size === "small" ? "4x100" : "20x500",
        setting: "twopoint",
        ...(size === "small" ? { preset: "4x100" } : {}),
      },
      seeds(size, { small: 10, paper: 10 }),
    ),
  evaluate(done, { size }) {
    const all = done.flatMap((run) => {
      const seen = watched(run);
      const theory = seen && fitWatched(seen).cost?.normalised;
      if (seen === undefined || theory === undefined) return [];
      // A system that has no solution near the data fits infinitely worse.
      const costs = altered.map((system) => (fitWatched(seen, system).cost?.normalised ?? Infinity) / theory);
      return [{ run, ratios: Object.fromEntries(altered.map((system, i) => [system, costs[i]!])) }];
    });
    const smaller = size === "small" ? "4 layers of 100 instead of 20 of 500" : undefined;
    const shared = { figure: SOURCE, format: percentOf, counted: true, smaller };
    const share = (holds: (ratios: Readonly<Record<string, number>>) => boolean) =>
      all.map(({ ratios }) => Number(holds(ratios)));
    return {
      figures: [ratiosFigure(all)],
      claims: [
        ...altered.map((system) =>
          scored({
            ...shared,
            name: words[system]!,
            statement: `with ${words[system]} the equations fit worse`,
            measured: "share of seeds in which its cost exceeds the theory's",
            values: share((ratios) => ratios[system]! > 1),
            least: 0.9,
            why: "nine of ten seeds; by chance this happens once in a hundred",
            beside:
              `its cost is ${(median(all.map(({ ratios }) => ratios[system]!)) ?? Number.NaN).toPrecision(3)} ` +
              "times the theory's (median)",
          }),
        ),
        scored({
          ...shared,
          name: "the reversed sign is closest",
          statement: "of the four, the reversed sign comes closest to the theory",
          measured: "share of seeds in which its cost is the lowest of the four",
          values: share((ratios) => altered.every((system) => ratios[CLOSEST]! <= ratios[system]!)),
          least: 0.9,
          why: "nine of ten seeds",
        }),
      ],
      notes: all.length < done.length ? [`${done.length - all.length} runs gave no fit of the theory.`] : [],
    };
  },
};
