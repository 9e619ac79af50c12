/**
 * @file Runs Observable Plot outside a browser, on a document made by linkedom, and takes from its result only the drawing: no style
 * sheet, no class, no generated id, coordinates to a hundredth of a pixel. Same options, same bytes.
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Panel } from "./figure.ts";

let shared: ReturnType<typeof parseHTML>["document"] | undefined;

/** The document that Plot makes its elements with. Nothing is ever attached to it. */
export function svgDocument(): ReturnType<typeof parseHTML>["document"] {
  shared ??= parseHTML("<!doctype html><html><body></body></html>").document;
  return shared;
}

/**
 * Draws one plot.
 *
 * @param label what it shows, in words
 * @param options of Plot.plot, width and height in pixels; marks must not clip (Plot numbers its clip paths across plots)
 */
export function plotPanel(label: string, options: Plot.PlotOptions & { width: number; height: number }): Panel {
  const drawn = Plot.plot({ ...options, document: svgDocument() });
  for (const style of drawn.querySelectorAll("style")) style.remove();
  const content = String(drawn.innerHTML).replace(/<[^>]*>/g, (tag) =>
    tag.replace(/-?\d+\.\d{3,}(e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100)),
  );
  return { width: options.width, height: options.height, label, content };
}
