/** @file Study crh/11: H and G of the output layer of a ResNet-18, before and after training. */
import { outputAligned } from "../../findings/claims/convolutional.ts";
import type { LayerMoments } from "../../moments/moments.ts";
import { scored } from "../score.ts";
import type { Study } from "../study.ts";
import { measuredRuns } from "./hidden.ts";
import { judged, readRuns } from "./judged.ts";
import { BEFORE_NOTE, beforeAndAfter } from "./pictures.ts";
import { res1Notes, res1Runs, res1Untrained } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 11";
const isLinear = ({ kind }: LayerMoments) => kind === "linear";

export const study11: Study = {
  name: "crh/11",
  title: "The output layer of a ResNet before and after training",
  source: crhPaper("Fig. 11 and appendix C.3"),
  statement:
    "At the end of training H and G of the output layer of a ResNet-18 (res1) look alike, and both become proportional " +
    "to the identity; at initialisation they do not.",
  needsData: "CIFAR10",
  runs: (size) => [...res1Runs(size), res1Untrained(size)],
  evaluate(done, { size }) {
    const trained = done.filter(({ parameters }) => parameters.steps !== 1);
    const smaller = size === "small" ? "a quarter of the width and a fiftieth of the steps" : undefined;
    const identity = (which: "H" | "G", gives: string) =>
      scored({
        ...{ figure: FIGURE, name: `cov(${which === "H" ? "h, h" : "g, g"}) near the identity` },
        statement: `cov of the ${gives} of the output layer becomes proportional to the identity`,
        measured:
          "participation ratio over the dimension: the squared cosine with the identity, 0.9 at most for ten classes",
        values: measuredRuns(trained).map(({ last }) => {
          const found = last.layers.at(-1)?.ranks.paper.b?.[which];
          return found?.participation == null ? null : found.participation / found.dimension;
        }),
        ...{ least: 0.7, why: "chosen: such a matrix looks like the identity; random ones are far below", smaller },
      });
    return {
      figures: beforeAndAfter(
        done,
        isLinear,
        "Output layer after a single step: H and G of its output, covariances of normalised rows.",
      ),
      claims: [
        judged(
          {
            ...{ figure: FIGURE, name: "alike at the end" },
            statement: "at the end of training H and G of the output layer look alike, at initialisation they do not",
          },
          readRuns(trained),
          outputAligned,
        ),
        identity("H", "outputs"),
        identity("G", "gradients"),
      ],
      notes: [
        ...res1Notes(size),
        BEFORE_NOTE,
        "With ten classes the rows of G sum to 0, so one eigenvalue is 0 and the participation ratio is at most nine.",
      ],
    };
  },
};
