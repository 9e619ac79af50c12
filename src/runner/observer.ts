/**
 * @file Whoever watches work that takes time: a terminal that draws a bar, a server that passes it on, a test. The work
 * tells how far it is; what becomes of that is the observer's.
 */

export interface Observer {
  /** Something worth knowing, as a sentence. */
  note(text: string): void;
  /** Begins to count work of `total` parts. The count must be ended. */
  progress(label: string, total: number, options?: ProgressOptions): Progress;
}

/** An observer, and when it wants the work to stop. */
export interface Watcher {
  readonly observer: Observer;
  /** Aborted when the user stops the work. */
  readonly signal: AbortSignal;
}

export interface ProgressOptions {
  /** What is counted. Default "steps". */
  readonly unit?: string;
  /** Parts that were done before: of a resumed run. */
  readonly start?: number;
  /** Whether the end gives the rate. Default true. */
  readonly endRate?: boolean;
  /** Tells nothing in the first two seconds. */
  readonly patient?: boolean;
}

export interface Progress {
  /** Of steps that are interrupted by other work, such as measurements. Default: steps over time. */
  pace: Pace | undefined;
  /** May be called as often as you like. */
  update(done: number, loss?: number): void;
  /** What goes on between parts: "measuring", "writing the report". */
  activity(text: string): void;
  /** The last evaluation, in words, if there is a new one. */
  evaluated(text: string | undefined): void;
  /** A message of its own. */
  say(text: string): void;
  /** @param completed whether all was done */
  end(completed?: boolean): void;
}

/** How fast steps are and what time is left, where others know it better than from steps over time. */
export interface Pace {
  /** Steps per second. */
  rate(): number | undefined;
  /** Milliseconds; undefined while any number would be a guess. */
  left(): number | undefined;
}
