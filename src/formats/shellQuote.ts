/** @file Words for a POSIX shell. */

/** The word quoted for a shell, if it needs quotation marks. */
export function shellQuote(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Words as a command line for a comment; characters that would end the line are shown as `?`. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => shellQuote(word.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?"))).join(" ");
}
