/**
 * @file The settings of `crh run`, by name. The file of a setting and its data readers are loaded on demand.
 */
import { ParameterError, parseParameters } from "../parameters/parse.ts";
import { suggestion } from "../parameters/suggest.ts";
import type { Experiment } from "../train/experiment.ts";
import type { DataFolder, Setting } from "./setting.ts";

export interface SettingEntry {
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  load(): Promise<Setting>;
}

export const settings: readonly SettingEntry[] = [
  {
    name: "fc1",
    summary: "fully connected network, scalar teacher, isotropic input (the paper's fc1)",
    load: async () => (await import("./fc1.ts")).fc1,
  },
  {
    name: "fc2",
    summary: "fully connected network, 100-dimensional teacher, input between isotropic and not (the paper's fc2)",
    load: async () => (await import("./fc2.ts")).fc2,
  },
  {
    name: "mlp",
    summary: "fully connected classifier on images in IDX files, such as MNIST (--data DIR)",
    load: async () => (await import("./mlp.ts")).mlp,
  },
  {
    name: "llm",
    summary: "transformer that predicts the next token of a text (the paper's llm; --data FILE or DIR)",
    load: async () => (await import("./llm.ts")).llm,
  },
  {
    name: "res1",
    summary: "ResNet-18 that classifies CIFAR images (the paper's res1; --data DIR)",
    load: async () => (await import("./res1.ts")).res1,
  },
  {
    name: "res2",
    summary: "ResNet-18 that learns CIFAR images without labels, by SimCLR (the paper's res2; --data DIR)",
    load: async () => (await import("./res2.ts")).res2,
  },
  {
    name: "twopoint",
    summary: "a network on two points, compared with the two-point theory of learning dynamics (van Rossem & Saxe)",
    load: async () => (await import("./twopoint/twopoint.ts")).twopoint,
  },
  {
    name: "twopoint-mnist",
    summary: "a zero and a one of MNIST, followed while the whole set is learned (--data DIR)",
    load: async () => (await import("./twopoint/mnist.ts")).mnistPair,
  },
  {
    name: "twopoint-xor",
    summary: "the exclusive or with six followed pairs, compared with the final distances of the two-point theory",
    load: async () => (await import("./twopoint/xor.ts")).xor,
  },
  {
    name: "twopoint-blobs",
    summary: "positions of Gaussian bumps in two contexts, with a map of their representations",
    load: async () => (await import("./twopoint/blobs.ts")).blobs,
  },
  {
    name: "scalar",
    summary: "two numbers u and w that multiply: SGD ends at |u| = |w|, gradient descent does not",
    load: async () => (await import("./symmetry/scalar.ts")).scalar,
  },
  {
    name: "factorization",
    summary: "two linear maps on y = x + noise: SGD ends in noise balance, gradient descent keeps its charge",
    load: async () => (await import("./symmetry/factorization.ts")).factorization,
  },
  {
    name: "deep-linear",
    summary: "a chain of linear maps: SGD makes their sizes equal, in norms that depend on the data",
    load: async () => (await import("./symmetry/deepLinear.ts")).deepLinear,
  },
  {
    name: "deep-linear-mnist",
    summary: "a chain of linear maps on MNIST, whose inner norms approach one another (--data DIR)",
    load: async () => (await import("./symmetry/deepLinearMnist.ts")).deepLinearMnist,
  },
  {
    name: "rank-one",
    summary:
      "a product of two vectors: diverges at a rate at which it is stable after a warm-up, in which noise lowers its sharpness",
    load: async () => (await import("./symmetry/rankOne.ts")).rankOne,
  },
  {
    name: "tanh2",
    summary: "two maps with tanh between: SGD aligns the two sides of the noise balance, gradient descent does not",
    load: async () => (await import("./symmetry/tanh2.ts")).tanh2,
  },
  {
    name: "low-rank",
    summary: "two linear maps under weight decay: soft thresholding of singular values, and the effect of syre",
    load: async () => (await import("./symmetry/lowRank.ts")).lowRank,
  },
  {
    name: "simclr-linear",
    summary: "a linear map under SimCLR's loss and weight decay: which modes collapse, against exact thresholds",
    load: async () => (await import("./symmetry/simclrLinear.ts")).simclrLinear,
  },
  {
    name: "vae",
    summary: "a variational autoencoder, linear with exact modes or on MNIST: which dimensions of its code collapse",
    load: async () => (await import("./symmetry/vae.ts")).vae,
  },
];

/** @throws ParameterError with a suggestion if there is no setting of that name */
export async function findSetting(name: string): Promise<Setting> {
  const found = settings.find((setting) => setting.name === name);
  if (found !== undefined) return await found.load();
  const names = settings.map((setting) => setting.name);
  throw new ParameterError(`run: expected a setting, got "${name}"${suggestion(name, names)}`);
}

/** A setting's experiment, ready to train, and all parameters with defaults filled in. */
export interface Built {
  readonly experiment: Experiment;
  readonly parameters: Record<string, unknown>;
}

/**
 * A setting ready to train: `await buildExperiment("fc2", { steps: 1000, width: 50 })`.
 *
 * @param given parameters that differ from their defaults
 * @throws ParameterError in one line for an unknown setting, parameter or value
 */
export async function buildExperiment(
  name: string,
  given: Readonly<Record<string, unknown>> = {},
  folder: DataFolder = {},
): Promise<Built> {
  return buildSetting(await findSetting(name), given, folder);
}

/** As `buildExperiment`, for a loaded setting. */
export function buildSetting(
  setting: Setting,
  given: Readonly<Record<string, unknown>> = {},
  folder: DataFolder = {},
): Built {
  const parameters = parseParameters(setting, given);
  return { experiment: setting.build(parameters as never, folder), parameters };
}
