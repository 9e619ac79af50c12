/**
 * @file Setting twopoint-xor: the four points of the exclusive or, with all six pairs followed. The two-point theory
 * predicts the final distance of each pair from rates that were fitted on two points (van Rossem & Saxe, arXiv
 * 2402.09142).
 */
import { z } from "zod";
import { objective } from "../../objectives/objective.ts";
import { float32 } from "../../onnx/tensor.ts";
import { Random } from "../../random/random.ts";
import { fixedBatch } from "../../train/fixedBatch.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { buildNetwork, followFields, fullBatchFields, lookEvery, networkFields, withMasks } from "./network.ts";

const table = "paper (2402.09142), the authors' table of settings: rich";
const names = ["00", "01", "10", "11"];

export const xor = defineSetting({
  name: "twopoint-xor",
  needsData: false,
  parameters: z.object({
    ...networkFields({ architecture: "relu", depth: 20, width: 500, gain: 0.85 }),
    ...followFields(10),
    ...fullBatchFields({
      steps: [3000, table],
      lr: [0.015, table],
      momentum: [0, "paper (2402.09142): gradient descent"],
      decay: [0, "paper (2402.09142): none"],
    }),
  }),
  presets: {
    intermediate: { summary: "weights between the regimes", parameters: { gain: 1.25, lr: 0.002, steps: 1000 } },
    lazy: { summary: "large weights", parameters: { gain: 2, lr: 3e-9, steps: 1000 } },
    shallow: {
      summary: "one hidden layer from very small weights",
      parameters: { gain: 0.0015, lr: 0.03, depth: 1, layer: 0, steps: 2000 },
    },
  },
  build: (p) => {
    const random = new Random(p.seed);
    const x = float32([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]);
    const target = float32([0, 1, 1, 0], [4, 1]);
    return {
      network: buildNetwork("twopoint-xor", p, { inputs: 2, outputs: 1 }, random.split("network")),
      objective: objective("mse"),
      ...optimization(p),
      data: withMasks(p, fixedBatch(x, target), random.split("masks")),
      follow: {
        points: { names, x, target, wanted: target },
        every: lookEvery(p, names.length),
        areBatch: p.architecture !== "dropout",
      },
      evaluation: async () => [],
      evaluationName: "the four points",
    };
  },
});
