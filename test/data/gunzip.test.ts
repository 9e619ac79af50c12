import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { gzipSync as fflateGzip } from "fflate";
import { describe, expect, test } from "vitest";
import { gunzip } from "../../src/data/gunzip.ts";
import { decodesOrRefuses, oneLineError } from "./cases.ts";

describe("gunzip", () => {
  test("gives back what two independent packers packed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(gunzip(gzipSync(bytes))).toEqual(bytes);
        expect(gunzip(fflateGzip(bytes))).toEqual(bytes);
      }),
    );
  });

  test("reads all members of a file", () => {
    const bytes = Uint8Array.of(...gzipSync("one "), ...gzipSync("two"));
    expect(new TextDecoder().decode(gunzip(bytes))).toBe("one two");
    expect(gunzip(bytes)).toEqual(new Uint8Array(gunzipSync(bytes)));
  });

  test("refuses a file cut off at any length, in one line", () => {
    const bytes = new Uint8Array(gzipSync(Uint8Array.from({ length: 500 }, (_, i) => (i * i) % 251)));
    for (let length = 0; length < bytes.length; length++) oneLineError(() => gunzip(bytes.subarray(0, length)));
    expect(oneLineError(() => gunzip(bytes.subarray(0, 100), { where: "train-labels-idx1-ubyte.gz" }))).toBe(
      "train-labels-idx1-ubyte.gz: expected the end of the compressed data, got only its first 100 bytes; download the file again",
    );
  });

  test("refuses a bomb at the limit, not after it", () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
    expect(oneLineError(() => gunzip(bomb, { maxBytes: 1000 }))).toContain("at most 1000 bytes");
    const exact = new Uint8Array(gzipSync(new Uint8Array(1000)));
    expect(gunzip(exact, { maxBytes: 1000 }).length).toBe(1000);
    oneLineError(() => gunzip(exact, { maxBytes: 999 }));
  });

  test("refuses data that its checksum does not fit", () => {
    const bytes = new Uint8Array(gzipSync("representation"));
    bytes[bytes.length - 5]! ^= 1;
    expect(oneLineError(() => gunzip(bytes))).toContain("damage");
  });

  test("random bytes after a valid start are refused or read", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (rest) =>
        decodesOrRefuses(() => gunzip(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, ...rest), { maxBytes: 1e6 })),
      ),
      { numRuns: 1000 },
    );
  });
});
