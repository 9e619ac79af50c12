/** @file Study crh/5: RGA of attention heads over training, beside the alignments that it should exceed. */
import { headsOverTime } from "../../figures/headsOverTime.ts";
import { aboveBaselines } from "../../findings/claims/heads.ts";
import { median } from "../../measure/median.ts";
import type { LayerSnapshot } from "../../measure/snapshot.ts";
import { scored } from "../score.ts";
import type { Study } from "../study.ts";
import { firstRun, headLayers, headsOf } from "./heads.ts";
import { judged, readRuns } from "./judged.ts";
import { llmNotes, llmRuns } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 5";
const baselines = {
  "other heads": ({ baselines: found }: LayerSnapshot) => found?.otherHeads.paper?.median ?? null,
  "its own start": ({ baselines: found }: LayerSnapshot) => found?.start.paper ?? null,
  chance: ({ alignment }: LayerSnapshot) => alignment.paper.b.rga.null,
};

export const study5: Study = {
  name: "crh/5",
  title: "RGA of attention heads exceeds its baselines",
  source: crhPaper("Fig. 5 and section 6"),
  statement:
    "In the attention heads of a transformer (llm) the alignment of cov(h, h) with cov(g, g) is significantly " +
    "stronger than that of the initial with the final representation, that of different heads, and that of random " +
    "projections.",
  needsData: "text",
  runs: llmRuns,
  evaluate(done, { size }) {
    const runs = readRuns(done);
    const snapshots = firstRun(done)?.snapshots() ?? [];
    // The paper draws the third layer in Fig. 15 and the last one not at all.
    const figure = headsOverTime(headsOf(snapshots, (i, count) => count < 6 || (i !== 2 && i !== 5)));
    const smaller = size === "small" ? "four layers of four heads, 3,000 steps" : undefined;
    return {
      figures:
        figure === undefined
          ? []
          : [
              {
                name: "heads",
                caption:
                  "Heads of each attention layer over training (paper's convention): median, shaded from the " +
                  "smallest to the largest head; dashed: unrelated matrices with these spectra.",
                figure,
              },
            ],
      claims: [
        judged(
          {
            ...{ figure: FIGURE, name: "above both baselines" },
            statement:
              "the RGA is significantly stronger than the alignment between initial and final representation, and between different heads",
          },
          runs,
          aboveBaselines,
        ),
        ...Object.entries(baselines).map(([name, of]) =>
          scored({
            ...{ figure: FIGURE, name: `beyond ${name}` },
            statement: `RGA of heads is stronger than ${name === "chance" ? "random projections show" : `the alignment with ${name}`}`,
            measured: "RGA minus that, at the end: median over heads, smallest over attention layers",
            values: runs.map(({ reading }) => {
              const margins = headLayers(reading.last).map(({ heads }) =>
                median(
                  heads.map((head) => {
                    const [rga, other] = [head.alignment.paper.b.rga.value, of(head)];
                    return rga === null || other === null ? null : rga - other;
                  }),
                ),
              );
              const known = margins.filter((margin) => margin !== null);
              return known.length === 0 ? null : Math.min(...known);
            }),
            ...{ least: 0.05, why: "chosen: several standard errors of a head's alignment", smaller },
          }),
        ),
      ],
      notes: [
        ...llmNotes(size),
        "The paper's third baseline, rank-40 random projections of 200-dimensional Gaussians, stays near 0.14. " +
          "Chance here is that of unrelated matrices with the measured spectra; for flat spectra of rank k the two " +
          "agree.",
        ...(size === "small"
          ? ["All four attention layers are drawn; the paper has the first, second, fourth and fifth of six."]
          : []),
      ],
    };
  },
};
