/** @file Foreign text made safe to print. */

/** The text without control characters that a terminal would obey, because names come from foreign files. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "·");
}

/** A text of several lines on one. */
export function oneLineOf(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
