/** @file What an input of a model is given: a file or a number, and where in it the samples lie. */

export type InputWord = FileWord | NumberWord;

export interface FileWord {
  /** Undefined where the file stands alone. */
  readonly name: string | undefined;
  readonly path: string;
  /** The axis of the samples, where it is said. */
  readonly axis?: number;
  /** The whole array with every batch. */
  readonly same?: true;
}

export interface NumberWord {
  readonly name: string;
  readonly value: number;
}

export function isNumberWord(word: InputWord): word is NumberWord {
  return "value" in word;
}
