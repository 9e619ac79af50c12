/** @file Study crh/9: RGA of attention heads, from plain second moments and from covariances. */
import { conventions } from "../../figures/conventions.ts";
import { headsOverTime } from "../../figures/headsOverTime.ts";
import { momentsAsCovariances } from "../../findings/claims/heads.ts";
import { scored } from "../score.ts";
import type { Study, StudyFigure } from "../study.ts";
import { firstRun, headLayers, headsOf } from "./heads.ts";
import { judged, type ReadRun, readRuns } from "./judged.ts";
import { llmNotes, llmRuns } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 9";

export const study9: Study = {
  name: "crh/9",
  title: "Plain second moments of attention heads align as covariances do",
  source: crhPaper("Fig. 9 and appendix C.2"),
  statement:
    "In attention heads (llm) the alignment of E[h h^T] with E[g g^T] is qualitatively that of their covariances, " +
    "with a larger variation.",
  needsData: "text",
  runs: llmRuns,
  evaluate(done, { size }) {
    const runs = readRuns(done);
    return {
      figures: figuresOf(runs),
      claims: [
        judged(
          {
            figure: FIGURE,
            name: "as covariances",
            statement: "second moments of heads align as their covariances do",
          },
          runs,
          momentsAsCovariances,
        ),
        scored({
          ...{ figure: FIGURE, name: "larger variation" },
          statement: "but with a larger variation",
          measured: "standard deviation of RGA over all heads at the end, second moments over covariances",
          values: runs.map(({ reading }) => {
            const heads = headLayers(reading.last).flatMap((layer) => layer.heads);
            const spread = (convention: "raw" | "paper") =>
              deviation(heads.flatMap(({ alignment }) => alignment[convention].b.rga.value ?? []));
            const [raw, paper] = [spread("raw"), spread("paper")];
            return raw === null || paper === null || paper === 0 ? null : raw / paper;
          }),
          ...{ least: 1, why: "any excess counts" },
        }),
      ],
      notes: llmNotes(size),
    };
  },
};

function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

function figuresOf(runs: readonly ReadRun[]): StudyFigure[] {
  const snapshots = runs.length === 0 ? [] : (firstRun(runs.map(({ run }) => run))?.snapshots() ?? []);
  const heads = headsOf(snapshots, () => true);
  const [over, beside] = [headsOverTime(heads, "raw"), conventions(heads.slice(-1))];
  return [
    ...(over === undefined
      ? []
      : [
          {
            name: "heads",
            caption:
              "Heads of each attention layer over training, by plain second moments: median, shaded from the " +
              "smallest to the largest head; dashed: unrelated matrices with these spectra.",
            figure: over,
          },
        ]),
    ...(beside === undefined
      ? []
      : [
          {
            name: "conventions",
            caption: "RGA of each head at the end: plain second moments against covariances of normalised rows.",
            figure: beside,
          },
        ]),
  ];
}
