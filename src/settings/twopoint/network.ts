/**
 * @file Parts shared by the settings of the two-point theory: their networks, and the interval at which followed points
 * are recorded.
 */
import { z } from "zod";
import type { Activation } from "../../networks/activation.ts";
import { convolutional1d } from "../../networks/convolutional1d.ts";
import { mlp } from "../../networks/mlp.ts";
import type { Network } from "../../networks/network.ts";
import { count, field, flag, layerCount, positive, wholeFromZero } from "../../parameters/field.ts";
import { ParameterError } from "../../parameters/parse.ts";
import type { Random } from "../../random/random.ts";
import { withDropout } from "../../train/dropoutMasks.ts";
import { usualEvery } from "../../train/follow.ts";
import type { TrainingData } from "../../train/trainingData.ts";
import { type SharedDefaults, sharedFields } from "../sharedFields.ts";

/** Source of the authors' choices. */
export const TABLE = "paper (2402.09142), the authors' table of settings";

/** Fully connected with that activation; the last three use leaky ReLU. */
const architectures = ["leaky-relu", "relu", "elu", "tanh", "silu", "linear", "skip", "cnn", "dropout"] as const;

export interface NetworkDefaults {
  readonly architecture?: (typeof architectures)[number];
  readonly depth: number;
  readonly width: number;
  readonly gain: number;
}

export function networkFields({ architecture = "leaky-relu", depth, width, gain }: NetworkDefaults) {
  return {
    architecture: field(
      z.enum(architectures),
      architecture,
      "activation of a fully connected network; or skip, cnn, dropout (leaky ReLU)",
      TABLE,
    ),
    gain: field(positive, gain, "factor of the initial weights, N(0, 2 / (fan in + fan out)) at 1", TABLE),
    depth: field(layerCount, depth, "hidden layers; cnn: convolutions less one", TABLE),
    width: field(count, width, "neurons per hidden layer", TABLE),
    biases: field(flag, true, "whether maps have biases, initially 0", TABLE),
    dropout: field(
      positive.pipe(z.number().lt(1, "less than 1")),
      0.1,
      "architecture dropout: share of the values dropped",
      TABLE,
    ),
  };
}

export function followFields(layer: number) {
  return {
    layer: field(wholeFromZero, layer, "index of the hidden layer shown first in comparisons with the theory", TABLE),
    followEvery: field(
      wholeFromZero,
      0,
      "steps between looks at the followed points; 0: 1000 looks, or fewer for many pairs",
      "chosen: 1000 points show every bend of a curve",
    ),
  };
}

/** The shared fields of a setting whose batch is all of its points. */
export function fullBatchFields(defaults: Omit<SharedDefaults, "batch">) {
  const { batch: _, ...fields } = sharedFields({ ...defaults, batch: [1, ""] });
  return fields;
}

/** Steps between looks at this many points: followEvery, or the default if that is 0. */
export const lookEvery = ({ followEvery, steps }: { followEvery: number; steps: number }, points: number): number =>
  followEvery > 0 ? followEvery : usualEvery(steps, points);

type NetworkParameters = z.output<z.ZodObject<ReturnType<typeof networkFields>>> & { readonly layer: number };

/**
 * The network of a setting, between given numbers of inputs and outputs.
 *
 * @throws ParameterError if it has no hidden layer `layer`
 */
export function buildNetwork(
  name: string,
  p: NetworkParameters,
  { inputs, outputs }: { readonly inputs: number; readonly outputs: number },
  random: Random,
): Network {
  const { architecture, gain, depth, width, biases, layer } = p;
  if (architecture === "cnn" && !biases)
    throw new ParameterError(`${name}: expected biases=true of architecture cnn, got false; leave biases out`);
  const widths = [inputs, ...Array.from({ length: depth }, () => width), outputs];
  const network =
    architecture === "cnn"
      ? convolutional1d({ inputs, outputs, width, depth, activation: "leaky-relu", gain }, random)
      : mlp(
          {
            ...{ widths, initialisation: "xavier", gain, biases, activation: activationOf(architecture) },
            ...{ skip: architecture === "skip", dropout: droppedShare(p) },
          },
          random,
        );
  const layers = network.hidden!.length;
  if (layer >= layers)
    throw new ParameterError(`${name}: expected layer to be one of 0 to ${layers - 1}, got ${layer}; set layer`);
  return network;
}

function activationOf(architecture: NetworkParameters["architecture"]): Activation {
  if (architecture === "linear") return "identity";
  return architecture === "skip" || architecture === "cnn" || architecture === "dropout" ? "leaky-relu" : architecture;
}

const droppedShare = ({ architecture, dropout }: NetworkParameters) => (architecture === "dropout" ? dropout : 0);

/** The data, with masks if the network has dropout. */
export function withMasks(p: NetworkParameters, data: TrainingData, random: Random): TrainingData {
  const share = droppedShare(p);
  if (share === 0) return data;
  const shapes = Array.from({ length: p.depth }, () => [data.inputShape[0]!, p.width]);
  return withDropout(data, { share, shapes, random });
}
