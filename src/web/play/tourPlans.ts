/** @file The networks that the tour plays, and when they have shown what the tour is about. */
import { differences, type Plan } from "./address.ts";
import { playDefaults } from "./defaults.ts";
import type { PlayData } from "./playData.ts";

const usual = playDefaults.fc2;

/** Steps after which two networks are compared. */
export const ENOUGH = 1500;

/** The playground's own network alone. */
export const plain: Plan = { setting: "fc2", a: usual, b: undefined };

/** The same, beside one that differs in one parameter. */
export const beside = (key: string, value: string): Plan => ({ ...plain, b: { ...usual, [key]: value } });

/** Whether two networks that differ in one parameter have trained long enough to be compared. */
export function areCompared(a: PlayData | undefined, b: PlayData | undefined, key: string): boolean {
  if (a === undefined || b === undefined) return false;
  return differences(a.given, b.given).join() === key && Math.min(a.step, b.step) >= ENOUGH;
}

/** Whether the training network has the reader's own settings. */
export function isOwn(play: PlayData | undefined): boolean {
  return play !== undefined && play.step > 0 && differences(play.given, usual).length > 0;
}
