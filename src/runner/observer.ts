/**
 * @file The interface for observing long work: a terminal that draws a bar, a server that passes it on, a test. The
 * work reports its progress; the observer decides how to present it.
 */

export interface Observer {
  /** A note as a sentence. */
  note(text: string): void;
  /** Starts the progress of work of `total` parts, which must be ended. */
  progress(label: string, total: number, options?: ProgressOptions): Progress;
}

/** An observer, and a signal to stop the work. */
export interface Watcher {
  readonly observer: Observer;
  /** Aborted when the user stops the work. */
  readonly signal: AbortSignal;
}

export interface ProgressOptions {
  /** Unit of the parts. Default "steps". */
  readonly unit?: string;
  /** Parts done before, for a resumed run. */
  readonly start?: number;
  /** Whether the final message includes the rate. Default true. */
  readonly endRate?: boolean;
  /** Shows nothing in the first two seconds. */
  readonly patient?: boolean;
}

export interface Progress {
  /** Pace of steps that are interrupted by other work, such as measurements. Default: steps over time. */
  pace: Pace | undefined;
  /** May be called any number of times. */
  update(done: number, loss?: number): void;
  /** The current work between parts: "measuring", "writing the report". */
  activity(text: string): void;
  /** The last evaluation as text, if there is a new one. */
  evaluated(text: string | undefined): void;
  /** A separate message. */
  say(text: string): void;
  /** @param completed whether all parts are done */
  end(completed?: boolean): void;
}

/** Rate of steps and remaining time, where a better estimate than steps over time is known. */
export interface Pace {
  /** Steps per second. */
  rate(): number | undefined;
  /** Milliseconds; undefined while there is no estimate. */
  left(): number | undefined;
}
