/** @file Study crh/2: H, G and Z of the layer before the last of fc2, which the paper shows to be alike. */
import { layerMatrices } from "../../figures/layerMatrices.ts";
import { matrices } from "../../figures/matrices.ts";
import { relationNames } from "../../measure/phase/phaseTable.ts";
import type { Side } from "../../moments/moments.ts";
import { scored } from "../score.ts";
import type { StudiedRun, Study, StudyFigure } from "../study.ts";
import { alignmentOf, type Measured, measuredRuns } from "./hidden.ts";
import { FC2_DECAY, fc2Runs } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 2";

export const study2: Study = {
  name: "crh/2",
  title: "H, G and Z of a layer that satisfies the hypothesis",
  source: crhPaper("Fig. 2"),
  statement:
    "In the layer before the last of a trained fully connected network (fc2) the three conjugate matrices are well " +
    "aligned: an example of the hypothesis being well satisfied.",
  runs: (size) => fc2Runs(size, [FC2_DECAY]),
  evaluate(done) {
    const runs = measuredRuns(done);
    return {
      figures: pictures(done),
      claims: (["b", "a"] as const).map((side) =>
        scored({
          ...{ figure: FIGURE, name: side === "b" ? "forward" : "backward" },
          statement: `the three ${side === "b" ? "forward" : "backward"} matrices of the penultimate layer are alike`,
          measured: `smallest of the three relations of the map before the last, side ${side}, paper's convention`,
          values: runs.map((run) => leastRelation(run, side)),
          least: 0.9,
          why: "what the paper calls strong; pictures then look alike",
        }),
      ),
      notes: [
        "The penultimate layer is the map before the last. The paper does not say which side it draws; both are shown here.",
        "Each matrix is divided by its mean diagonal, so that the three of a side share a colour scale.",
      ],
    };
  },
};

function leastRelation({ last }: Measured, side: Side): number | null {
  const layer = last.layers.at(-2);
  if (layer === undefined) return null;
  const values = relationNames.map((name) => alignmentOf(layer, side, name));
  return values.includes(null) ? null : Math.min(...values.map((value) => value!));
}

function pictures(done: readonly StudiedRun[]): StudyFigure[] {
  const layer = done
    .find(({ seed }) => seed === 0)
    ?.moments()
    ?.layers.at(-2);
  const figure = layer && matrices(layerMatrices(layer));
  if (figure === undefined) return [];
  const caption =
    `${layer!.name} of fc2 after training, seed 0: H (activations), G (gradients) and Z (weights) of what it reads ` +
    "(a, backward) and of what it writes (b, forward); covariances of normalised rows, neurons in their order.";
  return [{ name: "matrices", caption, figure }];
}
