/** @file Study crh/6: RGA of the layers of a ResNet-18 that learns without labels, over its training. */
import { type Chart, charts } from "../../figures/charts.ts";
import { weakerInConvolutions } from "../../findings/claims/convolutional.ts";
import { scored } from "../score.ts";
import type { Study } from "../study.ts";
import { alignmentOf } from "./hidden.ts";
import { courseAxes, courseLegend, rgaCurve } from "./imageCourses.ts";
import { judged, readRuns } from "./judged.ts";
import { res2Notes, res2Runs } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 6";

export const study6: Study = {
  name: "crh/6",
  title: "RGA of a ResNet that learns without labels",
  source: crhPaper("Fig. 6"),
  statement:
    "In a ResNet-18 that learns images without labels (res2) RGA holds well for the two fully connected layers, but " +
    "less strongly for the convolutional ones.",
  needsData: "CIFAR10",
  runs: res2Runs,
  evaluate(done, { size }) {
    const runs = readRuns(done);
    const courses = runs.map(({ reading }) => reading.ordered);
    const layers = runs[0]?.reading.last.layers ?? [];
    const shown = [
      ...layers.filter(({ kind }) => kind === "block").slice(-3),
      ...layers.filter(({ kind }) => kind === "linear").slice(-2),
    ];
    return {
      figures: [
        {
          name: "courses",
          caption:
            "RGA over training (paper's convention), with the range over seeds where there are several. Layers 1 to " +
            "3 are blocks of convolutions, by channel; layers 4 and 5 are fully connected.",
          figure: charts(
            shown.map(
              ({ name, kind }, i): Chart => ({
                ...{ title: `layer ${i + 1}, ${name}`, ...courseAxes },
                curves: (kind === "linear" ? (["b", "a"] as const) : (["b"] as const)).map((side) =>
                  rgaCurve(courses, name, side),
                ),
              }),
            ),
            { columns: 3, width: 310, height: 220, legend: courseLegend },
          ),
        },
      ],
      claims: [
        judged(
          {
            ...{ figure: FIGURE, name: "stronger in fully connected layers" },
            statement: "RGA holds well in the fully connected layers, not so strongly in the convolutional ones",
          },
          runs,
          weakerInConvolutions,
        ),
        scored({
          ...{ figure: FIGURE, name: "above the blocks" },
          statement: "RGA of the fully connected layers is above that of the blocks of convolutions",
          measured:
            "smallest forward RGA of the two fully connected layers minus the largest of the last three blocks, at the end",
          values: runs.map(({ reading: { last } }) => {
            const of = (kind: "block" | "linear", count: number) =>
              last.layers
                .filter((layer) => layer.kind === kind)
                .slice(-count)
                .flatMap((layer) => alignmentOf(layer, "b", "rga") ?? []);
            const [dense, blocks] = [of("linear", 2), of("block", 3)];
            return dense.length < 2 || blocks.length === 0 ? null : Math.min(...dense) - Math.max(...blocks);
          }),
          ...{ least: 0, why: "any excess counts" },
          smaller:
            size === "small" ? "a quarter of the width, 800 of 97,000 steps of an eighth of the batch" : undefined,
        }),
      ],
      notes: [
        ...res2Notes(size),
        "The paper does not say which three convolutional layers it draws; here they are the last three blocks.",
        "The text says, without a figure, that α grows with smaller batches and larger decay; no run here tests this.",
      ],
    };
  },
};
