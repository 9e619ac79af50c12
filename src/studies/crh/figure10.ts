/** @file Study crh/10: the share of the mean in the second moments of attention heads over training. */
import { type Chart, charts } from "../../figures/charts.ts";
import { matrixColour } from "../../figures/palette.ts";
import { meansNegligible } from "../../findings/claims/heads.ts";
import { median } from "../../measure/median.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import { scored } from "../score.ts";
import type { Study } from "../study.ts";
import { headLayers } from "./heads.ts";
import { judged, readRuns } from "./judged.ts";
import { llmNotes, llmRuns } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 10";

export const study10: Study = {
  name: "crh/10",
  title: "Means are a small part of the second moments of attention heads",
  source: crhPaper("Fig. 10"),
  statement:
    "In the second moments of attention heads (llm) the mean's share r_g = |E g|² / E |g|² essentially converges to " +
    "zero, so that E[g g^T] = cov(g, g). The share r_h is generally not zero but essentially negligible.",
  needsData: "text",
  runs: llmRuns,
  evaluate(done, { size }) {
    const runs = readRuns(done);
    const ordered = runs[0]?.reading.ordered ?? [];
    const count = headLayers(ordered.at(-1)).length;
    const called = headLayers(ordered.at(-1)).map((layer) => layer.called);
    const row = (which: "h" | "g", most: number, statement: string, why: string) =>
      scored({
        ...{ figure: FIGURE, name: `r_${which}` },
        statement,
        measured: `r_${which} at the end: median over the heads of a layer, largest over the attention layers`,
        values: runs.map(({ reading }) => {
          const shares = headLayers(reading.last).map(({ heads }) =>
            median(heads.map((head) => head.meanRatio.b[which].value)),
          );
          const known = shares.filter((share) => share !== null);
          return known.length === 0 ? null : Math.max(...known);
        }),
        ...{ most, why },
        smaller: size === "small" ? "four layers of four heads, 3,000 steps" : undefined,
      });
    return {
      figures: [
        {
          name: "shares",
          caption:
            "Share of the mean in the second moments of the heads' outputs, over training: median over the heads of " +
            "each attention layer, shaded from the smallest to the largest head.",
          figure: charts(
            Array.from(
              { length: count },
              (_, i): Chart => ({
                title: called[i]!,
                x: { label: "step", steps: true },
                y: { label: "share of the mean", domain: [0, 1] },
                curves: (["h", "g"] as const).map((which) => ({
                  ...{ name: `r_${which}`, colour: matrixColour[which === "h" ? "H" : "G"], band: true },
                  points: sharesOf(ordered, i, which),
                })),
              }),
            ),
            {
              ...{ columns: 2, width: 440, height: 220 },
              legend: [
                { text: "r_h, activations", colour: matrixColour.H, samples: ["line", "band"] },
                { text: "r_g, gradients", colour: matrixColour.G, samples: ["line", "band"] },
              ],
            },
          ),
        },
      ],
      claims: [
        judged(
          {
            ...{ figure: FIGURE, name: "means are negligible" },
            statement: "r_g essentially converges to zero, r_h is generally non-zero but essentially negligible",
          },
          runs,
          meansNegligible,
        ),
        row("g", 0.02, "r_g essentially converges to zero in every layer", "chosen: it changes no digit that is read"),
        row("h", 0.1, "r_h is essentially negligible in every layer", "chosen: it does not visibly change a matrix"),
      ],
      notes: [...llmNotes(size), "The caption calls both ratios r_g; the second one is r_h."],
    };
  },
};

function sharesOf(ordered: readonly Snapshot[], index: number, which: "h" | "g") {
  return ordered.flatMap((snapshot) => {
    const heads = headLayers(snapshot)[index]?.heads ?? [];
    const known = heads.flatMap((head) => head.meanRatio.b[which].value ?? []);
    const y = median(known);
    return y === null ? [] : [{ x: snapshot.step, y, low: Math.min(...known), high: Math.max(...known) }];
  });
}
