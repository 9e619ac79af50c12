/**
 * @file Confirmation of long runs: reports the estimated time as soon as it is known and above a minute, and stops the
 * run where it is above an hour and not confirmed.
 */

import { formatCount, formatDuration } from "../../formats/quantities.ts";
import { Unconfirmed } from "../errors.ts";
import type { Pace, Progress } from "../observer.ts";
import type { CostEstimate, Pause } from "./costEstimate.ts";

/** chosen: below a minute an estimate is not useful. */
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

  /** Aborted where the run must not continue. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  pause(kind: Pause): void {
    this.#estimate.pause(kind);
  }

  goOn(kind?: Pause): void {
    this.#estimate.goOn(kind);
  }

  /** The pace shown by the progress line. */
  get pace(): Pace {
    return this.#estimate;
  }

  /** Milliseconds spent in measurements. */
  get measuringMs(): number {
    return this.#estimate.spent("measuring");
  }

  /** Called after each call of steps; checks the estimate until there is one. */
  trained(step: number): void {
    this.#estimate.trained(step);
    if (this.#total !== undefined) return;
    this.#total = this.#estimate.total();
    if (this.#total === undefined) return;
    if (this.#total >= WORTH_SAYING_MS)
      this.#progress.say(`estimated time: ${formatDuration(this.#total)} for ${this.#work}`);
    if (this.#total >= CONFIRMED_ABOVE_MS && !this.#confirmed) this.#stop.abort();
  }

  /** The error of a run that was stopped for its cost; undefined otherwise. */
  refusal(runName: string): Unconfirmed | undefined {
    if (!this.signal.aborted) return undefined;
    return new Unconfirmed(
      `run: expected --yes for an estimated time of ${formatDuration(this.#total!)} (${this.#work}), which is above an hour, ` +
        `got none; nothing is lost, continue with crh resume ${runName} --yes`,
    );
  }
}
