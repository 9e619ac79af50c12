/** @file Study crh/15: RGA of the heads of the third attention layer over training. */
import { headsOverTime } from "../../figures/headsOverTime.ts";
import { highThroughout } from "../../findings/claims/heads.ts";
import { median } from "../../measure/median.ts";
import { percentOf, scored } from "../score.ts";
import type { Study } from "../study.ts";
import { firstRun, headLayers, headsOf } from "./heads.ts";
import { judged, readRuns } from "./judged.ts";
import { llmNotes, llmRuns } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 15";
/** Index of the third layer. */
const THIRD = 2;

export const study15: Study = {
  name: "crh/15",
  title: "RGA of attention heads remains high while they train",
  source: crhPaper("Fig. 15"),
  statement:
    "In the heads of the third layer of a transformer (llm), the alignment of feature and gradient covariance " +
    "remains high during most of the training.",
  needsData: "text",
  runs: llmRuns,
  evaluate(done, { size }) {
    const runs = readRuns(done);
    const figure = headsOverTime(headsOf(firstRun(done)?.snapshots() ?? [], (i) => i === THIRD));
    return {
      figures:
        figure === undefined
          ? []
          : [
              {
                name: "third",
                caption:
                  "Heads of the third attention layer over training (paper's convention): median, shaded from the " +
                  "smallest to the largest head; dashed: unrelated matrices with these spectra.",
                figure,
              },
            ],
      claims: [
        judged(
          {
            ...{ figure: FIGURE, name: "remains high" },
            statement: "the alignment of feature and gradient covariance remains high during most of the training",
          },
          runs,
          highThroughout,
        ),
        scored({
          ...{ figure: FIGURE, name: "third layer" },
          statement: "in the third layer it is clearly above chance during most of the training",
          measured: "share of the measurements after step 0 at which the median RGA of its heads is above 0.5",
          values: runs.map(({ reading: { ordered } }) => {
            const behind = ordered.filter(({ step }) => step > 0);
            const high = behind.filter((one) => {
              const heads = headLayers(one)[THIRD]?.heads ?? [];
              const value = median(heads.map(({ alignment }) => alignment.paper.b.rga.value));
              return value !== null && value > 0.5;
            });
            return behind.length === 0 ? null : high.length / behind.length;
          }),
          ...{ least: 0.5, why: "most of the training", format: percentOf },
          smaller: size === "small" ? "four layers of four heads, 3,000 steps" : undefined,
        }),
      ],
      notes: [
        ...llmNotes(size),
        "The paper does not say what it calls high. The first row asks for 0.9, its word 'strong', over all heads; " +
          "the second asks for 0.5 in the third layer.",
      ],
    };
  },
};
