/**
 * @file Makes text that came from outside (layer names, notes, messages) safe to stand in HTML, SVG and CSV.
 */

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/**
 * The text without what a reader cannot see and XML cannot hold: control characters, direction overrides and halves of
 * surrogate pairs become U+FFFD, tabs and line breaks become a space.
 */
export function visibleText(text: string): string {
  return text.replace(/[\t\n\r]+/g, " ").replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, "\ufffd");
}

/** The text as it may stand between tags and inside quoted attributes of HTML and SVG. */
export function escapeText(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => escapes[character]!);
}

/** The text cut in its middle to at most `length` characters, because the ends of a layer's name tell layers apart. */
export function shorten(text: string, length: number): string {
  const characters = [...visibleText(text)];
  if (characters.length <= length) return characters.join("");
  const tail = Math.floor((length - 1) / 2);
  return `${characters.slice(0, length - 1 - tail).join("")}…${characters.slice(characters.length - tail).join("")}`;
}
