/**
 * @file Makes text from outside (layer names, notes, messages) safe in HTML, SVG and CSV.
 */

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/**
 * The text without characters that are invisible or forbidden in XML: control characters, direction overrides and lone
 * surrogates become U+FFFD, tabs and line breaks become a space.
 */
export function visibleText(text: string): string {
  return text.replace(/[\t\n\r]+/g, " ").replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, "\ufffd");
}

/** The text escaped for use between tags and inside quoted attributes of HTML and SVG. */
export function escapeText(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => escapes[character]!);
}

/** The text shortened in its middle to at most `length` characters, because the ends of a layer's name identify it. */
export function shorten(text: string, length: number): string {
  const characters = [...visibleText(text)];
  if (characters.length <= length) return characters.join("");
  const tail = Math.floor((length - 1) / 2);
  return `${characters.slice(0, length - 1 - tail).join("")}…${characters.slice(characters.length - tail).join("")}`;
}
