/** @file Indexed letters, such as η_h and G_U, in sentences that terminal and page share. */
import { escapeText } from "../figures/escape.ts";

/** The text as HTML, with the indices of single letters as subscripts. */
export function withIndices(text: string): string {
  return escapeText(text).replace(/(?<![\p{L}\d_.])(\p{L})_(\p{L})(?!\.?[\p{Ll}\p{Lu}\d_])/gu, "$1<sub>$2</sub>");
}
