import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inMemory } from "../../src/data/byteSource.ts";
import { corpusTokens, readCorpus, splitCorpus, textFileNames } from "../../src/data/corpus.ts";
import { END_OF_TEXT, textPieces } from "../../src/data/textPieces.ts";
import { byteTokenizer, encodeText } from "../../src/data/tokenizer.ts";
import { loadTokenizer } from "../../src/data/tokenizerFolder.ts";
import { sharedPath } from "../shared.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const file = (name: string, content: string | Uint8Array) => ({
  name,
  source: inMemory(typeof content === "string" ? utf8(content) : content),
});
const all = (files: ReturnType<typeof file>[]) =>
  Array.from(corpusTokens(files, byteTokenizer)).flatMap((piece) => Array.from(piece));

describe("documents", () => {
  test("are cut at the marker wherever pieces end, and nothing of the text is lost", () => {
    const part = fc.constantFrom("a", "é", "漢字", "\n", " ", "<", "<|", "<|endof", "x\n", END_OF_TEXT, "🙂");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (parts, size) => {
        const text = parts.join("");
        const pieces = [...textPieces(inMemory(utf8(text)), "x", size)];
        expect(pieces.map((piece) => piece.text + (piece.ends ? END_OF_TEXT : "")).join("")).toBe(text);
        expect(pieces.filter(({ ends }) => ends)).toHaveLength(text.split(END_OF_TEXT).length - 1);
      }),
    );
  });

  test("are read no further than asked for", () => {
    let most = 0;
    const source = {
      size: 2 ** 40,
      read: (from: number, to: number) => {
        most = Math.max(most, to - from);
        return new Uint8Array(to - from).map((_, i) => ((from + i) % 40 === 0 ? 10 : 97));
      },
    };
    const pieces = textPieces(source, "large");
    for (let i = 0; i < 3; i++) expect(pieces.next().value!.text.length).toBeLessThan(2 ** 20 + 41);
    expect(most).toBe(2 ** 20);
  });

  test("have one token between them, also between files, and none twice", () => {
    expect(all([file("a", `1${END_OF_TEXT}2`), file("b", `3${END_OF_TEXT}`), file("c", "4")])).toEqual([
      49, 0, 50, 0, 51, 0, 52,
    ]);
  });

  test.each([
    [[], "corpus: expected text, got no .txt or .md file"],
    [[file("a.txt", "")], "corpus: expected text, got nothing in a.txt"],
    [[file("a.txt", END_OF_TEXT)], "corpus: expected text, got nothing in a.txt"],
    [[file("a.txt", Uint8Array.of(97, 98, 0xff, 99))], "a.txt: expected text in UTF-8, got something else at byte 2;"],
    [[file("a.txt", Uint8Array.of(97, 0xe6, 0xbc))], "a.txt: expected text in UTF-8, got something else at byte 3;"],
    [[file("a.txt", Uint8Array.of(...utf8(`é${END_OF_TEXT}é`), 0xc0))], "at byte 17;"],
  ])("refuses what is no text in one line %#", (files, line) => {
    expect(() => all(files)).toThrow(line);
  });
});

describe("a corpus in two parts", () => {
  test("by the files' names, or the last share of the tokens", () => {
    const files = [file("books/one.txt", "0123456789"), file("books-val.txt", "abcdef")];
    const own = splitCorpus(files, byteTokenizer, { context: 3 });
    expect([own.train.length, own.validation.length, own.split]).toEqual([10, 6, "books-val.txt"]);
    const last = splitCorpus([files[0]!], byteTokenizer, { context: 3, fraction: 0.4 });
    expect(Array.from(last.validation.read(0, 4))).toEqual([54, 55, 56, 57]);
    expect([last.train.length, last.split]).toEqual([6, "the last 40 % of the tokens"]);
  });

  test("each of them longer than the context", () => {
    const files = [file("a.txt", "0123456789")];
    expect(() => splitCorpus(files, byteTokenizer, { context: 4 })).toThrow(
      "corpus: expected at least 5 validation tokens for a context of 4, got 1; pass a longer text or a shorter context",
    );
    expect(() => splitCorpus(files, byteTokenizer, { context: 40 })).toThrow("at least 41 training tokens");
  });

  test("from files that are text and not about the text", () => {
    expect(textFileNames(["b/x.md", "README.md", "a.TXT", "c.json", "b/readme.txt", "txt"])).toEqual([
      "a.TXT",
      "b/x.md",
    ]);
  });
});

const bpe = sharedPath("data/gpt2-bpe");
const books = sharedPath("data/text/classic-books-val.txt");
test.skipIf(bpe === undefined || books === undefined)("byte pairs of pieces are those of the whole text", () => {
  const folder = new Map([
    ["vocab.json", readFileSync(join(bpe!, "encoder.json"))],
    ["merges.txt", readFileSync(join(bpe!, "vocab.bpe"))],
  ]);
  expect(loadTokenizer((name) => (name === "merges.txt" ? undefined : folder.get(name)))).toBeUndefined();
  const tokenizer = loadTokenizer((name) => folder.get(name))!;
  const bytes = readFileSync(books!);
  const tokens = readCorpus([{ name: "books", source: inMemory(bytes) }], tokenizer);
  const whole = encodeText(bytes, tokenizer);
  expect(tokens.length).toBe(whole.length);
  expect(Array.from(tokens.read(0, tokens.length))).toEqual(Array.from(whole));
  expect(Array.from(whole).filter((token) => token === tokenizer.endOfText).length).toBeGreaterThan(5);
});
