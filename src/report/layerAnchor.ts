/** @file The anchor of a layer on the page. */

/**
 * "layer-blocks.0.attn.q": what an address may hold; any other character by its number, so that no two names share an
 * anchor.
 */
export function layerAnchor(name: string): string {
  return `layer-${name.replace(/[^A-Za-z0-9.-]/gu, (character) => `_${character.codePointAt(0)!.toString(36)}`)}`;
}
