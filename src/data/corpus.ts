/**
 * @file Text files as tokens for a language model: one file, or all .txt and .md files of a folder and its subfolders,
 * with a part held out for validation.
 */
import type { ByteSource } from "./byteSource.ts";
import { textPieces } from "./textPieces.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { sliceTokens, type Tokens, tokensInMemory } from "./tokens.ts";

export interface TextFile {
  readonly name: string;
  readonly source: ByteSource;
}

/** Files of a folder that are training text; README files describe the folder and are left out. */
export function textFileNames(names: readonly string[]): string[] {
  return names.filter((name) => /\.(txt|md)$/i.test(name) && !/(^|[\\/])readme\.\w+$/i.test(name)).toSorted();
}

/** Whether a file's name marks it as validation text: "val.txt", "books-val.txt", "validation.md". */
export function isValidationFile(name: string): boolean {
  return /(^|[\\/_.-])val(id|idation)?\.\w+$/i.test(name);
}

/**
 * Tokens of the files in order, in pieces; the tokenizer's end-of-text token separates documents and files.
 *
 * @throws RangeError in one line if a file is not UTF-8 or all files are empty
 */
export function* corpusTokens(files: readonly TextFile[], tokenizer: Tokenizer): Generator<Int32Array> {
  const separator = tokenizer.endOfText === undefined ? undefined : Int32Array.of(tokenizer.endOfText);
  let some = false;
  let open = false; // whether text followed the last separator
  for (const { name, source } of files) {
    if (open && separator !== undefined) yield separator;
    open = false;
    for (const { text, ends } of textPieces(source, name)) {
      if (text !== "") {
        yield tokenizer.encode(text);
        [some, open] = [true, true];
      }
      if (ends && separator !== undefined) {
        yield separator;
        open = false;
      }
    }
  }
  if (!some) {
    const what =
      files.length === 0
        ? "no .txt or .md file"
        : `nothing in ${files
            .map(({ name }) => name)
            .slice(0, 3)
            .join(", ")}`;
    throw new RangeError(`corpus: expected text, got ${what}; name a text file or a folder with some`);
  }
}

/** All tokens of the files in memory, two bytes each where the vocabulary allows it. */
export function readCorpus(files: readonly TextFile[], tokenizer: Tokenizer): Tokens {
  const make = tokenizer.size <= 2 ** 16 ? (n: number) => new Uint16Array(n) : (n: number) => new Uint32Array(n);
  let values = make(2 ** 16);
  let length = 0;
  for (const piece of corpusTokens(files, tokenizer)) {
    if (length + piece.length > values.length) {
      const larger = make(2 * (length + piece.length));
      larger.set(values.subarray(0, length));
      values = larger;
    }
    values.set(piece, length);
    length += piece.length;
  }
  return tokensInMemory(values.slice(0, length));
}

export interface Corpus {
  readonly train: Tokens;
  readonly validation: Tokens;
  /** The source of the validation tokens, as text. */
  readonly split: string;
}

/**
 * Splits the corpus: files marked by name are for validation, or else the last `fraction` of all tokens.
 *
 * @param make makes the tokens of files; default: in memory
 * @throws RangeError in one line if a part is shorter than context + 1 tokens or contains no text
 */
export function splitCorpus(
  files: readonly TextFile[],
  tokenizer: Tokenizer,
  { fraction = 0.1, context }: { readonly fraction?: number; readonly context: number },
  make: (files: readonly TextFile[], tokenizer: Tokenizer) => Tokens = readCorpus,
): Corpus {
  const held = files.filter(({ name }) => isValidationFile(name));
  const rest = files.filter(({ name }) => !isValidationFile(name));
  const own = held.length > 0 && rest.length > 0;
  const all = make(own ? rest : files, tokenizer);
  const cut = Math.floor(all.length * (1 - fraction));
  const train = own ? all : sliceTokens(all, 0, cut);
  const validation = own ? make(held, tokenizer) : sliceTokens(all, cut, all.length);
  for (const [part, { length }] of [
    ["training", train],
    ["validation", validation],
  ] as const)
    if (length < context + 1)
      throw new RangeError(
        `corpus: expected at least ${context + 1} ${part} tokens for a context of ${context}, got ${length}; pass a longer text or a shorter context`,
      );
  const names = held.map(({ name }) => name).join(", ");
  return { train, validation, split: own ? names : `the last ${+(100 * fraction).toFixed(2)} % of the tokens` };
}
