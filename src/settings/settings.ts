/** @file The settings that `crh run` knows, by name. */

import { ParameterError, parseParameters } from "../parameters/parse.ts";
import { suggestion } from "../parameters/suggest.ts";
import type { Experiment } from "../train/experiment.ts";
import { fc1 } from "./fc1.ts";
import { fc2 } from "./fc2.ts";
import { llm } from "./llm.ts";
import { mlp } from "./mlp.ts";
import { res1 } from "./res1.ts";
import { res2 } from "./res2.ts";
import type { Setting, Surroundings } from "./setting.ts";
import { deepLinear } from "./symmetry/deepLinear.ts";
import { deepLinearMnist } from "./symmetry/deepLinearMnist.ts";
import { factorization } from "./symmetry/factorization.ts";
import { lowRank } from "./symmetry/lowRank.ts";
import { rankOne } from "./symmetry/rankOne.ts";
import { scalar } from "./symmetry/scalar.ts";
import { simclrLinear } from "./symmetry/simclrLinear.ts";
import { tanh2 } from "./symmetry/tanh2.ts";
import { vae } from "./symmetry/vae.ts";
import { blobs } from "./twopoint/blobs.ts";
import { mnistPair } from "./twopoint/mnist.ts";
import { twopoint } from "./twopoint/twopoint.ts";
import { xor } from "./twopoint/xor.ts";

export const settings: readonly Setting[] = [
  fc1,
  fc2,
  mlp,
  llm,
  res1,
  res2,
  twopoint,
  mnistPair,
  xor,
  blobs,
  scalar,
  factorization,
  deepLinear,
  deepLinearMnist,
  rankOne,
  tanh2,
  lowRank,
  simclrLinear,
  vae,
];

/** @throws ParameterError with a suggestion when there is no setting of that name */
export function findSetting(name: string): Setting {
  const found = settings.find((setting) => setting.name === name);
  if (found !== undefined) return found;
  const names = settings.map((setting) => setting.name);
  throw new ParameterError(`run: expected a setting, got "${name}"${suggestion(name, names)}`);
}

/**
 * A setting ready to train: `buildExperiment("fc2", { steps: 1000, width: 50 })`.
 *
 * @param given parameters that differ from their defaults
 * @returns the experiment and every parameter, defaults filled in
 * @throws ParameterError in one line for an unknown setting, parameter or value
 */
export function buildExperiment(
  name: string,
  given: Readonly<Record<string, unknown>> = {},
  surroundings: Surroundings = {},
): { experiment: Experiment; parameters: Record<string, unknown> } {
  const setting = findSetting(name);
  const parameters = parseParameters(setting, given);
  return { experiment: setting.build(parameters as never, surroundings), parameters };
}
