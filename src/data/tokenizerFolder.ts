/** @file A tokenizer from the files of a folder. The caller reads them; this module only names them. */
import { bytePairTokenizer } from "./bytePairTokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * GPT-2's byte-pair encoding from encoder.json and vocab.bpe, or vocab.json and merges.txt as other libraries name
 * them.
 *
 * @param lookup bytes of the file with that name, or undefined if there is none
 * @returns undefined if one of the two files is missing
 * @throws RangeError in one line if the files are damaged
 */
export function loadTokenizer(lookup: (name: string) => Uint8Array | undefined): Tokenizer | undefined {
  const encoder = lookup("encoder.json") ?? lookup("vocab.json");
  const merges = lookup("vocab.bpe") ?? lookup("merges.txt");
  return encoder === undefined || merges === undefined ? undefined : bytePairTokenizer({ encoder, merges });
}
