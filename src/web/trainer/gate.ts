/**
 * @file The gate before each call of steps. It holds training while paused, lets single steps through, keeps a pace,
 * and lets the worker receive messages in between.
 */

/** chosen: calls per second at a given pace, so that slow training advances evenly. */
const CALLS = 20;
/** chosen: milliseconds that a call of steps takes; a pause takes effect after it. */
const CALL_MS = 80;
/** chosen: most milliseconds without receiving messages. */
const DEAF_MS = 15;

export interface GateOptions {
  readonly paused?: boolean;
  readonly speed?: number | undefined;
  /** Called when training starts, pauses and continues. */
  readonly changed?: (isPaused: boolean) => void;
  /** Milliseconds; only differences count. */
  readonly now?: () => number;
}

export class Gate {
  readonly #changed: (isPaused: boolean) => void;
  readonly #now: () => number;
  #isOpen: boolean;
  /** The step to stop at. */
  #until = Number.POSITIVE_INFINITY;
  #speed: number | undefined;
  #isStopped = false;
  #wake: (() => void) | undefined;
  #heard: number;
  /** The last call that was let through. */
  #last: { readonly step: number; readonly at: number } | undefined;
  /** Milliseconds that a step takes. */
  #pace: number | undefined;
  #step = 0;
  #told: boolean | undefined;

  constructor({ paused = false, speed, changed = () => {}, now = () => performance.now() }: GateOptions = {}) {
    this.#isOpen = !paused;
    this.#speed = speed;
    this.#changed = changed;
    this.#now = now;
    this.#heard = now();
  }

  /** The step at which training last asked to continue. */
  get step(): number {
    return this.#step;
  }

  pause(): void {
    this.#isOpen = false;
  }

  /** Training begins anew, on an engine whose pace is not known. */
  restart(): void {
    [this.#step, this.#last, this.#pace, this.#told] = [0, undefined, undefined, undefined];
  }

  resume(): void {
    this.#until = Number.POSITIVE_INFINITY;
    this.#open();
  }

  /** Lets training go to a step and waits there. */
  goTo(step: number): void {
    this.#until = step;
    this.#open();
  }

  /** Steps per second; undefined for no limit. */
  set speed(speed: number | undefined) {
    this.#speed = speed;
    this.#wake?.();
  }

  /** Permits one last call, after which training notices that it was stopped. */
  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }

  #open(): void {
    this.#isOpen = true;
    this.#wake?.();
  }

  /** Waits until training may continue from a step. @returns the number of steps permitted */
  readonly pass = async (step: number): Promise<number> => {
    this.#step = step;
    this.#learn(step);
    await this.#hear();
    if (step >= this.#until) this.#isOpen = false;
    if (!this.#isOpen && !this.#isStopped) {
      this.#tell(true);
      while (!this.#isOpen && !this.#isStopped) await this.#sleep();
      this.#last = undefined;
    }
    if (!this.#isStopped) this.#tell(false);
    await this.#keepPace();
    if (this.#isStopped) return 1;
    const most = Math.min(this.#until - step, this.#atOnce());
    this.#last = { step, at: this.#now() };
    return Math.max(1, most);
  };

  #tell(isPaused: boolean): void {
    if (this.#told === isPaused) return;
    this.#told = isPaused;
    this.#changed(isPaused);
  }

  #learn(step: number): void {
    if (this.#last === undefined || step <= this.#last.step) return;
    const pace = (this.#now() - this.#last.at) / (step - this.#last.step);
    this.#pace = this.#pace === undefined ? pace : Math.min(pace, 0.8 * this.#pace + 0.2 * pace);
  }

  /** Lets the worker receive messages, which otherwise wait while work follows work. */
  async #hear(): Promise<void> {
    if (this.#now() - this.#heard < DEAF_MS) return;
    await nextTask();
    this.#heard = this.#now();
  }

  /** Waits for the time at which the steps since the last call are due. */
  async #keepPace(): Promise<void> {
    const last = this.#last;
    if (last === undefined) return;
    while (this.#speed !== undefined && this.#isOpen && !this.#isStopped) {
      const left = last.at + (1000 * (this.#step - last.step)) / this.#speed - this.#now();
      if (left <= 1) return;
      await this.#sleep(left);
    }
  }

  #atOnce(): number {
    if (this.#speed !== undefined) return Math.max(1, Math.round(this.#speed / CALLS));
    return this.#pace === undefined ? 1 : Math.max(1, Math.floor(CALL_MS / this.#pace));
  }

  async #sleep(ms?: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

/** Resolves after all tasks that wait already; sooner than a timer, which takes at least four milliseconds. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const heard = () => {
      port1.close();
      resolve();
    };
    port1.addEventListener("message", heard, { once: true });
    port1.start();
    port2.postMessage(undefined);
  });
}
