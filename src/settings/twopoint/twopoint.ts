/**
 * @file Setting twopoint: a network trained on two points, the experiment of the two-point theory (van Rossem & Saxe,
 * arXiv 2402.09142; docs/theory.md, The two-point theory). Presets are the rows of the authors' table, at half the
 * table's rate and twice its steps where their notebooks do so.
 */
import { z } from "zod";
import { objective } from "../../objectives/objective.ts";
import { count, field, positive } from "../../parameters/field.ts";
import { ParameterError } from "../../parameters/parse.ts";
import { Random } from "../../random/random.ts";
import { fixedBatch } from "../../train/fixedBatch.ts";
import { optimization } from "../optimization.ts";
import { defineSetting, type Preset } from "../setting.ts";
import { minimalNormDecoder } from "./minimalNormDecoder.ts";
import { buildNetwork, followFields, fullBatchFields, lookEvery, networkFields, TABLE, withMasks } from "./network.ts";
import { twoPoints } from "./points.ts";

const half = "chosen: half the table's rate for twice its steps, as in the authors' notebooks";

/** Gains of the table with their rates. */
const gains: readonly (readonly [gain: number, lr: number])[] = [
  [0.9, 0.015],
  [1.1, 0.0025],
  [1.2, 0.00125],
  [1.3, 0.00075],
  [1.4, 0.00025],
  [1.6, 0.0000015],
];

const presets: Readonly<Record<string, Preset>> = {
  "4x100": of("4 layers of 100", { depth: 4, width: 100, gain: 0.6, lr: 0.05, steps: 3000, layer: 2 }),
  shallow: of("2 layers of 500", { depth: 2, gain: 0.35, lr: 0.01, layer: 1 }),
  narrow: of("20 layers of 50", { width: 50, gain: 1.05 }),
  linear: of("no activation", { architecture: "linear", gain: 0.85, lr: 0.00125 }),
  elu: of("ELU", { architecture: "elu", gain: 0.95, lr: 0.00045 }),
  tanh: of("tanh", { architecture: "tanh", gain: 0.85, lr: 0.00125 }),
  relu: of("ReLU", { architecture: "relu" }),
  silu: of("SiLU", { architecture: "silu", gain: 1.7, lr: 0.0025 }),
  skip: of("the activation two layers below added", { architecture: "skip", gain: 0.1, lr: 0.01 }),
  cnn: of("one-dimensional convolutions", {
    ...{ architecture: "cnn", depth: 10, gain: 0.95, lr: 0.004, steps: 3000, layer: 5 },
  }),
  dropout: of("a tenth of the values dropped", { architecture: "dropout", depth: 10, layer: 5 }),
  ...Object.fromEntries(gains.map(([gain, lr]) => [`gain${gain}`, of(`initial weights times ${gain}`, { gain, lr })])),
  adam: of("Adam instead of SGD", { optimizer: "adam", lr: 5e-7 }),
  "two-layer-linear": of("two linear maps", { architecture: "linear", depth: 1, gain: 0.1, layer: 0 }),
  lazy: of("4 layers of 100 from large weights, the lazy limit", {
    ...{ depth: 4, width: 100, gain: 2.5, lr: 5e-4, steps: 3000, layer: 2 },
  }),
};

function of(summary: string, parameters: Preset["parameters"]): Preset {
  return { summary, parameters };
}

export const twopoint = defineSetting({
  name: "twopoint",
  needsData: false,
  parameters: z.object({
    ...networkFields({ depth: 20, width: 500, gain: 1 }),
    ...followFields(10),
    inputs: field(count, 1, "input dimension", TABLE),
    outputs: field(count, 1, "output dimension", TABLE),
    dx2: field(positive, 1, "squared distance of the two inputs", TABLE),
    dy2: field(positive, 0.5, "squared distance of the two targets", TABLE),
    points: field(
      z.enum(["offset", "centred"]),
      "offset",
      "offset: x starts at -1 and y at 0.6; centred: half the distance on either side of 0",
      "paper (2402.09142), the authors' code: offset",
    ),
    decoder: field(
      z.enum(["drawn", "minimal-norm"]),
      "drawn",
      "last map as drawn, or its part along the difference of the hidden representations (linear, depth=1)",
      "paper (2402.09142): drawn; minimal-norm obeys the theory exactly",
    ),
    ...fullBatchFields({
      steps: [6000, half],
      lr: [0.005, half],
      momentum: [0, "paper (2402.09142): gradient descent"],
      decay: [0, "paper (2402.09142): none"],
    }),
  }),
  presets,
  build: (p) => {
    if (p.decoder === "minimal-norm" && (p.architecture !== "linear" || p.depth !== 1))
      throw new ParameterError(
        `twopoint: expected architecture=linear depth=1 for decoder=minimal-norm, got ${p.architecture} and ${p.depth}; set both`,
      );
    const random = new Random(p.seed);
    const points = twoPoints(p, random.split("points"));
    const drawn = buildNetwork("twopoint", p, p, random.split("network"));
    return {
      network: p.decoder === "drawn" ? drawn : minimalNormDecoder(drawn, points.x),
      objective: objective("half-mse"),
      ...optimization(p),
      data: withMasks(p, fixedBatch(points.x, points.target), random.split("masks")),
      follow: { points, every: lookEvery(p, 2), areBatch: p.architecture !== "dropout" },
      evaluation: async () => [],
      evaluationName: "the two points",
    };
  },
});
