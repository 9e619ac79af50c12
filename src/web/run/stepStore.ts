/**
 * @file The step shown. It is kept outside React's tree, so that scrubbing redraws only what depends on the step. The
 * address follows a moment later, since browsers limit how often it may change.
 */
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { setParams } from "../route.ts";
import { nearestStep } from "./steps.ts";

/** chosen: milliseconds after which the address is updated. */
const SETTLED = 250;

export class StepStore {
  #steps: readonly number[] = [];
  /** Undefined follows the last measured step as new ones arrive. */
  #wanted: number | undefined;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(wanted: number | undefined) {
    this.#wanted = wanted;
  }

  /** The step shown, always a measured one; undefined if nothing was measured. */
  get step(): number | undefined {
    return this.#wanted === undefined ? this.#steps.at(-1) : nearestStep(this.#steps, this.#wanted);
  }

  get steps(): readonly number[] {
    return this.#steps;
  }

  get followsLast(): boolean {
    return this.#wanted === undefined;
  }

  /** @param steps measured steps, ascending */
  offer(steps: readonly number[]): void {
    this.#steps = steps;
    this.#tell();
  }

  /** @param step undefined follows the last one */
  look(step: number | undefined): void {
    const wanted = step === this.#steps.at(-1) ? undefined : step;
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#tell();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      setParams({ step: wanted === undefined ? undefined : String(wanted) });
    }, SETTLED);
  }

  /** Takes the step from the address, unless a newer choice is about to be written there. */
  addressSays(step: number | undefined): void {
    if (this.#timer !== undefined || step === this.#wanted) return;
    this.#wanted = step;
    this.#tell();
  }

  leave(): void {
    clearTimeout(this.#timer);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

export const StepContext = createContext<StepStore>(new StepStore(undefined));

/** The step shown. */
export function useStep(): number | undefined {
  const store = useContext(StepContext);
  return useSyncExternalStore(store.subscribe, () => store.step);
}

export const useStepStore = (): StepStore => useContext(StepContext);

/**
 * The step shown once it has rested for a moment, for slow drawings, so that they do not hold up scrubbing.
 *
 * @param rest milliseconds; 0 follows at once
 */
export function useSettledStep(rest = REST): number | undefined {
  const step = useStep();
  const [settled, setSettled] = useState(step);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(step), rest);
    return () => clearTimeout(timer);
  }, [step, rest]);
  return rest === 0 ? step : settled;
}

/** chosen: less than the time for which playback shows a step. */
const REST = 110;
