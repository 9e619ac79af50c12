/** @file Text to tokens and back: a small vocabulary by hand, GPT-2's against tiktoken, pieces against the whole. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byteCharacters, bytePairTokenizer } from "../../src/data/bytePairTokenizer.ts";
import { byteTokenizer, encodeText, type Tokenizer } from "../../src/data/tokenizer.ts";
import { tokenWindows } from "../../src/data/tokenWindows.ts";
import { sharedPath } from "../shared.ts";
import { oneLineError } from "./cases.ts";
import reference from "./gpt2Tokens.json" with { type: "json" };

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** All bytes, and a few merges in the order given. */
function vocabulary(...merges: string[]): { encoder: Uint8Array; merges: Uint8Array } {
  const tokens = [...byteCharacters(), ...merges.map((merge) => merge.replace(" ", "")), "<|endoftext|>"];
  const encoder = Object.fromEntries(tokens.map((token, index) => [token, index]));
  return { encoder: utf8(JSON.stringify(encoder)), merges: utf8(`#version: 0.2\n${merges.join("\n")}\n`) };
}

const small = bytePairTokenizer(vocabulary("a b", "b c", "ab c", "Ġ abc", "a a"));

describe("a byte-pair tokenizer", () => {
  test("joins the earliest merge first, the leftmost of equals", () => {
    expect([...small.encode("abc")]).toEqual([258]);
    expect([...small.encode("bc")]).toEqual([257]);
    expect([...small.encode("x abc")]).toEqual([0x78, 259]);
    expect([...small.encode("aaa")]).toEqual([260, 0x61]);
    expect([...small.encode("aab")]).toEqual([0x61, 256]);
    expect([...small.encode("a<|endoftext|>b")]).toEqual([0x61, 261, 0x62]);
  });

  test("gives the text back, whatever it is", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "\n", "é", "🙂") }),
    );
    for (const tokenizer of [small, byteTokenizer])
      fc.assert(fc.property(texts, (text) => tokenizer.decode(tokenizer.encode(text)) === text));
  });

  test("takes a megabyte without a space as it takes any text", () => {
    const tokens = small.encode("a".repeat(1_000_001));
    expect(tokens.length).toBe(500_001);
    expect(tokens.subarray(0, 500_000).every((token) => token === 260)).toBe(true);
  });

  test.each([
    ["no JSON", utf8("{"), utf8(""), /to hold JSON/],
    ["a list", utf8("[1]"), utf8(""), /a unique index/],
    ["equal indices", utf8('{"a": 1, "b": 1}'), utf8(""), /a unique index/],
    ["a huge index", utf8('{"a": 1e15}'), utf8(""), /a unique index/],
    ["too few tokens", utf8('{"a": 0}'), utf8(""), /got none for byte 0/],
    [
      "a merge of unknown tokens",
      vocabulary().encoder,
      utf8("#version: 0.2\na b\n"),
      /line 2 of the merges, got "a b"/,
    ],
    ["a line of three", vocabulary("a b").encoder, utf8("a b c"), /line 1 of the merges/],
  ])("refuses %s in one line", (_, encoder, merges, message) => {
    expect(oneLineError(() => bytePairTokenizer({ encoder, merges }))).toMatch(message);
  });

  test("refuses to decode what is no token", () => {
    expect(oneLineError(() => small.decode([3, 999]))).toContain("got 999");
  });
});

describe("encodeText", () => {
  /** Longer than a piece, with everything that could tempt a token across a cut. */
  const text = "a  b\n\n\n c 'll\u00a0\nabc<|endoftext|>\n\té\n".repeat(60_000);

  test("gives the tokens of the whole text, piece by piece", () => {
    const whole = small.encode(text);
    expect(encodeText(utf8(text), small)).toEqual(whole);
    expect(encodeText(utf8(text), small, { maxTokens: 1000 })).toEqual(whole.slice(0, 1000));
    expect(encodeText(utf8("a\nb"), byteTokenizer)).toEqual(Int32Array.of(97, 10, 98));
  });

  test("refuses what is no text, in one line", () => {
    expect(oneLineError(() => encodeText(new Uint8Array(0), byteTokenizer))).toContain("an empty file");
    expect(oneLineError(() => encodeText(Uint8Array.of(0x61, 0xff), small, { where: "x.txt" }))).toMatch(
      /^x.txt: .*UTF-8/,
    );
  });
});

describe("tokenWindows", () => {
  const tokens = Int32Array.from({ length: 11 }, (_, i) => 100 + i);
  const input = { name: "idx", dtype: "int64", shape: ["N", 3] };

  test("cuts windows with the next tokens as targets", () => {
    const { inputs, targets } = tokenWindows(tokens, input);
    expect(inputs.shape).toEqual([3, 3]);
    expect(inputs.rows(0, 2)).toEqual({
      dtype: "int64",
      shape: [2, 3],
      data: BigInt64Array.of(100n, 101n, 102n, 103n, 104n, 105n),
    });
    expect(targets.rows(2, 3).data).toEqual(BigInt64Array.of(107n, 108n, 109n));
    const overlapping = tokenWindows(
      tokens,
      { name: "idx", dtype: "int32", shape: ["N", "T"] },
      { context: 4, stride: 2 },
    );
    expect(overlapping.inputs.n).toBe(4);
    expect(overlapping.inputs.rows(3, 4).data).toEqual(Int32Array.of(106, 107, 108, 109));
    expect(overlapping.targets.rows(3, 4).data).toEqual(BigInt64Array.of(107n, 108n, 109n, 110n));
    expect(tokenWindows(tokens, input, { samples: 2 }).targets.n).toBe(2);
    expect(tokenWindows(tokens.subarray(0, 4), input).inputs.n).toBe(1);
  });

  test.each([
    [input, { context: 4 }, /a context of 3 tokens, got 4/],
    [{ ...input, shape: ["N", "T"] }, {}, /context none; give the context length/],
    [{ ...input, shape: ["N", 20] }, {}, /at least 21 tokens.*got 11/],
    [{ ...input, shape: ["N", 3, 4] }, {}, /shape \(n, context\)/],
    [{ ...input, dtype: "float32" }, {}, /token indices .* got float32/],
    [input, { stride: 0 }, /a stride of at least one/],
  ])("refuses %j with %j", (declared, options, message) => {
    expect(oneLineError(() => tokenWindows(tokens, declared, options))).toMatch(message);
  });
});

const folder = sharedPath("data/gpt2-bpe");
describe.skipIf(folder === undefined)("GPT-2's vocabulary", () => {
  const read = (name: string) => new Uint8Array(readFileSync(join(folder!, name)));
  let gpt2: Tokenizer | undefined;
  const tokenizer = (): Tokenizer => {
    gpt2 ??= bytePairTokenizer({ encoder: read("encoder.json"), merges: read("vocab.bpe") });
    return gpt2;
  };

  test("gives the tokens that tiktoken gives", () => {
    expect(tokenizer().size).toBe(50_257);
    for (const { text, tokens } of reference) {
      expect([...tokenizer().encode(text)], JSON.stringify(text)).toEqual(tokens);
      expect(tokenizer().decode(tokens)).toBe(text);
    }
  });
});
