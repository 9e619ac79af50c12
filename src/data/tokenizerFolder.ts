/** @file A tokenizer from the files of a folder. The caller reads them; this file only names them. */
import { bytePairTokenizer } from "./bytePairTokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * GPT-2's byte pairs from encoder.json and vocab.bpe, or vocab.json and merges.txt as other libraries call them.
 *
 * @param lookup bytes of the file of that name, or undefined where there is none
 * @returns undefined where one of the two files is missing
 * @throws RangeError in one line when the files are damaged
 */
export function loadTokenizer(lookup: (name: string) => Uint8Array | undefined): Tokenizer | undefined {
  const encoder = lookup("encoder.json") ?? lookup("vocab.json");
  const merges = lookup("vocab.bpe") ?? lookup("merges.txt");
  return encoder === undefined || merges === undefined ? undefined : bytePairTokenizer({ encoder, merges });
}
