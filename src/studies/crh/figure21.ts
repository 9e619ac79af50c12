/** @file Study crh/21: the change of cov(h, h) in five layers of a ResNet-18, which should converge to zero. */
import { type ChartPoint, charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { changeSettles } from "../../findings/claims/change.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import { percentOf, scored } from "../score.ts";
import type { Study } from "../study.ts";
import { judged, readRuns } from "./judged.ts";
import { res1Notes, res1Runs } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 21";

export const study21: Study = {
  name: "crh/21",
  title: "Representations come to rest",
  source: crhPaper("Fig. 21 and appendix C.9"),
  statement:
    "The change of cov(h, h) converges to zero over the training of a ResNet-18 (res1), in three convolutional layers and " +
    "in the two fully connected ones.",
  needsData: "CIFAR10",
  runs: res1Runs,
  evaluate(done, { size }) {
    const runs = readRuns(done);
    const ordered = runs[0]?.reading.ordered ?? [];
    const names = (ordered.at(-1)?.layers ?? [])
      .filter(({ kind }) => kind === "block" || kind === "linear")
      .slice(-5)
      .map(({ name }) => name);
    return {
      figures: [
        {
          name: "change",
          caption:
            "Relative change of cov(h, h) from one measurement to the next (Frobenius norm, paper's convention), " +
            "seed 0: blocks by channel, and outputs of the fully connected layers.",
          figure: charts(
            [
              {
                title: "change since the measurement before",
                ...{ x: { label: "step", steps: true }, y: { label: "relative change", log: true } },
                curves: names.map((name, i) => ({
                  ...{ name, colour: depthColour(i, names.length).fill, dots: "full" as const },
                  points: changesOf(ordered, name),
                })),
              },
            ],
            {
              ...{ columns: 1, width: 560, height: 300 },
              legend: names.map((text, i) => ({ text, colour: depthColour(i, names.length).fill, samples: ["line"] })),
            },
          ),
        },
      ],
      claims: [
        judged(
          {
            ...{ figure: FIGURE, name: "converges" },
            statement: "the change in the representation covariance converges to (near) zero at the end of training",
          },
          runs,
          changeSettles,
        ),
        scored({
          ...{ figure: FIGURE, name: "falls" },
          statement: "the change falls over training",
          measured: "change at the end over that at the first measurement after step 0, largest over the five layers",
          values: runs.map(({ reading }) => {
            const quotients = names.map((name) => {
              const changes = changesOf(reading.ordered, name);
              return changes.length < 2 ? null : changes.at(-1)!.y / changes[0]!.y;
            });
            return quotients.length === 0 || quotients.includes(null)
              ? null
              : Math.max(...quotients.map((one) => one!));
          }),
          ...{
            most: 0.1,
            why: "chosen: a tenth, with equally spaced measurements at size small",
            format: percentOf,
          },
        }),
      ],
      notes: [
        ...res1Notes(size),
        "The schedule takes the rate to zero at the end, where every network stands still. A change that vanishes " +
          "there does not distinguish a stationary state from a stopped one. The paper's run has the same schedule.",
      ],
    };
  },
};

function changesOf(ordered: readonly Snapshot[], name: string): ChartPoint[] {
  return ordered.flatMap(({ step, layers }) => {
    const y = layers.find((layer) => layer.name === name)?.change?.paper.b?.H.value ?? null;
    return y === null ? [] : [{ x: step, y }];
  });
}
