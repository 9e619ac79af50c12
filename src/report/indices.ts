/** @file Letters with an index in sentences that terminal and page share: η_h, η_y. */
import { escapeText } from "../figures/escape.ts";

/** The text as HTML, rates with their indices as such. */
export function withIndices(text: string): string {
  return escapeText(text).replace(/η_([hy])/g, "η<sub>$1</sub>");
}
