/** @file The anchor of a layer on the page. */

/**
 * An anchor such as "layer-blocks.0.attn.q". A character that an address may not hold becomes its number, so that no
 * two names share an anchor.
 */
export function layerAnchor(name: string): string {
  return `layer-${name.replace(/[^A-Za-z0-9.-]/gu, (character) => `_${character.codePointAt(0)!.toString(36)}`)}`;
}
