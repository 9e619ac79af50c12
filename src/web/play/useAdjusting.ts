/**
 * @file Changes parameters of networks. Those that may change during training do so from the next step, which the
 * address records; all others are set for the next play.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type Changes, differences, isSameCourse, MOST_CHANGES, type Plan, type Slot } from "./address.ts";
import type { Given } from "./defaults.ts";
import { givenNow, isUnderWay, isWaiting, type PlayData } from "./playData.ts";
import type { Session } from "./session.ts";
import type { Planned, Wrong } from "./usePlan.ts";

export type Plays = Readonly<Partial<Record<Slot, PlayData>>>;

/** Whether the network shown has the current settings. */
export function isSamePlay(plan: Plan, slot: Slot, play: PlayData | undefined): boolean {
  const given = plan[slot];
  if (given === undefined || play === undefined) return given === undefined && play === undefined;
  return (
    play.setting === plan.setting &&
    differences(given, play.given).length === 0 &&
    isSameCourse(plan.changes?.[slot], play.changes)
  );
}

export interface Adjusting {
  /** Parameters that change at once; undefined if no network of these settings trains or is paused. */
  readonly adjustable: readonly string[] | undefined;
  /** The slot's parameters as shown. */
  readonly shown: Given;
  readonly wrong: Wrong | undefined;
  /** @returns true if the value changes at once, or is rejected as wrong */
  readonly adjust: (key: string, value: string) => boolean;
}

/** chosen: milliseconds that a slider must rest before its value counts. */
const SETTLED = 200;

type Pending = Readonly<Partial<Record<Slot, Given>>>;

export function useAdjusting(
  { plan, check, setPlan }: Pick<Planned, "plan" | "check" | "setPlan">,
  { session, plays, slot }: { readonly session: Session; readonly plays: Plays; readonly slot: Slot },
): Adjusting {
  const [pending, setPending] = useState<Pending>({});
  const [wrong, setWrong] = useState<{ readonly wrong: Wrong; readonly value: string }>();
  /** Values not yet sent while a slider moves. */
  const unsent = useRef<Pending>({});
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const live = (one: Slot): PlayData | undefined => {
    const play = plays[one];
    return play && (isUnderWay(play) || isWaiting(play)) && isSamePlay(plan, one, play) ? play : undefined;
  };
  const own = live(slot);
  const adjustable = own && own.changes.length < MOST_CHANGES ? own.built?.adjustable : undefined;
  const now = useNow(own);
  const shown = useMemo(
    () => ({ ...(now ?? plan[slot] ?? plan.a), ...pending[slot], ...(wrong && { [wrong.wrong.key]: wrong.value }) }),
    [now, plan, slot, pending, wrong],
  );
  useCourses(plan, plays, setPlan);
  useEffect(() => {
    setPending((before) => without(before, plays)); // values that took effect are no longer pending
  }, [plays]);
  const isOver = plays[slot] === undefined || !(isUnderWay(plays[slot]) || isWaiting(plays[slot]));
  useEffect(() => {
    if (!isOver) return;
    setPending({});
    setWrong(undefined);
  }, [isOver]);

  const adjust = (key: string, value: string): boolean => {
    if (own === undefined || adjustable?.includes(key) !== true) return false;
    const found = check({ ...shown, [key]: value });
    setWrong(found && { wrong: found, value });
    if (found !== undefined) return true;
    const isShared = slot === "a" && live("b") !== undefined && givenNow(live("b")!)[key] === now?.[key];
    const slots: Slot[] = isShared ? ["a", "b"] : [slot];
    const adding = (before: Pending): Pending => ({
      ...before,
      ...Object.fromEntries(slots.map((one) => [one, { ...before[one], [key]: value }])),
    });
    setPending(adding);
    unsent.current = adding(unsent.current);
    const send = () => {
      for (const one of both) if (unsent.current[one] !== undefined) session.adjust(one, unsent.current[one]);
      unsent.current = {};
    };
    clearTimeout(timer.current);
    if (isWaiting(own)) send();
    else timer.current = setTimeout(send, SETTLED);
    return true;
  };
  return { adjustable, shown, wrong: wrong?.wrong, adjust };
}

const both = ["a", "b"] as const;

/** Values that plays do not have yet; the same object if none is dropped. */
function without(pending: Pending, plays: Plays): Pending {
  const left = both.filter((slot) => {
    const now = plays[slot] && givenNow(plays[slot]);
    return Object.entries(pending[slot] ?? {}).some(([key, value]) => now?.[key] !== value);
  });
  if (left.length === Object.keys(pending).length) return pending;
  return Object.fromEntries(left.map((slot) => [slot, pending[slot]]));
}

/** Parameters at the current step of a play; the same object until one changes. */
function useNow(play: PlayData | undefined): Given | undefined {
  const applied = play?.changes.filter(({ step }) => step <= play.step).length ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: no other progress of a play changes a parameter
  return useMemo(() => play && givenNow(play), [play?.given, play?.changes, applied]);
}

/** Records changes in the address. */
function useCourses(plan: Plan, plays: Plays, setPlan: (plan: Plan) => void): void {
  const [a, b] = [plays.a?.changes, plays.b?.changes];
  const seen = useRef({ a, b });
  // Runs before the page is painted; otherwise the page would briefly say that the settings differ.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only new changes of a play are recorded
  useLayoutEffect(() => {
    // A link that was followed here takes precedence over earlier plays.
    if (seen.current.a === a && seen.current.b === b) return;
    seen.current = { a, b };
    const isOf = (slot: Slot) => {
      const [given, play] = [plan[slot], plays[slot]];
      return given !== undefined && play !== undefined && differences(given, play.given).length === 0;
    };
    const changes: Changes = {
      a: isOf("a") ? a : plan.changes?.a,
      b: isOf("b") ? b : plan.changes?.b,
    };
    if (both.every((slot) => isSameCourse(changes[slot], plan.changes?.[slot]))) return;
    setPlan({ ...plan, changes });
  }, [a, b]);
}
