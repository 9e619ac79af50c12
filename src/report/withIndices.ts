/** @file Letters with an index in sentences that terminal and page share: η_h, G_U. */
import { escapeText } from "../figures/escape.ts";

/** The text as HTML, single letters with their indices as such. */
export function withIndices(text: string): string {
  return escapeText(text).replace(/(?<![\p{L}\d_.])(\p{L})_(\p{L})(?!\.?[\p{Ll}\p{Lu}\d_])/gu, "$1<sub>$2</sub>");
}
