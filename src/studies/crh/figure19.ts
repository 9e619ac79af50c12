/** @file Study crh/19: RGA of four layers of a ResNet-18 over its training, with its accuracy. */
import { type Chart, charts } from "../../figures/charts.ts";
import { weakerInConvolutions } from "../../findings/claims/convolutional.ts";
import { GREY } from "../colours.ts";
import { scored } from "../score.ts";
import type { Study } from "../study.ts";
import { alignmentOf } from "./hidden.ts";
import { accuracyCurve, courseAxes, courseLegend, rgaCurve } from "./imageCourses.ts";
import { judged, readRuns } from "./judged.ts";
import { res1Notes, res1Runs } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 19";

export const study19: Study = {
  name: "crh/19",
  title: "Alignment of the layers of a ResNet over its training",
  source: crhPaper("Fig. 19"),
  statement:
    "Over the training of a ResNet-18 on CIFAR-10 (res1) RGA rises in the last two convolution blocks and the two " +
    "fully connected layers; it holds well in the latter and less strongly in the former.",
  needsData: "CIFAR10",
  runs: res1Runs,
  evaluate(done, { size }) {
    const runs = readRuns(done);
    const courses = runs.map(({ reading }) => reading.ordered);
    const last = runs[0]?.reading.last;
    const blocks = (last?.layers ?? []).filter(({ kind }) => kind === "block").slice(-2);
    const dense = (last?.layers ?? []).filter(({ kind }) => kind === "linear").slice(-2);
    const accuracy = accuracyCurve(runs[0]?.run);
    const panels = [
      ...blocks.map(({ name }, i) => ({ name, what: `${["penultimate", "last"][i]} block`, sides: ["b"] as const })),
      ...dense.map(({ name }, i) => ({
        ...{ name, what: ["penultimate fully connected", "output"][i]! },
        sides: ["b", "a"] as const,
      })),
    ].map(
      ({ name, what, sides }): Chart => ({
        ...{ title: `${what}, ${name}`, ...courseAxes },
        curves: [...sides.map((side) => rgaCurve(courses, name, side)), accuracy],
      }),
    );
    return {
      figures: [
        {
          name: "courses",
          caption:
            "RGA over training (paper's convention), with the range over seeds where there are several. Dashed: " +
            "accuracy on test images. Blocks by channel.",
          figure: charts(panels, {
            ...{ columns: 2, width: 440, height: 240 },
            legend: [...courseLegend, { text: "test accuracy", colour: GREY, samples: ["dashed"] }],
          }),
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
          ...{ figure: FIGURE, name: "rises in training" },
          statement: "RGA of the four layers rises over training",
          measured: "smallest rise of forward RGA from step 0 to the end over the four layers",
          values: runs.map(({ reading: { ordered, last: end } }) => {
            const rises = [...blocks, ...dense].map(({ name }) => {
              const [from, to] = [ordered[0], end].map((one) => one?.layers.find((layer) => layer.name === name));
              const [start, value] = [from, to].map((layer) => (layer ? alignmentOf(layer, "b", "rga") : null));
              return start == null || value == null ? null : value - start;
            });
            return rises.length === 0 || rises.includes(null) ? null : Math.min(...rises.map((rise) => rise!));
          }),
          ...{ least: 0.05, why: "the rise that counts elsewhere (Eq. 85)" },
          smaller: size === "small" ? "a quarter of the width and a fiftieth of the steps" : undefined,
        }),
      ],
      notes: [...res1Notes(size), "The accuracy on training images, the paper's grey line, is not recorded."],
    };
  },
};
