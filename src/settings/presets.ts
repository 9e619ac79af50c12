/** @file Presets of settings by name, and which parameters of a run are smaller than the paper's. */
import { describeParameters } from "../parameters/describe.ts";
import { ParameterError } from "../parameters/parse.ts";
import type { Preset, Setting } from "./setting.ts";

/** The preset of the defaults. */
export const PAPER = "paper";

/**
 * A preset of a setting by name.
 *
 * @throws ParameterError listing the presets where there is none of that name
 */
export function findPreset({ name, presets = {} }: Setting, preset: string): Preset {
  const all: Readonly<Record<string, Preset>> = {
    [PAPER]: { summary: "the paper's values, chosen ones where it leaves them open", parameters: {} },
    ...presets,
  };
  const found = Object.hasOwn(all, preset) ? all[preset] : undefined;
  if (found !== undefined) return found;
  throw new ParameterError(`${name}: expected a preset of ${Object.keys(all).join(", ")}, got "${preset}"`);
}

/** chosen: parameters by which a network or its training is smaller than another. */
const SIZES: ReadonlySet<string> = new Set(["layers", "depth", "heads", "width", "context", "batch", "steps"]);

/**
 * The parameters that make a run smaller than the paper's, whose are the defaults: claims of the paper may fail at
 * their size.
 */
export function smallerThanPaper(setting: Setting, parameters: Readonly<Record<string, unknown>>): string[] {
  const less = (value: unknown, than: unknown) => typeof value === "number" && typeof than === "number" && value < than;
  return describeParameters(setting)
    .filter((field) => SIZES.has(field.key) && less(parameters[field.key], field.default))
    .map(({ key }) => key);
}
