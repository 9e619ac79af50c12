/** @file The parameters of a run that are not its setting's defaults, with their meaning. */
import { describeParameters } from "../../parameters/describe.ts";
import { settings } from "../../settings/settings.ts";

export interface ChosenParameter {
  readonly name: string;
  readonly value: string;
  readonly usual: string;
  readonly meaning: string;
}

/** In the setting's order; none for what is no setting of this version (an analysis). */
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

/** A value as it is typed. */
function inWords(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
