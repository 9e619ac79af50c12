/** @file Reading again what changes without telling. */
import { useEffect, useReducer } from "react";

/** chosen: milliseconds between looks at sweeps that are not done. */
const PERIOD = 2000;

/** A number that grows now and then, so that what depends on it is read again. */
export function useTicks(isGoing: boolean): number {
  const [ticks, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!isGoing) return;
    const timer = setInterval(tick, PERIOD);
    return () => clearInterval(timer);
  }, [isGoing]);
  return ticks;
}
