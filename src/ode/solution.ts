/**
 * @file The solution of an initial value problem between its steps: dense output of Rodas5P (`rodas5p.ts`).
 */

/** The result of `integrate`. */
export interface Solution {
  /** (steps + 1) times of the accepted steps, ascending, the first is the start. */
  readonly times: readonly number[];
  /** Last time reached: the time asked for, unless `until` or a failure ended it. */
  readonly end: number;
  /** (n) state at `end`. */
  readonly last: Float64Array;
  /**
   * Why the end of the span was not reached, as text for an error message; undefined if it was reached, or `until`
   * ended it.
   */
  readonly failure?: string;
  readonly rejected: number;
  /**
   * The state at a time, by interpolation of order 4.
   *
   * @param out (n), overwritten and returned; a new array where none is given
   * @throws RangeError for a time outside of [start, end]
   *
   * O(log steps), or O(1) where times are asked for in ascending order.
   */
  at(t: number, out?: Float64Array): Float64Array;
}

/** Storage of the steps: for each its time and five vectors of n values, y, y' and e_1 to e_3. */
export class Steps {
  readonly #n: number;
  readonly #times: number[];
  #values: Float64Array;
  #place = 0;

  constructor(start: number, n: number) {
    this.#n = n;
    this.#times = [start];
    this.#values = new Float64Array(64 * VECTORS * n);
  }

  get times(): readonly number[] {
    return this.#times;
  }

  /** Appends a step that ends at t. */
  push(t: number, vectors: readonly Float64Array[]): void {
    const at = (this.#times.length - 1) * VECTORS * this.#n;
    if (at === this.#values.length) {
      const larger = new Float64Array(2 * at);
      larger.set(this.#values);
      this.#values = larger;
    }
    vectors.forEach((vector, v) => {
      this.#values.set(vector, at + v * this.#n);
    });
    this.#times.push(t);
  }

  at(t: number, out: Float64Array): Float64Array {
    const times = this.#times;
    const count = times.length - 1;
    if (!(t >= times[0]! && t <= times[count]!) || count === 0)
      throw new RangeError(
        `solution: expected a time in [${times[0]}, ${times[count]}], got ${t}; integrate further, or ask within`,
      );
    const step = this.#stepOf(t, count);
    const [from, to] = [times[step]!, times[step + 1]!];
    const s = (t - from) / (to - from);
    const [n, values] = [this.#n, this.#values];
    const base = step * VECTORS * n;
    for (let i = 0; i < n; i++) {
      const [y, next] = [values[base + i]!, values[base + n + i]!];
      const bend = values[base + 3 * n + i]! + s * values[base + 4 * n + i]!;
      out[i] = (1 - s) * y + s * (next + (1 - s) * (values[base + 2 * n + i]! + s * bend));
    }
    return out;
  }

  /** The step that contains t: first tries the step of the last call and the next ones, then bisection. */
  #stepOf(t: number, count: number): number {
    const times = this.#times;
    let step = this.#place;
    for (let tries = 0; tries < 4 && step < count && times[step]! <= t; tries++, step++)
      if (t <= times[step + 1]!) {
        this.#place = step;
        return step;
      }
    let [low, high] = [0, count];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (times[middle]! <= t) low = middle;
      else high = middle;
    }
    this.#place = low;
    return low;
  }
}

const VECTORS = 5;
