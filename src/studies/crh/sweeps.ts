/** @file fc1 over width, weight decay and batch, by SGD and by Adam: runs, figure and rows of Figs. 16 and 17. */
import { plainNumber } from "../../figures/axes.ts";
import { type Chart, type Curve, charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { meanPoints, numberOf } from "../byNumber.ts";
import { type Question, scored } from "../score.ts";
import type { ScoreRow, StudiedRun, StudyFigure, StudyRun, StudySize } from "../study.ts";
import { hiddenRga, type Measured, medianRga, rgaByDepth } from "./hidden.ts";
import { fc1Runs, fc1Smaller } from "./runs.ts";

/** The parameters varied, with the paper's value in the middle. chosen: the paper gives its values only on the axes. */
export const swept = {
  width: { values: [50, 100, 200], words: "width" },
  decay: { values: [2e-6, 2e-5, 2e-4], words: "weight decay" },
  batch: { values: [25, 100, 400], words: "batch size" },
} as const;
export type Swept = keyof typeof swept;
const names = Object.keys(swept) as Swept[];
const middle = (name: Swept): number => swept[name].values[1];

/** chosen: the default of torch.optim.Adam; SGD's 0.1 does not suit Adam. */
const ADAM = { optimizer: "adam", lr: 1e-3 } as const;

export function sweepRuns(size: StudySize, optimizer: "sgd" | "adam"): StudyRun[] {
  const shared = optimizer === "adam" ? ADAM : {};
  return [
    ...fc1Runs(size, "fc1", shared),
    ...names.flatMap((name) =>
      swept[name].values
        .filter((value) => value !== middle(name))
        .flatMap((value) => fc1Runs(size, `${swept[name].words} ${plainNumber(value)}`, { ...shared, [name]: value })),
    ),
  ];
}

/** The runs in which one parameter has a given value and the others their middle values. */
export function sweptTo<R extends StudiedRun>(runs: readonly R[], name: Swept, value: number): R[] {
  return runs.filter((run) => names.every((one) => numberOf(run, one) === (one === name ? value : middle(one))));
}

/** RGA of one side by depth: one panel per parameter, one curve per value. */
export function depthFigure(runs: readonly Measured[], name: string): StudyFigure {
  const panels = (["a", "b"] as const).flatMap((side) =>
    names.map(
      (parameter): Chart => ({
        title: `${side === "a" ? "backward" : "forward"} RGA, ${swept[parameter].words}`,
        x: { label: side === "a" ? "layer (0: the data)" : "map (0: from the data)" },
        y: { label: "RGA", domain: [-0.05, 1.03] },
        curves: swept[parameter].values.map((value, i): Curve => {
          const own = sweptTo(runs, parameter, value);
          const depth = Math.max(0, ...own.map(({ last }) => last.layers.length));
          const groups = Array.from({ length: depth }, (_, k): [number, Measured[]] => [k, own]);
          const points = groups.flatMap(([k]) => meanPoints([[k, own]], (run) => rgaByDepth(run, side)[k] ?? null));
          return {
            name: `${swept[parameter].words} ${plainNumber(value)}`,
            colour: depthColour(i, 3).fill,
            dots: "full",
            points,
          };
        }),
      }),
    ),
  );
  const ends = names
    .map((parameter) => `${swept[parameter].words} ${swept[parameter].values.map(plainNumber).join(", ")}`)
    .join("; ");
  return {
    name,
    caption:
      "RGA (paper's convention) by layer after training, mean over seeds with the 95 % interval for three or more. Colours " +
      `go from the smallest to the largest value: ${ends}.`,
    figure: charts(panels, {
      ...{ columns: 3, width: 310, height: 220 },
      legend: ["smallest", "middle (the paper's)", "largest"].map((text, i) => ({
        ...{ text, colour: depthColour(i, 3).fill },
        samples: ["line", "dot"],
      })),
    }),
  };
}

/** For each seed, a number of one run minus that of another run; null if either is missing. */
export function paired(
  of: readonly Measured[],
  others: readonly Measured[],
  read: (run: Measured) => number | null,
): (number | null)[] {
  return of.map((run) => {
    const twin = others.find(({ seed }) => seed === run.seed);
    const [value, other] = [read(run), twin === undefined ? null : read(twin)];
    return value === null || other === null ? null : value - other;
  });
}

/** RGA of the first and the last hidden representation: backward RGA of map 1 and of map D. */
export const firstHidden = (run: Measured): number | null => rgaByDepth(run, "a")[1] ?? null;
export const lastHidden = (run: Measured): number | null => rgaByDepth(run, "a").at(-1) ?? null;

/** The rows that both optimisers share. */
export function sweepRows(figure: string, runs: readonly Measured[], size: StudySize): ScoreRow[] {
  const smaller = fc1Smaller(size);
  const at = (name: Swept, place: number) => sweptTo(runs, name, swept[name].values[place]!);
  const ask = (question: Omit<Question, "figure" | "smaller">) => scored({ ...question, figure, smaller });
  return [
    ask({
      name: "beyond chance",
      statement: "the alignment effect is significant",
      measured: "RGA minus chance, mean over hidden representations of both sides, at the paper's values",
      values: at("width", 1).map((run) => meanOf(hiddenRga(run).map(({ value, chance }) => value - chance))),
      least: 0.1,
      why: "the distance from chance that counts elsewhere (Eq. 85)",
    }),
    ask({
      name: "larger decay, better alignment",
      statement: "larger γ always leads to better alignment",
      measured: "smallest rise of median RGA over hidden representations between successive decays",
      values: at("decay", 0).map((run) => leastRise(run, [at("decay", 1), at("decay", 2)])),
      least: 0,
      why: "it rises at every step",
    }),
    ask({
      name: "larger batch, early layers",
      statement: "earlier layers have worse alignment as B increases",
      measured: "backward RGA of the first hidden layer at the largest batch minus that at the smallest",
      values: paired(at("batch", 2), at("batch", 0), firstHidden),
      most: 0,
      why: "any fall counts",
    }),
    ask({
      name: "larger batch, later layers",
      statement: "later layers have better alignment as B increases",
      measured: "backward RGA of the last hidden layer at the largest batch minus that at the smallest",
      values: paired(at("batch", 2), at("batch", 0), lastHidden),
      least: 0,
      why: "any rise counts",
    }),
  ];
}

function leastRise(run: Measured, later: readonly (readonly Measured[])[]): number | null {
  const all = [run, ...later.map((runs) => runs.find(({ seed }) => seed === run.seed))].map((one) =>
    one === undefined ? null : medianRga(one),
  );
  if (all.includes(null)) return null;
  return Math.min(...all.slice(1).map((value, i) => value! - all[i]!));
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

export const sweepNotes = (size: StudySize): string[] => [
  "The paper leaves the rate, the momentum and the activation of fc1 open; they are 0.1, 0.9 and ReLU, as in fc2. " +
    "Depth 4 is read as four hidden layers. It does not say which α it draws either: the rows use backward RGA, the " +
    "figure shows both.",
  ...(size === "small"
    ? [
        "Size small: 20,000 of the paper's 100,000 steps, where the loss of fc1 still falls; three values of each parameter.",
      ]
    : []),
];
