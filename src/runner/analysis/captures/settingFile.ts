/**
 * @file setting.json of a folder of captures: which setting was trained there. Its parameters are checked and completed
 * as those of `crh run`, so that `crh reproduce` can tell whether the captures answer for a run.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ParameterError, parseParameters } from "../../../parameters/parse.ts";
import { CAPTURED_SCHEMA, type CapturedSetting, checkedCapturedSetting } from "../../../runs/capturedSetting.ts";
import { findSetting } from "../../../settings/settings.ts";

export const SETTING_FILE = "setting.json";

/** chosen: no list of parameters is longer. */
const MOST_BYTES = 2 ** 20;

/**
 * @returns the setting with every parameter, those that the file does not name by their defaults; undefined where there
 *   is no such file
 * @throws RangeError in one line naming the file where it is none, or names a setting or a parameter that is not known
 */
export async function settingOfCaptures(dir: string): Promise<CapturedSetting | undefined> {
  const path = join(dir, SETTING_FILE);
  if (!existsSync(path)) return undefined;
  const found = checkedCapturedSetting(parsed(path), path);
  try {
    const setting = await findSetting(found.setting);
    const parameters = parseParameters(setting, found.parameters) as CapturedSetting["parameters"];
    const { every, program, differences } = found;
    return { schema: CAPTURED_SCHEMA, setting: setting.name, parameters, every, program, differences };
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    throw new RangeError(`${path}: ${error.message}`, { cause: error });
  }
}

function parsed(path: string): unknown {
  const found = statSync(path);
  if (!found.isFile() || found.size > MOST_BYTES)
    throw new RangeError(`${path}: expected a file of at most 1 MiB, got a larger one or none; take it away`);
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new RangeError(`${path}: expected JSON, got something else; mend it or take it away`);
  }
}

/** What the user is told of a setting, and a report says. */
export function settingWords({ setting, program, parameters, every, differences }: CapturedSetting): string {
  const how = every === "log" ? "at steps of logarithmic spacing" : `every ${every} steps`;
  const others = differences.length === 0 ? "" : ` Otherwise than crh run: ${differences.join(" ")}`;
  return `Captured where ${program} trained setting ${setting}, seed ${parameters.seed}, ${parameters.steps} steps, ${how}.${others}`;
}
