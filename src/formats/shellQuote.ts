/** @file Words for a POSIX shell. */

/** The word as a shell reads it back, in quotation marks where it needs them. */
export function shellQuote(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Words as a command line of one line, for a comment: what would end the line is shown as `?`. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => shellQuote(word.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?"))).join(" ");
}
