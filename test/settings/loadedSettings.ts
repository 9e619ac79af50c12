/** @file All settings, loaded before the tests begin, so that tests can build experiments where nothing waits. */

import type { DataFolder, Setting } from "../../src/settings/setting.ts";
import { type Built, buildSetting, settings } from "../../src/settings/settings.ts";

const loaded = new Map(await Promise.all(settings.map(async ({ name, load }) => [name, await load()] as const)));

export function loadedSetting(name: string): Setting {
  const found = loaded.get(name);
  if (found === undefined) throw new Error(`test: there is no setting ${name}`);
  return found;
}

export const buildExperiment = (name: string, given?: Readonly<Record<string, unknown>>, folder?: DataFolder): Built =>
  buildSetting(loadedSetting(name), given, folder);
