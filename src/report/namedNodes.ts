/**
 * @file Lists of names that may be long: the first names are visible, the rest is folded.
 */
import { escapeText } from "../figures/escape.ts";
import { grouped } from "../findings/numbers.ts";

/**
 * Names as code; HTML that is not allowed inside a paragraph. @param atOnce number of visible names; chosen: 8
 */
export function namedNodes(names: readonly string[], atOnce = 8): string {
  const code = (some: readonly string[]) => some.map((name) => `<code>${escapeText(name)}</code>`).join(", ");
  if (names.length <= atOnce) return code(names);
  return `${code(names.slice(0, atOnce))}<details><summary>and ${grouped(names.length - atOnce)} more</summary>${code(names.slice(atOnce))}</details>`;
}
