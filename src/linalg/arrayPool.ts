/**
 * @file Arrays that are used again. The operating system clears every page that it hands out, which takes ten times as
 * long as writing to a page that is there already (docs/log.md): a fifth of all time where wide matrices come and go.
 */
import { type Matrix, matrix } from "./matrix.ts";

export class ArrayPool {
  private readonly free = new Map<number, Float64Array[]>();

  /** An array of any content. */
  acquire(length: number): Float64Array {
    return this.free.get(length)?.pop() ?? new Float64Array(length);
  }

  /** An array of zeros. */
  zeros(length: number): Float64Array {
    return this.acquire(length).fill(0);
  }

  /** A (d, d) matrix of any content. */
  square(d: number): Matrix {
    return matrix(d, d, this.acquire(d * d));
  }

  /** Takes arrays back that nobody reads any more. */
  release(arrays: Iterable<Float64Array>): void {
    for (const array of arrays) {
      const known = this.free.get(array.length);
      if (known === undefined) this.free.set(array.length, [array]);
      else known.push(array);
    }
  }
}
