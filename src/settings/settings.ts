/** @file The settings that `crh run` knows, by name. */
import { fc1 } from "./fc1.ts";
import { fc2 } from "./fc2.ts";
import { mlp } from "./mlp.ts";
import { ParameterError, type Setting } from "./setting.ts";
import { suggestion } from "./suggest.ts";

export const settings: readonly Setting[] = [fc1, fc2, mlp];

/** @throws ParameterError with a suggestion when there is no setting of that name */
export function findSetting(name: string): Setting {
  const found = settings.find((setting) => setting.name === name);
  if (found !== undefined) return found;
  const names = settings.map((setting) => setting.name);
  throw new ParameterError(`run: expected a setting, got "${name}"${suggestion(name, names)}`);
}
