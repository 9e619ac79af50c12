/**
 * @file The document that figures make their elements with: a page's own, or outside of one the document that is handed
 * in (drawOn).
 */

/** As much of a Document as figures need beside Observable Plot, which takes it whole. */
export interface SvgDocument {
  createElementNS(namespace: string, name: string): SvgElement;
}

interface SvgElement {
  setAttribute(name: string, value: string): void;
}

let made: (() => SvgDocument) | undefined;

/** Hands over what makes the document, which is asked for when the first figure is drawn. */
export function drawOn(make: () => SvgDocument): void {
  made = make;
}

/** Nothing is ever attached to it. @throws Error where there is none */
export function svgDocument(): SvgDocument {
  const found = made?.() ?? (globalThis as { document?: SvgDocument }).document;
  if (found === undefined)
    throw new Error("figures: expected a document to draw on, got none outside of a page; import crh-lab in Node");
  return found;
}
