/** @file Study crh/7: entries of H against entries of G of a layer of fc1: response and plasticity of neurons. */
import { entries } from "../../figures/entries.ts";
import { layerMatrices } from "../../figures/layerMatrices.ts";
import { median } from "../../measure/median.ts";
import { scored } from "../score.ts";
import type { StudiedRun, Study, StudyFigure } from "../study.ts";
import { type Measured, measuredRuns, medianRga } from "./hidden.ts";
import { fc1Runs, fc1Smaller } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 7";

export const study7: Study = {
  name: "crh/7",
  title: "What a neuron expresses is coupled to its plasticity",
  source: crhPaper("Fig. 7 and section 7.1"),
  statement:
    "In a fully connected network (fc1) the response diversity of neurons (the diagonal of E[h h^T]) and their " +
    "correlations (its other entries) are strongly aligned with their plasticity, the entries of E[g g^T].",
  runs: (size) => fc1Runs(size, "fc1"),
  evaluate(done, { size }) {
    const runs = measuredRuns(done);
    const smaller = fc1Smaller(size);
    const row = (which: "diagonal" | "offDiagonal", name: string) =>
      scored({
        ...{ figure: FIGURE, name },
        statement: `${name} of neurons is coupled to their plasticity`,
        measured: `correlation of the ${which === "diagonal" ? "diagonal" : "off-diagonal"} entries of H and G, paper's convention, median over hidden representations`,
        values: runs.map((run) => plasticityOf(run, which)),
        ...{ least: 0.7, why: "chosen: strongly", smaller },
      });
    return {
      figures: pictures(done),
      claims: [
        row("diagonal", "response diversity"),
        row("offDiagonal", "correlation"),
        scored({
          ...{ figure: FIGURE, name: "all entries" },
          statement: "the elements of E[h h^T] are strongly aligned with those of E[g g^T]",
          measured: "RGA, median over hidden representations of both sides, paper's convention",
          values: runs.map(medianRga),
          ...{ least: 0.7, why: "chosen: strongly", smaller },
        }),
      ],
      notes: [
        "The paper does not say which layer it draws; here each hidden layer has a figure, with both sides of its map.",
        "The three branches that the paper sees, and takes for a limit of its theory, are not judged: branches are " +
          "seen, not counted.",
        ...(smaller === undefined ? [] : [`Size small: ${smaller}, where the loss still falls.`]),
      ],
    };
  },
};

/** Hidden representations: side a of every map but the first, side b of every map but the last. */
function plasticityOf({ last: { layers } }: Measured, which: "diagonal" | "offDiagonal"): number | null {
  const values = layers.flatMap(({ plasticity: found }, i) => [
    ...(i > 0 ? [found?.paper.a?.[which].value ?? null] : []),
    ...(i < layers.length - 1 ? [found?.paper.b?.[which].value ?? null] : []),
  ]);
  return median(values);
}

function pictures(done: readonly StudiedRun[]): StudyFigure[] {
  const layers = done.find(({ seed }) => seed === 0)?.moments()?.layers ?? [];
  return layers.slice(1, -1).flatMap((layer, i): StudyFigure[] => {
    const figure = entries(layerMatrices(layer));
    const caption =
      `${layer.name} of fc1 at the end, seed 0: entries of H against entries of G, for its input (a) and output (b). ` +
      `The diagonal is a neuron's own response and plasticity. On a line through zero, H and G are proportional.`;
    return figure === undefined ? [] : [{ name: `layer-${i + 1}`, caption, figure }];
  });
}
