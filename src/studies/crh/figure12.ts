/** @file Study crh/12: H and G of the last block of convolutions of a ResNet-18, before and after training. */
import { lastBlockAligned } from "../../findings/claims/convolutional.ts";
import type { LayerMoments } from "../../moments/moments.ts";
import { scored } from "../score.ts";
import type { Study } from "../study.ts";
import { judged, readRuns } from "./judged.ts";
import { BEFORE_NOTE, beforeAndAfter } from "./pictures.ts";
import { res1Notes, res1Runs, res1Untrained } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 12";
const isBlock = ({ kind }: LayerMoments) => kind === "block";

export const study12: Study = {
  name: "crh/12",
  title: "The last convolution block of a ResNet before and after training",
  source: crhPaper("Fig. 12"),
  statement:
    "Representation and gradient of the last convolution block of a ResNet-18 (res1) look alike at the end of " +
    "training, and have structure that they lack at initialisation.",
  needsData: "CIFAR10",
  runs: (size) => [...res1Runs(size), res1Untrained(size)],
  evaluate(done, { size }) {
    const trained = done.filter(({ parameters }) => parameters.steps !== 1);
    const runs = readRuns(trained);
    return {
      figures: beforeAndAfter(
        done,
        isBlock,
        "Last block after a single step: H and G by channel, covariances of normalised rows.",
      ),
      claims: [
        judged(
          {
            ...{ figure: FIGURE, name: "alike at the end" },
            statement: "representation and gradient of the last convolution block look alike at the end of training",
          },
          runs,
          lastBlockAligned,
        ),
        scored({
          ...{ figure: FIGURE, name: "rose in training" },
          statement: "they are more alike at the end than at initialisation",
          measured: "forward RGA of the last block at the end minus that at step 0, paper's convention",
          values: runs.map(({ reading }) => {
            const found = reading.findings.findLast(
              ({ layer, side, relation }) => layer.kind === "block" && side === "b" && relation === "rga",
            );
            return found?.first?.value == null ? null : found.last.value! - found.first.value;
          }),
          ...{ least: 0.05, why: "the rise that counts elsewhere (Eq. 85)" },
          smaller: size === "small" ? "a quarter of the width and a fiftieth of the steps" : undefined,
        }),
      ],
      notes: [
        ...res1Notes(size),
        "A block is measured by channel, and each of its pixels is a sample; the paper does not say whether it pools.",
        BEFORE_NOTE,
      ],
    };
  },
};
