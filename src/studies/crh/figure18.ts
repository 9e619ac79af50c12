/** @file Study crh/18: RGA by layer of fully connected networks of 6 and of 12 layers. */
import { type Chart, charts } from "../../figures/charts.ts";
import { byNumber, meanPoints, numberOf } from "../byNumber.ts";
import { BLUE, ORANGE } from "../colours.ts";
import { spearman } from "../correlation.ts";
import { scored } from "../score.ts";
import type { Study } from "../study.ts";
import { type Measured, measuredRuns, rgaByDepth } from "./hidden.ts";
import { fc1Runs, fc1Smaller } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 18";
const depths = [6, 12] as const;
/**
 * chosen: with torch's initial weights a network of twelve layers passes on so little that it learns nothing in 20,000
 * steps; with He's, which are larger, it diverges at fc1's rate.
 */
const INITIALISATION = "xavier";
/** chosen: a network whose loss fell by less than this has not learned, and says nothing about what learning aligns. */
const LEARNED = 0.5;
/** chosen: an alignment of at least the first is almost perfect; below the second it no longer is. */
const [ALMOST, STILL] = [0.95, 0.9];

export const study18: Study = {
  name: "crh/18",
  title: "Deeper layers are better aligned",
  source: crhPaper("Fig. 18 and section 6"),
  statement:
    "In fully connected ReLU networks of 6 and of 12 layers, deeper layers tend to have better alignment; if a layer " +
    "is almost perfectly aligned, so is every layer after it.",
  runs: (size) => depths.flatMap((depth) => fc1Runs(size, `depth ${depth}`, { depth, initialisation: INITIALISATION })),
  evaluate(done, { size }) {
    const all = measuredRuns(done);
    const runs = all.filter(hasLearned);
    const groups = byNumber(runs, (run) => numberOf(run, "depth"));
    const smaller = fc1Smaller(size);
    return {
      figures: [
        {
          name: "depth",
          caption:
            "RGA (paper's convention) by layer after training: layer 0 is the data, the last one the input of the " +
            "output map. Backward: the input of map l; forward: the output of the map before it. Mean over seeds, " +
            "with the 95 % interval.",
          figure: charts(
            groups.map(([depth, own]) => panel(depth, own)),
            {
              ...{ columns: 2, width: 440, height: 260 },
              legend: [
                { text: "backward RGA (activation)", colour: ORANGE, samples: ["line", "dot"] },
                { text: "forward RGA (preactivation)", colour: BLUE, samples: ["line", "dot"] },
              ],
            },
          ),
        },
      ],
      claims: groups.flatMap(([depth, own]) => [
        scored({
          ...{ figure: FIGURE, name: `deeper is better, ${depth} layers` },
          statement: "deeper layers tend to have better alignment",
          measured: `rank correlation of depth and backward RGA over the hidden layers of the network of ${depth}`,
          values: own.map((run) => {
            const hidden = rgaByDepth(run, "a").slice(1);
            return spearman(
              hidden.map((_, i) => i),
              hidden.map((value) => value ?? Number.NaN),
            );
          }),
          ...{ least: 0.5, why: "chosen: a tendency, not an order", smaller },
        }),
        scored({
          ...{ figure: FIGURE, name: `almost perfect stays, ${depth} layers` },
          statement: "if a layer has an almost perfect alignment (α ≈ 1), any layer after it has it too",
          measured: `smallest backward RGA of the hidden layers after the first one that reaches ${ALMOST}`,
          values: own.map(leastAfter),
          ...{ least: STILL, why: "chosen: still what the paper calls strong", smaller },
        }),
      ]),
      notes: [
        "The paper leaves the initial weights open. They are Xavier's here: with torch's a network of twelve layers " +
          "learns nothing, and with He's it diverges.",
        ...all
          .filter((run) => !hasLearned(run))
          .map((run) => `${run.label}: left out: its loss fell by less than half, so nothing was learned.`),
        "The paper does not say whether its 6 and 12 layers are hidden ones. Here they are, with one map more. " +
          "Everything else is as in fc1.",
        ...(smaller === undefined ? [] : [`Size small: ${smaller}, where the loss still falls.`]),
      ],
    };
  },
};

/** Whether the loss of unseen samples fell by half; true if it was not recorded. */
function hasLearned(run: Measured): boolean {
  const losses = run.metrics().filter(({ name }) => name === "eval/loss");
  const [first, last] = [losses[0]?.value, losses.at(-1)?.value];
  return first === undefined || last === undefined || last < LEARNED * first;
}

/** Null if no layer, or only the last, is almost perfect: the claim then says nothing. */
function leastAfter(run: Measured): number | null {
  const hidden = rgaByDepth(run, "a").slice(1);
  const first = hidden.findIndex((value) => value !== null && value >= ALMOST);
  const after = first < 0 ? [] : hidden.slice(first + 1).flatMap((value) => value ?? []);
  return after.length === 0 ? null : Math.min(...after);
}

function panel(depth: number, runs: readonly Measured[]): Chart {
  const at = (side: "a" | "b") =>
    Array.from({ length: depth + 1 }, (_, l) => l).flatMap((l) =>
      // Side b of layer l is the output of the map before it.
      meanPoints(
        [[l, [...runs]]],
        (run) => (side === "a" ? rgaByDepth(run, "a")[l] : rgaByDepth(run, "b")[l - 1]) ?? null,
      ),
    );
  return {
    title: `${depth} layers`,
    x: { label: "layer" },
    y: { label: "RGA", domain: [-0.05, 1.03] },
    curves: [
      { name: "backward RGA", colour: ORANGE, dots: "full", points: at("a") },
      { name: "forward RGA", colour: BLUE, dots: "full", points: at("b") },
    ],
  };
}
