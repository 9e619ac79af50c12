/**
 * @file What a run does about its cost: says the estimate as soon as there is one and it is above a minute, and stops
 * where it is above an hour and nobody has confirmed it.
 */

import { formatCount, formatDuration } from "../../formats/quantities.ts";
import { Unconfirmed } from "../errors.ts";
import type { Pace, Progress } from "../observer.ts";
import type { CostEstimate, Pause } from "./costEstimate.ts";

/** chosen: below a minute the estimate is of no use before it is over. */
const WORTH_SAYING_MS = 60_000;
const CONFIRMED_ABOVE_MS = 3_600_000;

export class Confirmation {
  readonly #estimate: CostEstimate;
  readonly #work: string;
  readonly #confirmed: boolean;
  readonly #progress: Pick<Progress, "say">;
  readonly #stop = new AbortController();
  #total: number | undefined;

  constructor(
    estimate: CostEstimate,
    options: { steps: number; measurements: number; confirmed: boolean; progress: Pick<Progress, "say"> },
  ) {
    this.#estimate = estimate;
    this.#work = `${formatCount(options.steps)} steps and ${formatCount(options.measurements)} measurements`;
    this.#confirmed = options.confirmed;
    this.#progress = options.progress;
  }

  /** Aborted where the run must not go on. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  pause(kind: Pause): void {
    this.#estimate.pause(kind);
  }

  goOn(kind?: Pause): void {
    this.#estimate.goOn(kind);
  }

  /** What progress says of the steps. */
  get pace(): Pace {
    return this.#estimate;
  }

  /** Milliseconds spent in measurements. */
  get measuringMs(): number {
    return this.#estimate.spent("measuring");
  }

  /** After each call of steps; looks at the estimate until there is one. */
  trained(step: number): void {
    this.#estimate.trained(step);
    if (this.#total !== undefined) return;
    this.#total = this.#estimate.total();
    if (this.#total === undefined) return;
    if (this.#total >= WORTH_SAYING_MS)
      this.#progress.say(`estimated time: ${formatDuration(this.#total)} for ${this.#work}`);
    if (this.#total >= CONFIRMED_ABOVE_MS && !this.#confirmed) this.#stop.abort();
  }

  /** The error of a run that was stopped for its cost; undefined where it was not. */
  refusal(runName: string): Unconfirmed | undefined {
    if (!this.signal.aborted) return undefined;
    return new Unconfirmed(
      `run: expected --yes for an estimated time of ${formatDuration(this.#total!)} (${this.#work}), which is above an hour, ` +
        `got none; nothing is lost, go on with crh resume ${runName} --yes`,
    );
  }
}
