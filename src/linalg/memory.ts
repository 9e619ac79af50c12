/**
 * @file Arrays that are used again. The operating system clears every page that it hands out, which takes ten times as long as writing to a
 * page that is there already (docs/log.md): where wide matrices come and go, that is a fifth of all time.
 */
import { type Matrix, matrix } from "./matrix.ts";

export class Memory {
  private readonly free = new Map<number, Float64Array[]>();

  /** An array of any content. */
  take(length: number): Float64Array {
    return this.free.get(length)?.pop() ?? new Float64Array(length);
  }

  /** An array of zeros. */
  zeros(length: number): Float64Array {
    return this.take(length).fill(0);
  }

  /** A (d, d) matrix of any content. */
  square(d: number): Matrix {
    return matrix(d, d, this.take(d * d));
  }

  /** Takes arrays back that nobody reads any more. */
  give(arrays: Iterable<Float64Array>): void {
    for (const array of arrays) {
      const known = this.free.get(array.length);
      if (known === undefined) this.free.set(array.length, [array]);
      else known.push(array);
    }
  }
}
