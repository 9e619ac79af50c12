/** @file Presets of settings by name, and which parameters of a run are smaller than the paper's. */
import { describeParameters } from "../parameters/describe.ts";
import { ParameterError } from "../parameters/parse.ts";
import type { Preset, Setting } from "./setting.ts";

/** The preset of the defaults. */
export const PAPER = "paper";

/**
 * A preset of a setting by name.
 *
 * @throws ParameterError listing the presets if there is none of that name
 */
export function findPreset({ name, presets = {} }: Setting, preset: string): Preset {
  const all: Readonly<Record<string, Preset>> = {
    [PAPER]: { summary: "the paper's values, with chosen ones where it gives none", parameters: {} },
    ...presets,
  };
  const found = Object.hasOwn(all, preset) ? all[preset] : undefined;
  if (found !== undefined) return found;
  throw new ParameterError(`${name}: expected a preset of ${Object.keys(all).join(", ")}, got "${preset}"`);
}

/** chosen: parameters that determine the size of a network or its training. */
const SIZES: ReadonlySet<string> = new Set(["layers", "depth", "heads", "width", "context", "batch", "steps"]);

/**
 * The parameters by which a run is smaller than the paper's (the defaults); claims of the paper may fail at such sizes.
 */
export function smallerThanPaper(setting: Setting, parameters: Readonly<Record<string, unknown>>): string[] {
  const less = (value: unknown, than: unknown) => typeof value === "number" && typeof than === "number" && value < than;
  return describeParameters(setting)
    .filter((field) => SIZES.has(field.key) && less(parameters[field.key], field.default))
    .map(({ key }) => key);
}
