/**
 * @file One line on stderr with the progress of a long command: on a terminal a bar that is redrawn in place, elsewhere
 * a plain line at the start, after 2 s and then about every 10 s. A timer redraws it too, so that it moves while
 * nothing is reported.
 */

import { printable } from "../formats/printable.ts";
import { formatCount, formatDuration, formatQuantity, formatRate } from "../formats/quantities.ts";
import type { Observer, Pace, Progress, ProgressOptions } from "../runner/observer.ts";
import { type Io, widthOf } from "./io.ts";

/** Options of the observer, and those for tests. */
export interface LineOptions extends ProgressOptions {
  /** Prints nothing. */
  readonly quiet?: boolean;
  /** Clock in milliseconds; only differences matter. */
  readonly now?: () => number;
}

/** chosen: 10 redraws per second look continuous. */
const REDRAW_MS = 100;
const FIRST_LINE_MS = 2_000;
const LINE_MS = 10_000;
/** chosen: the rate is that of the last 10 s, in intervals of at least half a second. */
const RATE_WINDOW_MS = 10_000;
const RATE_PIECE_MS = 500;
/** chosen: earlier, the first measurements make any estimate of the time left far too long. */
const SETTLED_MS = 5_000;
/**
 * chosen: so does the rate over the first hundredths of the steps, which are measured most often; after a minute it is
 * used.
 */
const SETTLED_SHARE = 0.02;
const LONGEST_WAIT_MS = 60_000;
const TIMER_MS = 500;
const BAR_WIDTH = 24;
const CLEAR_LINE = "\r\u001b[K";
const CLEAR_REST = "\u001b[K";

export class ProgressLine implements Progress {
  readonly #io: Io;
  readonly #label: string;
  readonly #steps: number;
  readonly #start: number;
  readonly #quiet: boolean;
  readonly #patient: boolean;
  readonly #endRate: boolean;
  readonly #unit: string;
  readonly #onTerminal: boolean;
  readonly #now: () => number;
  readonly #begin: number;
  readonly #timer: NodeJS.Timeout | undefined;
  /** Times and steps of the last RATE_WINDOW_MS, oldest first. */
  readonly #marks: { time: number; step: number }[];
  #step: number;
  #loss: number | undefined;
  #evaluated: string | undefined;
  #activity: string | undefined;
  /** Pace of steps that are interrupted by other work, such as measurements. Default: steps over time. */
  pace: Pace | undefined;
  /** Time of the next line. */
  #due: number;

  /** @param steps total number of steps */
  constructor(io: Io, label: string, steps: number, options: LineOptions = {}) {
    const {
      quiet = false,
      unit = "steps",
      start = 0,
      patient = false,
      endRate = true,
      now = () => performance.now(),
    } = options;
    this.#io = io;
    this.#label = printable(label);
    this.#steps = steps;
    this.#start = start;
    this.#quiet = quiet;
    this.#patient = patient;
    this.#endRate = endRate;
    this.#unit = unit;
    this.#onTerminal = io.stderr.isTTY === true && io.env.TERM !== "dumb";
    this.#now = now;
    this.#begin = now();
    this.#step = start;
    this.#marks = [{ time: this.#begin, step: start }];
    this.#due = patient ? this.#begin + FIRST_LINE_MS : this.#begin;
    if (quiet) return;
    this.#showIfDue();
    if (!this.#onTerminal) this.#due = this.#begin + FIRST_LINE_MS;
    this.#timer = setInterval(() => this.#showIfDue(), TIMER_MS);
    this.#timer.unref();
  }

  /** May be called any number of times; only redraws are costly. */
  update(step: number, loss?: number): void {
    this.#step = step;
    if (loss !== undefined) this.#loss = loss;
    this.#activity = undefined;
    this.#mark();
    this.#showIfDue();
  }

  /** The current work between steps ("measuring", "writing the report"); shown at once on a terminal. */
  activity(text: string): void {
    this.#activity = printable(text);
    if (this.#onTerminal && !(this.#patient && this.#now() - this.#begin < FIRST_LINE_MS)) this.#due = this.#now();
    this.#showIfDue();
  }

  /** The last evaluation as text, if there is a new one; shown from the next line on. */
  evaluated(text: string | undefined): void {
    if (text !== undefined) this.#evaluated = printable(text);
  }

  /** A message on its own line; the bar stays below it. */
  say(text: string): void {
    if (this.#quiet) return;
    this.#io.stderr.write(`${this.#onTerminal ? CLEAR_LINE : ""}${printable(text)}\n`);
    if (!this.#onTerminal) return;
    this.#due = this.#now();
    this.#showIfDue();
  }

  /** Removes the bar and prints a summary line, unless `completed` is false. */
  end(completed = true): void {
    clearInterval(this.#timer);
    if (this.#quiet) return;
    if (this.#onTerminal) this.#io.stderr.write(CLEAR_LINE);
    if (!completed) return;
    const time = this.#now() - this.#begin;
    const done = this.#step - this.#start;
    const isTold = this.#endRate && time > 0 && this.pace === undefined;
    const rate = isTold ? ` (${formatRate((done / time) * 1000)} ${this.#unit}/s)` : "";
    this.#io.stderr.write(`${this.#label}: ${formatCount(done)} ${this.#unit} in ${formatDuration(time)}${rate}\n`);
  }

  #showIfDue(): void {
    const now = this.#now();
    if (this.#quiet || now < this.#due) return;
    this.#due = now + (this.#onTerminal ? REDRAW_MS : LINE_MS);
    if (!this.#onTerminal) {
      this.#io.stderr.write(`${this.#label}: ${this.#facts().join("  ")}\n`);
      return;
    }
    const width = widthOf(this.#io.stderr) - 1;
    const line = composeLine(this.#label, this.#step / Math.max(1, this.#steps), this.#facts(), width, this.#io.env);
    this.#io.stderr.write(`\r${line}${CLEAR_REST}`);
  }

  /**
   * Percent, steps, rate, time left, loss, evaluation and activity, as far as known; each with a constant width.
   */
  #facts(): string[] {
    const share = Math.floor((100 * this.#step) / Math.max(1, this.#steps));
    const total = formatCount(this.#steps);
    const facts = [`${String(share).padStart(3)} %`, `${formatCount(this.#step).padStart(total.length)}/${total}`];
    const rate = this.#rate();
    if (rate !== undefined) {
      facts.push(`${formatRate(rate).padStart(5)} ${this.#unit}/s`);
      const left = this.#left(rate);
      if (left !== undefined && this.#step < this.#steps) facts.push(`${formatDuration(left)} left`);
    }
    if (this.#loss !== undefined) facts.push(`loss ${formatQuantity(this.#loss)}`);
    if (this.#evaluated !== undefined) facts.push(this.#evaluated);
    if (this.#activity !== undefined) facts.push(this.#activity);
    return facts;
  }

  #mark(): void {
    const time = this.#now();
    if (time - this.#marks.at(-1)!.time < RATE_PIECE_MS) return;
    this.#marks.push({ time, step: this.#step });
    while (this.#marks.length > 2 && time - this.#marks[1]!.time >= RATE_WINDOW_MS) this.#marks.shift();
  }

  /** Remaining milliseconds at that rate; undefined in the first seconds. */
  #left(rate: number): number | undefined {
    if (this.pace !== undefined) return this.pace.left();
    const time = this.#now() - this.#begin;
    const isFar = this.#step - this.#start >= SETTLED_SHARE * (this.#steps - this.#start) || time >= LONGEST_WAIT_MS;
    return time >= SETTLED_MS && isFar ? (1000 * (this.#steps - this.#step)) / rate : undefined;
  }

  /** Steps per second over the last seconds; undefined until there are some. */
  #rate(): number | undefined {
    if (this.pace !== undefined) return this.pace.rate();
    const { time, step } = this.#marks[0]!;
    const elapsed = this.#now() - time;
    return elapsed < RATE_PIECE_MS || this.#step === step ? undefined : (1000 * (this.#step - step)) / elapsed;
  }
}

/** The bar and the facts on one line; if it is too narrow, the bar is dropped first, then facts from the third on. */
function composeLine(label: string, share: number, facts: readonly string[], width: number, env: Io["env"]): string {
  const kept = [...facts];
  const length = () => label.length + kept.reduce((sum, fact) => sum + 2 + fact.length, 0);
  while (kept.length > 2 && length() > width) kept.splice(2, 1);
  const room = Math.min(BAR_WIDTH, width - length() - 2);
  const bar = room >= 8 ? [drawBar(share, room, env)] : [];
  return [label, ...bar, ...kept].join("  ").slice(0, width);
}

function drawBar(share: number, width: number, env: Io["env"]): string {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
  const [full, empty] = /utf-?8/i.test(locale) ? ["━", "┄"] : ["#", "."];
  const filled = Math.min(width, Math.floor(Math.min(1, share) * width));
  return full!.repeat(filled) + empty!.repeat(width - filled);
}

/**
 * The terminal as an observer of work.
 *
 * @param options.quiet prints nothing; options.hidden draws no progress, but writes notes; options.prefix precedes each
 *   note
 */
export function terminalObserver(
  io: Io,
  {
    quiet = false,
    hidden = quiet,
    prefix = "",
  }: { quiet?: boolean | undefined; hidden?: boolean; prefix?: string } = {},
): Observer {
  return {
    note(text) {
      if (!quiet) io.stderr.write(`${prefix}${printable(text)}\n`);
    },
    progress: (label, total, options) => new ProgressLine(io, label, total, { ...options, quiet: quiet || hidden }),
  };
}
