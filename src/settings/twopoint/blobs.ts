/**
 * @file Setting twopoint-blobs: Gaussian bumps on a grid of pixels with two context bits, which select the horizontal
 * or the vertical position of the bump as target ("orthogonal" in the authors' code of arXiv 2402.09142, after Flesch
 * et al. 2022). A coarser grid of bumps in both contexts is followed; its distances make the map of the representation.
 */
import { z } from "zod";
import { objective } from "../../objectives/objective.ts";
import { float32, type Tensor } from "../../onnx/tensor.ts";
import { count, field } from "../../parameters/field.ts";
import { ParameterError } from "../../parameters/parse.ts";
import { sliceBatches, TARGET } from "../../probe/feeds.ts";
import { MOST_GROUPS } from "../../probe/groupCount.ts";
import { Random } from "../../random/random.ts";
import { finiteValues } from "../../train/finiteValues.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { sharedFields } from "../sharedFields.ts";
import { buildNetwork, followFields, lookEvery, networkFields, withMasks } from "./network.ts";

const table = "paper (2402.09142), the authors' table of settings: low_init";
/** Batches of 64 in an epoch of 1800 samples. */
const EPOCH = 28;
const PIXELS = 5;

interface Blob {
  readonly x: readonly number[];
  readonly target: number;
  readonly name: string;
}

export const blobs = defineSetting({
  name: "twopoint-blobs",
  needsData: false,
  parameters: z.object({
    ...networkFields({ architecture: "tanh", depth: 4, width: 100, gain: 0.5 }),
    ...followFields(2),
    grid: field(
      count.pipe(z.number().min(2, "2 or more")),
      30,
      "bumps along each axis",
      "paper (2402.09142), the authors' code",
    ),
    shown: field(count.pipe(z.number().min(2, "2 or more")), 5, "followed bumps along each axis", "chosen: 50 points"),
    ...sharedFields({
      steps: [1500 * EPOCH, `${table}, 1500 epochs`],
      batch: [64, "paper (2402.09142), the authors' code"],
      lr: [0.015, table],
      momentum: [0, "paper (2402.09142): gradient descent"],
      decay: [0, "paper (2402.09142): none"],
    }),
  }),
  presets: {
    large: { summary: "large initial weights", parameters: { gain: 2, lr: 0.0015, steps: 750 * EPOCH } },
    tiny: { summary: "very small initial weights", parameters: { gain: 0.275, lr: 0.05, steps: 2000 * EPOCH } },
  },
  build: (p) => {
    const random = new Random(p.seed);
    const [all, few] = [samplesOf(places(p.grid)), samplesOf(places(p.shown))];
    const whole = tensors(all);
    if (p.batch > all.length)
      throw new ParameterError(
        `twopoint-blobs: expected a batch of at most ${all.length} samples, got ${p.batch}; lower batch`,
      );
    const data = finiteValues(whole, { batch: p.batch, random: random.split("data") });
    const shown = tensors(few);
    return {
      network: buildNetwork("twopoint-blobs", p, { inputs: PIXELS ** 2 + 2, outputs: 1 }, random.split("network")),
      objective: objective("half-mse"),
      ...optimization(p),
      data: withMasks(p, data, random.split("masks")),
      follow: {
        points: { names: few.map(({ name }) => name), ...shown, wanted: shown.target },
        every: lookEvery(p, few.length),
      },
      evaluation: async () => sliceBatches({ x: whole.x, [TARGET]: whole.target }, Math.ceil(all.length / MOST_GROUPS)),
      evaluationName: `the ${all.length} training samples`,
    };
  },
});

/** `count` evenly spaced positions from -1 to 1. */
const places = (n: number) => Array.from({ length: n }, (_, i) => -1 + (2 * i) / (n - 1));

/** Every bump in both contexts: 25 pixels and two bits; the target is the position along the selected axis. */
function samplesOf(grid: readonly number[]): Blob[] {
  return (["x", "y"] as const).flatMap((context) =>
    grid.flatMap((mx) =>
      grid.map((my) => ({
        x: [...bump(mx, my), Number(context === "x"), Number(context === "y")],
        target: context === "x" ? mx : my,
        name: `${context} ${mx.toFixed(2)} ${my.toFixed(2)}`,
      })),
    ),
  );
}

/** exp(-|pixel - position|^2 / 2) on 5 x 5 pixels from -1 to 1, normalised to sum 1. */
function bump(mx: number, my: number): number[] {
  const values = places(PIXELS).flatMap((y) =>
    places(PIXELS).map((x) => Math.exp(-((x - mx) ** 2 + (y - my) ** 2) / 2)),
  );
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
}

function tensors(blobs: readonly Blob[]): { x: Tensor; target: Tensor } {
  return {
    x: float32(
      blobs.flatMap(({ x }) => x),
      [blobs.length, PIXELS ** 2 + 2],
    ),
    target: float32(
      blobs.map(({ target }) => target),
      [blobs.length, 1],
    ),
  };
}
