/**
 * @file The words of `crh analyze --inputs`: the model's input, the data given to it, and the axis of samples.
 *
 *     x.npy                  the only input, or arrays by their names in an archive
 *     x=x.npy                the input x
 *     h=h.npy@axis=1         its samples lie along axis 1, in the file as in the model
 *     edges=edges.npy@same   the whole array is given with every batch: it is the same for all samples
 *     sr=16000, h=zeros      every value is this number
 *
 * The word of --targets is a file, followed by "@axis=1" if its samples are along a later axis.
 */
import { basename } from "node:path";
import type { InputWord } from "../../models/inputWord.ts";
import { suggestion } from "../../parameters/suggest.ts";
import { UsageError } from "../errors.ts";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * @param names of the model's inputs
 * @throws UsageError in one line for an unknown name, a name given twice, or an unknown suffix after "@"
 */
export function inputWords(words: readonly string[], names: readonly string[]): InputWord[] {
  const read = words.map((word) => inputWord(word, names));
  for (const [i, { name }] of read.entries())
    if (name !== undefined && read.findIndex((other) => other.name === name) < i)
      throw new UsageError(`crh analyze: expected the input ${name} once in --inputs, got it twice; leave one out`);
  return read;
}

/** The files among the words, without names and suffixes. */
export function filesOf(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const { path } = fileWord(word.slice(word.indexOf("=", 1) + 1));
    return [path, fileWord(word).path];
  });
}

function inputWord(word: string, names: readonly string[]): InputWord {
  const known = names.find((name) => word.startsWith(`${name}=`));
  const at = known === undefined ? word.indexOf("=") : known.length;
  // A path with an equals sign in or after a folder's name, or an axis suffix of a file without a name.
  if (known === undefined && (at < 1 || /[/\\@]/.test(word.slice(0, at))))
    return { name: undefined, ...fileWord(word) };
  const [name, rest] = [word.slice(0, at), word.slice(at + 1)];
  if (known === undefined)
    throw new UsageError(
      `crh analyze: expected the name of an input of the model before "=" in --inputs ${word}, got ${name}` +
        `${suggestion(name, names)} (a file of such a name is given as ./${word})`,
    );
  if (rest === "zeros") return { name, value: 0 };
  return NUMBER.test(rest) ? { name, value: Number(rest) } : { name, ...fileWord(rest) };
}

/**
 * The word of --targets: a file whose samples are along the first axis, unless "@axis=K" follows.
 *
 * @throws UsageError for "@same" or an unknown suffix
 */
export function targetsWord(text: string): { readonly path: string; readonly axis: number } {
  const { path, axis = 0, same } = fileWord(text, "--targets");
  if (same === true)
    throw new UsageError(
      `crh analyze: expected targets of each sample in --targets, got ${text}; leave @same out, or say the axis of the samples: ${path}@axis=1`,
    );
  return { path, axis };
}

/** A file with its suffix. */
function fileWord(
  text: string,
  option = "--inputs",
): { readonly path: string; readonly axis?: number; readonly same?: true } {
  const [, path, said] = /^(.+)@(same|axis=\d+)$/.exec(text) ?? [];
  if (path !== undefined && said !== undefined)
    return said === "same" ? { path, same: true } : { path, axis: Number(said.slice("axis=".length)) };
  const wrong = /@(\w+=.*|sam\w*|axis.*)$/.exec(text);
  if (wrong !== null)
    throw new UsageError(
      `crh analyze: expected @axis=NUMBER${option === "--inputs" ? " or @same" : ""} behind a file in ${option}, got ${wrong[0]}; axes count from 0`,
    );
  return { path: text };
}

/** A word of --inputs without its folder: "x=x.npy@same". */
export function withoutFolder(word: string): string {
  const at = /^[^/\\]*=/.exec(word)?.[0] ?? "";
  return at + basename(word.slice(at.length));
}
