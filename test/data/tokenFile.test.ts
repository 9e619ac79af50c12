import { describe, expect, test } from "vitest";
import { inMemory } from "../../src/data/byteSource.ts";
import { encodeTokenHeader, encodeTokens, openTokenFile } from "../../src/data/tokenFile.ts";

const source = Uint8Array.from({ length: 32 }, (_, i) => i);

function bytesOf(tokens: readonly number[], vocabulary: number, change: (view: DataView) => void = () => {}) {
  const header = encodeTokenHeader({ vocabulary, count: tokens.length, source });
  change(new DataView(header.buffer));
  return Uint8Array.of(...header, ...encodeTokens(tokens, vocabulary));
}

describe("a token file", () => {
  test.each([
    [65_536, [0, 1, 65_535], 70],
    [65_537, [0, 65_536, 7], 76],
  ])("of %i tokens comes back, any part of it", (vocabulary, tokens, size) => {
    const bytes = bytesOf(tokens, vocabulary);
    expect(bytes.length).toBe(size);
    const { header, tokens: read } = openTokenFile(inMemory(bytes));
    expect(header).toEqual({ vocabulary, count: 3, source });
    expect(Array.from(read.read(1, 3))).toEqual(tokens.slice(1));
  });

  test.each([
    ["cut in the header", bytesOf([1], 5).subarray(0, 40), "expected a header of 64 bytes, got 40 bytes"],
    ["of another kind", new Uint8Array(80), "expected a token file, got something else"],
    ["of a later version", bytesOf([1], 5, (v) => v.setUint32(8, 2, true)), "expected version 1, got 2"],
    ["of another width", bytesOf([1], 5, (v) => v.setUint32(12, 4, true)), "expected 2 bytes per token"],
    ["without vocabulary", bytesOf([1], 5, (v) => v.setUint32(16, 0, true)), "expected 2 bytes per token"],
    [
      "cut in a token",
      bytesOf([1, 2], 5).subarray(0, 67),
      "expected 2 tokens of 2 bytes after the header, got 3 bytes",
    ],
    [
      "with an absurd count",
      bytesOf([1], 5, (v) => v.setBigUint64(24, 2n ** 63n, true)),
      "expected 9223372036854775808 tokens",
    ],
  ])("%s is refused in one line", (_, bytes, line) => {
    expect(() => openTokenFile(inMemory(bytes), "x.tokens")).toThrow(`x.tokens: ${line}`);
  });

  test("with a token outside the vocabulary is refused where it is read", () => {
    const { tokens } = openTokenFile(inMemory(bytesOf([1, 9], 5)), "x");
    expect(Array.from(tokens.read(0, 1))).toEqual([1]);
    expect(() => tokens.read(0, 2)).toThrow("x: expected tokens 0 to 4, got 9 at 1");
  });
});
