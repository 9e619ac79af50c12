/** @file A regular trigger for reading what changes without events. */
import { useEffect, useReducer } from "react";

/** chosen: milliseconds between readings of unfinished sweeps. */
const PERIOD = 2000;

/** A number that grows at intervals, so that whatever depends on it is read again. */
export function useTicks(isGoing: boolean): number {
  const [ticks, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!isGoing) return;
    const timer = setInterval(tick, PERIOD);
    return () => clearInterval(timer);
  }, [isGoing]);
  return ticks;
}
