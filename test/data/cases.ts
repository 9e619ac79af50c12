/**
 * @file What the decoder tests share: arbitrary arrays, malformed inputs, and the demand that an error be one line.
 */
import fc from "fast-check";
import { expect } from "vitest";
import type { ArrayValues, DataArray, ElementType } from "../../src/data/array.ts";
import { readElements } from "../../src/data/array.ts";

/** Longest accepted error message: one line of a terminal, folded a few times (it may hold eight file names). */
const MAX_MESSAGE = 400;

/** Expects `call` to throw a RangeError or TypeError of one line; returns the message. */
export function oneLineError(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error instanceof RangeError || error instanceof TypeError, String(error)).toBe(true);
    const { message } = error as Error;
    expect(message).toMatch(/^[^\n]+: expected [^\n]+, got [^\n]+$/);
    expect(message.length).toBeLessThan(MAX_MESSAGE);
    return message;
  }
  throw new Error("expected an error, got a result");
}

/** Runs a decoder on hostile bytes: any result is fine, any error must be one line. */
export function decodesOrRefuses(call: () => unknown): void {
  let failed = false;
  try {
    call();
  } catch {
    failed = true;
  }
  if (failed) oneLineError(call);
}

/** Arrays of the given element types, rank 0 to 4 with zero extents included, of arbitrary bit patterns. */
export function anyArray(dtypes: readonly ElementType[], minRank = 0): fc.Arbitrary<DataArray> {
  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: minRank, maxLength: 4 });
  return fc.tuple(fc.constantFrom(...dtypes), shapes).chain(([dtype, shape]) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const width = readElements(new Uint8Array(8), dtype, true).BYTES_PER_ELEMENT;
    return fc
      .uint8Array({ minLength: count * width, maxLength: count * width })
      .map((bytes) => ({ dtype, shape, data: readElements(bytes, dtype, true) }));
  });
}

/** The bit patterns of an array, in which NaNs can be compared. */
export function bits(values: ArrayValues): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
}

/** The bytes moved to an odd offset of a larger buffer, where no wider view could be aligned. */
export function misaligned(bytes: Uint8Array): Uint8Array {
  const moved = new Uint8Array(bytes.length + 2);
  moved.set(bytes, 1);
  return moved.subarray(1, bytes.length + 1);
}
