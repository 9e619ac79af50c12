/** @file Layer names in running text, without their common prefix. */
import { sharedParts } from "../figures/layerGroups.ts";

/** Shortens every layer name in a text. */
export type BriefNames = (text: string) => string;

/**
 * Cuts the common prefix of all names except its last part: "transformer.h.0.attn" becomes "h.0.attn". Names that share
 * only one part, such as "layers.", stay.
 */
export function briefNames(names: readonly string[]): BriefNames {
  const shared = sharedParts([...new Set(names)]);
  const last = /[^./]*[./]$/.exec(shared)?.[0] ?? "";
  const cut = shared.slice(0, shared.length - last.length);
  return cut === "" ? (text) => text : (text) => text.replaceAll(cut + last, last);
}
