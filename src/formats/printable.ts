/** @file Text of others where a person reads it. */

/** The text without what a terminal would obey: names come from files of others. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "·");
}

/** A text of several lines on one. */
export function oneLineOf(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
