/** @file Quotes text from a foreign file for an error message. */

/**
 * The text in quotation marks, on one line, without control characters, cut after `most` characters.
 */
export function quote(text: string, most = 60): string {
  const shown = Array.from(text.slice(0, most + 1))
    .slice(0, most)
    .join("");
  const escaped = JSON.stringify(shown).replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Cn}\p{Co}]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
  return shown.length < text.length ? `${escaped.slice(0, -1)}..."` : escaped;
}
