/** @file Study crh/14: matrices and spectra of heads of the third attention layer. */
import { spectra } from "../../figures/spectra.ts";
import { sameSpectra } from "../../findings/claims/heads.ts";
import { median } from "../../measure/median.ts";
import { byHeadLayer } from "../../measure/network/headBaselines.ts";
import type { LayerSnapshot } from "../../measure/snapshot.ts";
import { percentOf, scored } from "../score.ts";
import type { StudiedRun, Study, StudyFigure } from "../study.ts";
import { firstRun, headLayers } from "./heads.ts";
import { judged, readRuns } from "./judged.ts";
import { pictureOf } from "./pictures.ts";
import { llmNotes, llmRuns } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 14";
const THIRD = 2;

export const study14: Study = {
  name: "crh/14",
  title: "H and G of attention heads have the same leading eigenvalues",
  source: crhPaper("Fig. 14"),
  statement:
    "In heads of the third layer of a transformer (llm), H and G look alike. Their spectra have exactly the same " +
    "leading eigenvalues and differ in the smaller ones, less so as training proceeds.",
  needsData: "text",
  runs: llmRuns,
  evaluate(done, { size }) {
    const runs = readRuns(done);
    return {
      figures: figuresOf(firstRun(done)),
      claims: [
        judged(
          {
            ...{ figure: FIGURE, name: "same leading eigenvalues" },
            statement: "the spectra of the two matrices are exactly the same for the leading eigenvalues",
          },
          runs,
          sameSpectra,
        ),
        scored({
          ...{ figure: FIGURE, name: "third layer" },
          statement: "the same in the third layer",
          measured:
            "difference of eigenvalues 2 to 5 of H and G, relative to the largest; median over these and over heads",
          values: runs.map(({ reading }) => median((headLayers(reading.last)[THIRD]?.heads ?? []).map(difference))),
          ...{ most: 0.1, why: "smaller differences do not show on the figure's logarithmic axis", format: percentOf },
          smaller: size === "small" ? "four layers of four heads, 3,000 steps" : undefined,
        }),
      ],
      notes: [
        ...llmNotes(size),
        "Whether the difference gets smaller as training proceeds is not judged: spectra are measured only at the end.",
      ],
    };
  },
};

/** Median difference of eigenvalues 2 to 5, relative to the largest; null if there are fewer. */
function difference({ spectra: found }: LayerSnapshot): number | null {
  const { H, G } = found?.paper.b ?? {};
  if (!H || !G || H.values.length < 5 || G.values.length < 5 || !(H.values[0]! > 0 && G.values[0]! > 0)) return null;
  return median(
    [1, 2, 3, 4].map((i) => {
      const [h, g] = [H.values[i]! / H.values[0]!, G.values[i]! / G.values[0]!];
      return Math.abs(h - g) / Math.max(h, g);
    }),
  );
}

function figuresOf(run: StudiedRun | undefined): StudyFigure[] {
  const heads = (run?.moments()?.layers ?? []).filter(({ kind }) => kind === "head");
  const third = [...byHeadLayer(heads, ({ name }) => name).values()][THIRD] ?? [];
  const measured = headLayers(run?.snapshot())[THIRD]?.heads ?? [];
  return third.slice(0, 2).flatMap((head, i) => {
    const spectrum = spectra(measured.find(({ name }) => name === head.name) ?? {}, "paper");
    return [
      ...pictureOf(head, "b", {
        name: `head-${i}`,
        caption: `Third attention layer, head ${i}, at the end of training: H and G, covariances of normalised rows.`,
      }),
      ...(spectrum === undefined
        ? []
        : [
            {
              name: `spectrum-${i}`,
              caption: `Eigenvalues of both relative to the largest, head ${i}.`,
              figure: spectrum,
            },
          ]),
    ];
  });
}
