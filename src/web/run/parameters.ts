/** @file The parameters of a run that differ from its setting's defaults, with their meaning. */
import { describeParameters } from "../../parameters/describe.ts";
import { settings } from "../../settings/settings.ts";

export interface ChosenParameter {
  readonly name: string;
  readonly value: string;
  readonly usual: string;
  readonly meaning: string;
}

/** In the setting's order; empty if this version has no such setting, as for an analysis. */
export async function chosenParameters(
  setting: string,
  config: Readonly<Record<string, unknown>>,
): Promise<ChosenParameter[]> {
  const entry = settings.find(({ name }) => name === setting);
  if (entry === undefined) return [];
  return describeParameters(await entry.load()).flatMap(({ key, default: usual, description }) => {
    const value = config[key];
    if (value === undefined || inWords(value) === inWords(usual)) return [];
    return [{ name: key, value: inWords(value), usual: inWords(usual), meaning: description }];
  });
}

/** A value as one would type it. */
function inWords(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
