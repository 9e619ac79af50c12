/**
 * @file The document in which figures create their elements: the page's own or, outside a page, the document given to
 * drawOn.
 */

/** The part of Document that figures use themselves; Observable Plot gets the whole document. */
export interface SvgDocument {
  createElementNS(namespace: string, name: string): SvgElement;
}

interface SvgElement {
  setAttribute(name: string, value: string): void;
}

let made: (() => SvgDocument) | undefined;

/** Sets the function that makes the document. It is called when the first figure is drawn. */
export function drawOn(make: () => SvgDocument): void {
  made = make;
}

/** The document; nothing is ever attached to it. @throws Error where there is none */
export function svgDocument(): SvgDocument {
  const found = made?.() ?? (globalThis as { document?: SvgDocument }).document;
  if (found === undefined)
    throw new Error("figures: expected a document to draw on, got none outside of a page; import crh-lab in Node");
  return found;
}
