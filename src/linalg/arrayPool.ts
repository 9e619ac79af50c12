/**
 * @file A pool of reusable arrays. The operating system clears every new page, which takes ten times as long as writing
 * to an existing one (docs/log.md): a fifth of all time where wide matrices are allocated and freed.
 */
import { type Matrix, matrix } from "./matrix.ts";

export class ArrayPool {
  private readonly free = new Map<number, Float64Array[]>();

  /** An array with arbitrary contents. */
  acquire(length: number): Float64Array {
    return this.free.get(length)?.pop() ?? new Float64Array(length);
  }

  /** An array of zeros. */
  zeros(length: number): Float64Array {
    return this.acquire(length).fill(0);
  }

  /** A (d, d) matrix with arbitrary contents. */
  square(d: number): Matrix {
    return matrix(d, d, this.acquire(d * d));
  }

  /** Returns arrays that are no longer used. */
  release(arrays: Iterable<Float64Array>): void {
    for (const array of arrays) {
      const known = this.free.get(array.length);
      if (known === undefined) this.free.set(array.length, [array]);
      else known.push(array);
    }
  }
}
