/**
 * @file The playground in the address: "#/play?setting=fc2&lr=0.05&two=1&b.decay=0". It lists parameters that differ
 * from the playground's defaults; those of the second network have the prefix "b." and are listed if they differ from
 * the first's. Changes during training follow "then" and "b.then": "120_lr_0.01*300_decay_0".
 */
import { grouped } from "../../findings/numbers.ts";
import type { ParameterChange, WantedDevice } from "../trainer/messages.ts";
import { type Given, isPlaySetting, type PlaySetting, playDefaults } from "./defaults.ts";

export type Slot = "a" | "b";

/** The settings of one or two networks to play. */
export interface Plan {
  readonly setting: PlaySetting;
  readonly a: Given;
  /** Undefined if there is one network. */
  readonly b: Given | undefined;
  /** Changes during training, if any. */
  readonly changes?: Changes | undefined;
}

export type Changes = { readonly [slot in Slot]?: readonly ParameterChange[] | undefined };

/** chosen: most changes of a network that an address holds. */
export const MOST_CHANGES = 60;

/** Keys of the address that are not parameters. */
const others = new Set([
  ...["then", "b.then", "setting", "two", "layer", "convention", "scope", "axis", "tour", "speed"],
  "device",
]);
const SECOND = "b.";

export function planOf(params: URLSearchParams): Plan {
  const named = params.get("setting") ?? "";
  const setting = isPlaySetting(named) ? named : "fc2";
  const [a, b]: [Record<string, string>, Record<string, string>] = [{ ...playDefaults[setting] }, {}];
  for (const [key, value] of params)
    if (others.has(key)) continue;
    else if (key.startsWith(SECOND)) b[key.slice(SECOND.length)] = value;
    else a[key] = value;
  const isTwo = params.get("two") === "1";
  const [first, second] = [changesIn(params.get("then")), isTwo ? changesIn(params.get("b.then")) : []];
  const changes = { ...(first.length > 0 && { a: first }), ...(second.length > 0 && { b: second }) };
  const isChanging = first.length + second.length > 0;
  return { setting, a, b: isTwo ? { ...a, ...b } : undefined, ...(isChanging && { changes }) };
}

/** The changes that make the address describe a plan; `known` are the names of all parameters. */
export function addressOf(plan: Plan, params: URLSearchParams): Record<string, string | undefined> {
  const changes: Record<string, string | undefined> = {
    // biome-ignore lint/suspicious/noThenProperty: the address says "then"
    then: textOf(plan.changes?.a),
    "b.then": plan.b && textOf(plan.changes?.b),
  };
  for (const key of params.keys()) if (!others.has(key)) changes[key] = undefined;
  const usual = playDefaults[plan.setting];
  for (const [key, value] of Object.entries(plan.a)) if (usual[key] !== value) changes[key] = value;
  for (const [key, value] of Object.entries(plan.b ?? {})) if (plan.a[key] !== value) changes[SECOND + key] = value;
  changes.setting = plan.setting === "fc2" ? undefined : plan.setting;
  changes.two = plan.b === undefined ? undefined : "1";
  return changes;
}

/** What networks run on, by the address. */
export function deviceOf(params: URLSearchParams): WantedDevice {
  const named = params.get("device");
  return named === "wasm" || named === "webgpu" ? named : "automatic";
}

/** Parameters whose values differ. */
export function differences(one: Given, other: Given): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((key) => one[key] !== other[key]);
}

/** Parts that are no valid change are left out. */
function changesIn(text: string | null): readonly ParameterChange[] {
  const steps = new Map<number, Record<string, string>>();
  for (const part of (text ?? "").split("*").slice(0, MOST_CHANGES)) {
    const [, step, key, value] = /^(\d{1,9})_(\w+?)_([^_]+)$/.exec(part) ?? [];
    if (value !== undefined) steps.set(Number(step), { ...steps.get(Number(step)), [key!]: value });
  }
  return [...steps].sort(([x], [y]) => x - y).map(([step, values]) => ({ step, values }));
}

function textOf(changes: readonly ParameterChange[] = []): string | undefined {
  const parts = changes.flatMap(({ step, values }) =>
    Object.entries(values).map(([key, value]) => `${step}_${key}_${value}`),
  );
  return parts.length === 0 ? undefined : parts.join("*");
}

export const isSameCourse = (one: readonly ParameterChange[] = [], other: readonly ParameterChange[] = []): boolean =>
  textOf(one) === textOf(other);

/** "at step 120 lr = 0.01, decay = 0; at step 300 lr = 0.03" */
export const changesInWords = (changes: readonly ParameterChange[]): string =>
  changes
    .map(({ step, values }) => {
      const said = Object.entries(values).map(([key, value]) => `${key} = ${value}`);
      return `at step ${grouped(step)} ${said.join(", ")}`;
    })
    .join("; ");
