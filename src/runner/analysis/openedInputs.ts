/** @file Reads the files of `crh analyze --inputs` and assigns them to the model's inputs. */
import { basename, dirname, join } from "node:path";
import type { DataArray } from "../../data/array.ts";
import { type LoadedArrays, labelFileNames, labelsOf, loadArrays } from "../../data/loadArrays.ts";
import { readBytes, readIfThere } from "../../disk/readBytes.ts";
import { type FileWord, type InputWord, isNumberWord, type NumberWord } from "../../models/inputWord.ts";
import { labelArray } from "../../models/targets.ts";
import type { Model, ValueInfo } from "../../onnx/graph.ts";
import { UsageError } from "../errors.ts";

export interface OpenedArray {
  /** Name of the model's input. */
  readonly name: string;
  readonly array: DataArray;
  readonly loaded: LoadedArrays;
  readonly word: FileWord;
}

/** A text for an input of tokens. */
export interface OpenedText {
  readonly name: string;
  readonly path: string;
}

export interface OpenedInputs {
  readonly arrays: readonly OpenedArray[];
  readonly text: OpenedText | undefined;
  readonly numbers: readonly NumberWord[];
  /** (n) class indices stored with the inputs. */
  readonly labels: DataArray | undefined;
}

/** @throws Error in one line where a file cannot be read or assigned to an input */
export function openInputs(model: Model, words: readonly InputWord[]): OpenedInputs {
  const files = words.filter((word) => !isNumberWord(word)) as FileWord[];
  const numbers = words.filter(isNumberWord);
  const arrays: OpenedArray[] = [];
  let text: OpenedText | undefined;
  let labels: DataArray | undefined;
  const claim = (name: string) => {
    if (text?.name === name || [...arrays, ...numbers].some((other) => other.name === name))
      throw new UsageError(`crh analyze: expected the input ${name} once in --inputs, got it twice; leave one out`);
    return name;
  };
  // Inputs left for a file without a name.
  const named = new Set(words.flatMap(({ name }) => name ?? []));
  const free = model.graph.inputs.filter(({ name }) => !named.has(name));
  for (const word of files) {
    const { name, path } = word;
    if (/\.(txt|text|md)$/i.test(path)) {
      if (text !== undefined)
        throw new UsageError(`crh analyze: expected one text among --inputs, got ${text.path} and ${path}; join them`);
      text = { name: claim(name ?? inputFor(free, undefined, true).name), path };
      continue;
    }
    const loaded = loadArrays(readBytes(path), { name: basename(path) });
    const isSole = loaded.arrays.size === 1 && files.filter((other) => other.name === undefined).length === 1;
    for (const [key, array] of name === undefined ? loaded.arrays : ofName(loaded, name, path))
      arrays.push({ name: claim(name ?? inputFor(free, key, isSole).name), array, loaded, word });
    labels ??= ownLabels(loaded, path);
  }
  return { arrays, text, numbers, labels };
}

/** The array of a file for an input: the only one, or the one with the input's name. */
function ofName({ arrays }: LoadedArrays, name: string, path: string): readonly (readonly [string, DataArray])[] {
  const found = arrays.size === 1 ? [...arrays.values()][0] : arrays.get(name);
  if (found !== undefined) return [[name, found]];
  throw new RangeError(
    `analyze: expected one array in ${basename(path)}, or one called ${name}, got ${[...arrays.keys()].join(", ")}; ` +
      "save the array to use in a file of its own",
  );
}

/** @param inputs inputs without a named file */
function inputFor(inputs: readonly ValueInfo[], key: string | undefined, isSole: boolean): ValueInfo {
  const found = inputs.find((input) => input.name === key);
  if (found !== undefined) return found;
  if (isSole && inputs.length === 1) return inputs[0]!;
  const names = inputs.map((input) => input.name).join(", ") || "none is left";
  throw new RangeError(
    `analyze: expected data for the model's inputs (${names}), got ${key === undefined || isSole ? "one file" : `"${key}"`}; ` +
      "name each file: --inputs NAME=FILE",
  );
}

/** Labels in the records, or in the IDX file of these images. */
function ownLabels(loaded: LoadedArrays, path: string): DataArray | undefined {
  if (loaded.labels !== undefined) return labelArray(loaded.labels);
  const n = loaded.arrays.get("data")?.shape[0];
  if (loaded.format !== "idx" || n === undefined) return undefined;
  for (const name of labelFileNames(basename(path))) {
    const bytes = readIfThere(join(dirname(path), name));
    if (bytes !== undefined) return labelArray(labelsOf(loadArrays(bytes, { name }), name, n));
  }
  return undefined;
}
