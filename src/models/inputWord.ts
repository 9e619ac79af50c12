/** @file The value given to a model's input: a file or a number, and the axis of samples. */

export type InputWord = FileWord | NumberWord;

export interface FileWord {
  /** Name of the input; undefined if only a file is given. */
  readonly name: string | undefined;
  readonly path: string;
  /** The axis of samples, if given. */
  readonly axis?: number;
  /** Whether the whole array is fed with every batch. */
  readonly same?: true;
}

export interface NumberWord {
  readonly name: string;
  readonly value: number;
}

export function isNumberWord(word: InputWord): word is NumberWord {
  return "value" in word;
}
