/**
 * @file How long a run will take, from its first timed steps: the time so far, the steps that are left at the rate of
 * those after the first call (which also makes the runtime ready), and the measurements and evaluations that are left
 * at the time of the last of each. Measurements become slower where more is measured at the end, so the estimate is
 * rather low than high.
 */

/** A kind of work beside the steps. */
export type Pause = "measuring" | "evaluating";

export interface CostEstimateOptions {
  /** Steps in all, and those done before: of a resumed run. */
  readonly steps: number;
  readonly start?: number;
  /** Steps at which each kind of pause is due, ascending. */
  readonly pauses: Readonly<Record<Pause, readonly number[]>>;
  /** Milliseconds; only differences count. */
  readonly now?: () => number;
}

/** chosen: fewer steps or less time say little about the rate .. */
const LEAST_STEPS = 3;
const LEAST_MS = 2_000;
/** .. but after a minute whatever there is must do. */
const LONGEST_WAIT_MS = 60_000;

export class CostEstimate {
  readonly #steps: number;
  readonly #pauses: CostEstimateOptions["pauses"];
  readonly #now: () => number;
  readonly #begin: number;
  /** Step and time up to which the steps are timed, and time and steps of the timed ones. */
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

  /** A pause begins. */
  pause(kind: Pause): void {
    this.#pause = { kind, since: this.#now() };
  }

  /**
   * The steps go on: after a pause of a kind, if it is that one; without a kind after what is in no estimate, such as a
   * checkpoint.
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

  /** A call of steps has ended, `step` being the last of them. */
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

  /** Steps per second of the steps alone; undefined until some were timed behind the first call. */
  rate(): number | undefined {
    const { steps, ms } = this.#timed;
    return ms > 0 ? (1000 * steps) / ms : undefined;
  }

  /** Milliseconds that are left; undefined until there are enough timed steps. */
  left(): number | undefined {
    const total = this.total();
    return total === undefined ? undefined : Math.max(0, total - (this.#now() - this.#begin));
  }

  /** Milliseconds from the beginning to the end of the run; undefined until there are enough timed steps. */
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
