/**
 * @file The playground in the address: "#/play?setting=fc2&lr=0.05&two=1&b.decay=0". Parameters stand there where they
 * differ from the playground's own, those of the second network behind "b." where they differ from the first's.
 */
import { type Given, isPlaySetting, type PlaySetting, playDefaults } from "./defaults.ts";

export type Slot = "a" | "b";

/** What is played: the settings of one or two networks. */
export interface Plan {
  readonly setting: PlaySetting;
  readonly a: Given;
  /** undefined: there is one network. */
  readonly b: Given | undefined;
}

/** Keys of the address that are no parameters. */
const others = new Set(["setting", "two", "layer", "convention", "scope", "axis", "tour", "speed"]);
const SECOND = "b.";

export function planOf(params: URLSearchParams): Plan {
  const named = params.get("setting") ?? "";
  const setting = isPlaySetting(named) ? named : "fc2";
  const [a, b]: [Record<string, string>, Record<string, string>] = [{ ...playDefaults[setting] }, {}];
  for (const [key, value] of params)
    if (key.startsWith(SECOND)) b[key.slice(SECOND.length)] = value;
    else if (!others.has(key)) a[key] = value;
  return { setting, a, b: params.get("two") === "1" ? { ...a, ...b } : undefined };
}

/** The changes of the address that make it say a plan; `known` are all parameters there are. */
export function addressOf(plan: Plan, params: URLSearchParams): Record<string, string | undefined> {
  const changes: Record<string, string | undefined> = {};
  for (const key of params.keys()) if (key.startsWith(SECOND) || !others.has(key)) changes[key] = undefined;
  const usual = playDefaults[plan.setting];
  for (const [key, value] of Object.entries(plan.a)) if (usual[key] !== value) changes[key] = value;
  for (const [key, value] of Object.entries(plan.b ?? {})) if (plan.a[key] !== value) changes[SECOND + key] = value;
  changes.setting = plan.setting === "fc2" ? undefined : plan.setting;
  changes.two = plan.b === undefined ? undefined : "1";
  return changes;
}

/** Parameters whose values are not the same. */
export function differences(one: Given, other: Given): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((key) => one[key] !== other[key]);
}
