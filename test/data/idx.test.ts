import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeIdx } from "../../src/data/idx.ts";
import { anyArray, bits, decodesOrRefuses, misaligned, oneLineError } from "./cases.ts";
import { encodeIdx } from "./idxBytes.ts";

const dtypes = ["uint8", "int8", "int16", "int32", "float32", "float64"] as const;

describe("decodeIdx", () => {
  test("gives back every array that was written, at any alignment", () => {
    fc.assert(
      fc.property(anyArray(dtypes), (array) => {
        const read = decodeIdx(misaligned(encodeIdx(array)));
        expect(read.dtype).toBe(array.dtype);
        expect(read.shape).toEqual(array.shape);
        expect(bits(read.data)).toEqual(bits(array.data));
      }),
    );
  });

  test("reads big-endian values", () => {
    const bytes = Uint8Array.of(0, 0, 0x0c, 1, 0, 0, 0, 2, 0, 0, 1, 2, 0xff, 0xff, 0xff, 0xfe);
    expect(decodeIdx(bytes)).toEqual({ dtype: "int32", shape: [2], data: Int32Array.of(258, -2) });
  });

  test("shares no memory with the file", () => {
    const bytes = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7);
    const { data } = decodeIdx(bytes);
    bytes[8] = 9;
    expect(data[0]).toBe(7);
  });

  test("refuses a file cut off at any length or with bytes to spare, in one line", () => {
    fc.assert(
      fc.property(anyArray(dtypes), (array) => {
        const bytes = encodeIdx(array);
        for (let length = 0; length < bytes.length; length++) oneLineError(() => decodeIdx(bytes.subarray(0, length)));
        oneLineError(() => decodeIdx(Uint8Array.of(...bytes, 0)));
      }),
      { numRuns: 30 },
    );
  });

  test("a file cut in half is told by the bytes its shape needs", () => {
    const bytes = encodeIdx({ dtype: "uint8", shape: [10, 28, 28], data: new Uint8Array(7840) });
    expect(oneLineError(() => decodeIdx(bytes.subarray(0, 3928), "train-images-idx3-ubyte"))).toBe(
      "train-images-idx3-ubyte: expected 7856 bytes for shape [10, 28, 28] of uint8, got 3928; download the file again",
    );
  });

  test("refuses extents whose product no number holds", () => {
    const bytes = new Uint8Array(4 + 4 * 255).fill(0xff);
    bytes.set([0, 0, 0x0e, 255]);
    expect(oneLineError(() => decodeIdx(bytes))).toContain("expected Infinity bytes");
  });

  test("names the cure for a file that is still gzip", () => {
    expect(oneLineError(() => decodeIdx(Uint8Array.of(0x1f, 0x8b, 8, 0)))).toContain("unpack it with gunzip");
  });

  test("random bytes, with and without a valid start, are refused or read", () => {
    const start = fc.constantFrom([], [0, 0], [0, 0, 8], [0, 0, 14, 1], [0, 0, 9, 3, 0, 0]);
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 64 }), (prefix, rest) =>
        decodesOrRefuses(() => decodeIdx(Uint8Array.of(...prefix, ...rest))),
      ),
      { numRuns: 500 },
    );
  });
});
