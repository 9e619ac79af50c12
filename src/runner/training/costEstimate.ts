/**
 * @file Estimates the time of a run: the time so far, the remaining steps at the rate of the steps after the first call
 * (which also initialises the runtime), and the remaining measurements and evaluations at the time of the last of each.
 * The estimate tends to be low, because more may be measured at the end.
 */

/** A kind of work between the steps. */
export type Pause = "measuring" | "evaluating";

export interface CostEstimateOptions {
  /** Total number of steps, and those done before in a resumed run. */
  readonly steps: number;
  readonly start?: number;
  /** Steps at which each kind of pause occurs, ascending. */
  readonly pauses: Readonly<Record<Pause, readonly number[]>>;
  /** Clock in milliseconds; only differences matter. */
  readonly now?: () => number;
}

/** chosen: fewer steps or less time are too few for a rate .. */
const LEAST_STEPS = 3;
const LEAST_MS = 2_000;
/** .. but after a minute any number of steps is used. */
const LONGEST_WAIT_MS = 60_000;

export class CostEstimate {
  readonly #steps: number;
  readonly #pauses: CostEstimateOptions["pauses"];
  readonly #now: () => number;
  readonly #begin: number;
  /** Step and time of the last timed step, and total time and number of timed steps. */
  #mark: { step: number; time: number };
  #timed = { steps: 0, ms: 0 };
  #first: { steps: number; ms: number } | undefined;
  #pause: { readonly kind: Pause; readonly since: number } | undefined;
  readonly #lasting: Partial<Record<Pause, number>> = {};
  readonly #spent: Record<Pause, number> = { measuring: 0, evaluating: 0 };

  constructor({ steps, start = 0, pauses, now = () => performance.now() }: CostEstimateOptions) {
    this.#steps = steps;
    this.#pauses = pauses;
    this.#now = now;
    this.#begin = now();
    this.#mark = { step: start, time: this.#begin };
  }

  /** Called when a pause begins. */
  pause(kind: Pause): void {
    this.#pause = { kind, since: this.#now() };
  }

  /**
   * Called when the steps continue: after a pause of the given kind, or, without a kind, after work outside the
   * estimate, such as a checkpoint.
   */
  goOn(kind?: Pause): void {
    if (kind !== this.#pause?.kind) return;
    const time = this.#now();
    if (this.#pause !== undefined) {
      const { kind: ended, since } = this.#pause;
      this.#lasting[ended] = time - since;
      this.#spent[ended] += time - since;
    }
    this.#pause = undefined;
    this.#mark = { ...this.#mark, time };
  }

  /** Called after a call of steps that ended at `step`. */
  trained(step: number): void {
    const time = this.#now();
    const call = { steps: step - this.#mark.step, ms: time - this.#mark.time };
    if (this.#first === undefined) this.#first = call;
    else this.#timed = { steps: this.#timed.steps + call.steps, ms: this.#timed.ms + call.ms };
    this.#mark = { step, time };
  }

  /** Milliseconds spent in pauses of a kind. */
  spent(kind: Pause): number {
    return this.#spent[kind];
  }

  /** Steps per second without pauses; undefined until some were timed after the first call. */
  rate(): number | undefined {
    const { steps, ms } = this.#timed;
    return ms > 0 ? (1000 * steps) / ms : undefined;
  }

  /** Remaining milliseconds; undefined until enough steps are timed. */
  left(): number | undefined {
    const total = this.total();
    return total === undefined ? undefined : Math.max(0, total - (this.#now() - this.#begin));
  }

  /** Milliseconds from start to end of the run; undefined until enough steps are timed. */
  total(): number | undefined {
    if (this.#first === undefined) return undefined;
    const settled = this.#timed.steps >= LEAST_STEPS && this.#timed.ms >= LEAST_MS;
    if (!settled && this.#first.ms + this.#timed.ms < LONGEST_WAIT_MS) return undefined;
    const { steps, ms } = this.#timed.steps > 0 ? this.#timed : this.#first;
    const { step } = this.#mark;
    const pauses = (["measuring", "evaluating"] as const).map(
      (kind) => (this.#lasting[kind] ?? 0) * this.#pauses[kind].filter((at) => at > step).length,
    );
    return this.#now() - this.#begin + (ms / steps) * (this.#steps - step) + pauses[0]! + pauses[1]!;
  }
}
