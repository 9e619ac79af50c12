/** @file Study crh/13: H and G of blocks of a ResNet-18 that learned without labels. */
import { lastBlockAligned } from "../../findings/claims/convolutional.ts";
import { scored } from "../score.ts";
import type { Study } from "../study.ts";
import { alignmentOf } from "./hidden.ts";
import { judged, readRuns } from "./judged.ts";
import { layerOf, pictureOf } from "./pictures.ts";
import { res2Notes, res2Runs } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 13";
const shown = [
  { name: "layer2", words: "Second" },
  { name: "layer3", words: "Penultimate" },
] as const;

export const study13: Study = {
  name: "crh/13",
  title: "Representations of a ResNet that learned without labels",
  source: crhPaper("Fig. 13 and appendix C.4"),
  statement:
    "In the second and the penultimate convolution block of a ResNet-18 that learned without labels (res2), H and G " +
    "are significantly but not perfectly aligned.",
  needsData: "CIFAR10",
  runs: res2Runs,
  evaluate(done, { size }) {
    const runs = readRuns(done);
    const first = done.find(({ seed }) => seed === 0);
    return {
      figures: shown.flatMap(({ name, words }) =>
        pictureOf(
          layerOf(first, (layer) => layer.kind === "block" && layer.name === name),
          "b",
          {
            name,
            caption: `${words} convolution block, ${name}: H and G by channel, covariances of normalised rows, seed 0.`,
          },
        ),
      ),
      claims: [
        ...shown.map(({ name, words }) =>
          scored({
            ...{ figure: FIGURE, name: `${words.toLowerCase()} block` },
            statement: `${words.toLowerCase()} block: significant alignment`,
            measured: `forward RGA of ${name} minus its chance, paper's convention`,
            values: runs.map(({ reading: { last } }) => {
              const layer = last.layers.find((one) => one.kind === "block" && one.name === name);
              const value = layer === undefined ? null : alignmentOf(layer, "b", "rga");
              return value === null ? null : value - (layer!.alignment.paper.b.rga.null ?? 0);
            }),
            ...{ least: 0.1, why: "the distance from chance that counts elsewhere (Eq. 85)" },
            smaller:
              size === "small" ? "a quarter of the width, 800 of 97,000 steps of an eighth of the batch" : undefined,
          }),
        ),
        judged(
          {
            ...{ figure: FIGURE, name: "last block" },
            statement: "representation and gradient of the last convolution block look alike at the end of training",
          },
          runs,
          lastBlockAligned,
        ),
      ],
      notes: [
        ...res2Notes(size),
        "The caption names the second and the penultimate block, the text the last and the penultimate; the text's " +
          "'the agreement is perfect' is read as 'not perfect', as in its next sentence. The last row is the text's.",
      ],
    };
  },
};
