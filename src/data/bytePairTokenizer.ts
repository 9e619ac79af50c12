/**
 * @file The byte-pair encoding of GPT-2 (Radford et al. 2019; Sennrich et al. 2016, arXiv:1508.07909) from its two
 * files: encoder.json (token to index) and vocab.bpe (the merges in their order). Text is split into words; the bytes
 * of each word are merged pair by pair, the earliest merge first. Any vocabulary of this form can be used. The tokens
 * equal those of OpenAI's tiktoken.
 */
import { quote } from "../formats/quote.ts";
import { END_OF_TEXT } from "./textPieces.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * GPT-2's words. White space is Unicode's property, as in tiktoken; JavaScript's \s includes U+FEFF and not U+0085.
 */
const WORDS =
  /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** chosen: most words whose tokens are cached; English text has some 50,000 different words in ten million. */
const MAX_REMEMBERED = 100_000;
/** chosen: most tokens of a vocabulary; a pair of indices must be exact in a number. */
const MAX_TOKENS = 2 ** 22;
/** Most positions in a word; a rank and a position together must be exact in a number. */
const MAX_WORD_BYTES = 2 ** 30;

export interface BytePairFiles {
  /** encoder.json: {"token": index, ...}; bytes are written as the characters that `byteCharacters` gives. */
  readonly encoder: Uint8Array;
  /** vocab.bpe, or merges.txt: one line "left right" per merge, the earliest first. */
  readonly merges: Uint8Array;
  /**
   * Special tokens, which are matched literally in the text. Default "<|endoftext|>", if the vocabulary has it.
   */
  readonly special?: readonly string[];
}

/**
 * @throws RangeError in one line when the files are not of this form, or a merge makes a token that the vocabulary
 *   lacks
 */
export function bytePairTokenizer({ encoder, merges, special = [END_OF_TEXT] }: BytePairFiles): Tokenizer {
  const indices = readEncoder(encoder);
  const characters = byteCharacters();
  const byteTokens = Int32Array.from(characters, (character) => indices.get(character) ?? -1);
  const missing = byteTokens.indexOf(-1);
  if (missing >= 0)
    throw new RangeError(
      `tokenizer: expected a token for each of the 256 bytes, got none for byte ${missing}; take GPT-2's encoder.json`,
    );
  let size = 0;
  for (const index of indices.values()) size = Math.max(size, index + 1);
  const vocabulary: Vocabulary = { byteTokens, size, ...readMerges(merges, indices, size) };
  const specials = new Map(special.filter((text) => indices.has(text)).map((text) => [text, indices.get(text)!]));
  const texts = new Map([...indices].map(([text, index]) => [index, text]));
  const byteOf = new Map(characters.map((character, byte) => [character, byte]));
  const remembered = new Map<string, Int32Array>();
  const encodeWord = (word: string): Int32Array => {
    const known = remembered.get(word);
    if (known !== undefined) return known;
    const tokens = mergePairs(new TextEncoder().encode(word), vocabulary);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    if (word.length <= 64) remembered.set(word, tokens);
    return tokens;
  };
  const bytesOf = (token: number): number[] => {
    const text = texts.get(token);
    if (text === undefined)
      throw new RangeError(
        `tokenizer: expected tokens 0 to ${size - 1}, got ${token}; decode with the tokenizer that encoded`,
      );
    if (specials.has(text)) return [...new TextEncoder().encode(text)];
    return Array.from(text, (character) => byteOf.get(character) ?? 0x3f);
  };
  return {
    name: "byte pairs",
    size,
    origin: [encoder, merges],
    ...(indices.has(END_OF_TEXT) ? { endOfText: indices.get(END_OF_TEXT)! } : {}),
    encode: (text) => {
      const tokens = new TokenList();
      for (const [part, index] of splitAt(text, specials)) {
        for (const [word] of part.matchAll(WORDS)) tokens.add(encodeWord(word));
        if (index !== undefined) tokens.add([index]);
      }
      return tokens.values();
    },
    decode: (tokens) =>
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(Array.from(tokens, bytesOf).flat())),
  };
}

/**
 * The printable character that represents each byte in the files: the byte itself if printable Latin-1, else the next
 * free character from U+0100 on (bytes_to_unicode of GPT-2's encoder.py).
 */
export function byteCharacters(): string[] {
  let free = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(printable ? byte : free++);
  });
}

interface Vocabulary {
  readonly byteTokens: Int32Array;
  readonly size: number;
  /** Rank of the merge of tokens a and b, by a * size + b. */
  readonly ranks: ReadonlyMap<number, number>;
  /** Token made by each merge, by rank. */
  readonly merged: Int32Array;
}

function readEncoder(bytes: Uint8Array): Map<string, number> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RangeError("tokenizer: expected encoder.json to hold JSON, got something else; copy the file again", {
      cause,
    });
  }
  const entries = typeof json === "object" && json !== null && !Array.isArray(json) ? Object.entries(json) : [];
  const seen = new Set<unknown>(entries.map(([, index]) => index));
  const fit = entries.every(([, index]) => Number.isInteger(index) && index >= 0 && index < MAX_TOKENS);
  if (entries.length === 0 || !fit || seen.size !== entries.length)
    throw new RangeError(
      "tokenizer: expected encoder.json to give each token a unique index, got something else; take GPT-2's encoder.json",
    );
  return new Map(entries as [string, number][]);
}

function readMerges(
  bytes: Uint8Array,
  indices: ReadonlyMap<string, number>,
  size: number,
): Pick<Vocabulary, "ranks" | "merged"> {
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  const ranks = new Map<number, number>();
  const merged: number[] = [];
  for (const [number, line] of lines.entries()) {
    if (line === "" || (number === 0 && line.startsWith("#version"))) continue;
    const [left, right, ...others] = line.split(" ");
    const [a, b, both] = [left ?? "", right ?? "", `${left}${right}`].map((token) => indices.get(token));
    if (a === undefined || b === undefined || both === undefined || others.length > 0)
      throw new RangeError(
        `tokenizer: expected a merge of two tokens in line ${number + 1} of the merges, got ${quote(line)}; take both files of the same vocabulary`,
      );
    if (!ranks.has(a * size + b)) ranks.set(a * size + b, merged.length);
    merged.push(both);
  }
  return { ranks, merged: Int32Array.from(merged) };
}

/**
 * Tokens of one word: repeatedly merges the neighbours with the earliest merge, the leftmost among equals. With a heap
 * of pairs, O(n log n) in the word's bytes, so that a megabyte without spaces is not slow.
 */
function mergePairs(bytes: Uint8Array, { byteTokens, size, ranks, merged }: Vocabulary): Int32Array {
  const n = bytes.length;
  if (n > MAX_WORD_BYTES)
    throw new RangeError(`tokenizer: expected words below 1 GiB, got one of ${n} bytes; check the text`);
  const tokens = Int32Array.from(bytes, (byte) => byteTokens[byte]!);
  const next = Int32Array.from({ length: n }, (_, i) => i + 1);
  const previous = Int32Array.from({ length: n }, (_, i) => i - 1);
  const rankAt = (i: number): number => {
    const j = next[i]!;
    return j < n ? (ranks.get(tokens[i]! * size + tokens[j]!) ?? -1) : -1;
  };
  const heap = new Heap();
  const consider = (i: number): void => {
    const rank = rankAt(i);
    if (rank >= 0) heap.push(rank * MAX_WORD_BYTES + i);
  };
  for (let i = 0; i < n - 1; i++) consider(i);
  for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) {
    const i = entry % MAX_WORD_BYTES;
    const rank = (entry - i) / MAX_WORD_BYTES;
    if (tokens[i]! < 0 || rankAt(i) !== rank) continue; // one of the two was merged with another neighbour meanwhile
    const j = next[i]!;
    tokens[i] = merged[rank]!;
    tokens[j] = -1;
    next[i] = next[j]!;
    if (next[i]! < n) previous[next[i]!] = i;
    consider(i);
    if (previous[i]! >= 0) consider(previous[i]!);
  }
  return tokens.filter((token) => token >= 0);
}

/** A binary min-heap of numbers. */
class Heap {
  private readonly items: number[] = [];

  push(value: number): void {
    const { items } = this;
    let i = items.push(value) - 1;
    for (let parent = (i - 1) >> 1; i > 0 && items[parent]! > value; parent = (i - 1) >> 1) {
      items[i] = items[parent]!;
      i = parent;
    }
    items[i] = value;
  }

  pop(): number | undefined {
    const { items } = this;
    const top = items[0];
    const value = items.pop();
    if (value === undefined || items.length === 0) return top;
    let i = 0;
    for (let child = 1; child < items.length; child = 2 * i + 1) {
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= value) break;
      items[i] = items[child]!;
      i = child;
    }
    items[i] = value;
    return top;
  }
}

/** The text between special tokens, each with the token that follows it. */
function* splitAt(text: string, specials: ReadonlyMap<string, number>): Generator<[string, number | undefined]> {
  let rest = 0;
  if (specials.size > 0) {
    const names = [...specials.keys()].sort((x, y) => y.length - x.length);
    const pattern = new RegExp(names.map((name) => name.replace(/[\\^$*+?.()|[\]{}]/g, "\\$&")).join("|"), "g");
    for (const match of text.matchAll(pattern)) {
      yield [text.slice(rest, match.index), specials.get(match[0])];
      rest = match.index + match[0].length;
    }
  }
  yield [text.slice(rest), undefined];
}

/** A growing array of tokens, whose memory doubles. */
class TokenList {
  private data = new Int32Array(1024);
  private length = 0;

  add(tokens: ArrayLike<number>): void {
    if (this.length + tokens.length > this.data.length) {
      const larger = new Int32Array(2 * (this.length + tokens.length));
      larger.set(this.data.subarray(0, this.length));
      this.data = larger;
    }
    this.data.set(tokens, this.length);
    this.length += tokens.length;
  }

  values(): Int32Array {
    return this.data.slice(0, this.length);
  }
}
