/** @file Names of layers in running text, without what all of them begin with. */
import { sharedParts } from "../figures/layerGroups.ts";

/** A text with every name in it cut. */
export type BriefNames = (text: string) => string;

/**
 * Cuts what all names begin with but for its last part: "h.0.attn" of "transformer.h.0.attn". Names that share one part
 * alone, such as "layers.", stay.
 */
export function briefNames(names: readonly string[]): BriefNames {
  const shared = sharedParts([...new Set(names)]);
  const last = /[^./]*[./]$/.exec(shared)?.[0] ?? "";
  const cut = shared.slice(0, shared.length - last.length);
  return cut === "" ? (text) => text : (text) => text.replaceAll(cut + last, last);
}
