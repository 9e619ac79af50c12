/**
 * @file Runs Observable Plot, in a page or outside of one, and takes from its result only the
 * drawing: no style sheet, no class, no generated id, coordinates to a hundredth of a pixel. Same options, same bytes.
 */
import * as Plot from "@observablehq/plot";
import { visibleText } from "./escape.ts";
import type { Panel } from "./figure.ts";
import { type ReadableAxes, readableAxis } from "./readings.ts";
import { svgDocument } from "./svgDocument.ts";

/**
 * How values are read off a panel: the names of its axes where these have no label of their own, and what is special
 * about them.
 */
export interface Reading {
  readonly x?: string;
  readonly y?: string;
  /** Axes whose numbers are logarithms to base ten. */
  readonly powers?: "x" | "y" | "xy";
  /** Curves that are read together at one place. */
  readonly along?: "x";
}

/**
 * Draws one plot.
 *
 * @param label what it shows, in words
 * @param options of Plot.plot, width and height in pixels; marks must not clip (Plot numbers its clip paths across
 * plots)
 * @param reading where a page may read values off it
 */
export function plotPanel(
  label: string,
  options: Plot.PlotOptions & { width: number; height: number },
  reading?: Reading,
): Panel {
  const drawn = Plot.plot({ ...options, document: svgDocument() as NonNullable<Plot.PlotOptions["document"]> });
  for (const style of drawn.querySelectorAll("style")) style.remove();
  for (const one of drawn.querySelectorAll("[aria-label]"))
    one.setAttribute("aria-label", marked(one.getAttribute("aria-label") ?? ""));
  const content = String(drawn.innerHTML)
    .replace(/<[^>]*>/g, (tag) =>
      tag.replace(/-?\d+\.\d{3,}(e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100)),
    )
    .replaceAll(lessThan, "&lt;")
    .replaceAll(greaterThan, "&gt;");
  const axes = reading && axesOf(drawn, options, reading);
  return { width: options.width, height: options.height, label, content, ...(axes && { axes }) };
}

/** Two characters that Unicode keeps out of texts. */
const lessThan = "\ufdd0";
const greaterThan = "\ufdd1";

/** The label with what HTML leaves as it is in attributes, and XML does not, marked until all is text. */
function marked(label: string): string {
  return visibleText(label).replaceAll("<", lessThan).replaceAll(">", greaterThan);
}

function axesOf(
  drawn: ReturnType<typeof Plot.plot>,
  { x, y }: Plot.PlotOptions,
  reading: Reading,
): ReadableAxes | undefined {
  const powers = reading.powers ?? "";
  const named = (axis: Plot.ScaleOptions | undefined, own: string | undefined) => own ?? String(axis?.label ?? "");
  const across = readableAxis(drawn.scale("x"), named(x, reading.x), powers.includes("x"));
  const up = readableAxis(drawn.scale("y"), named(y, reading.y), powers.includes("y"));
  return across && up && { x: across, y: up, ...(reading.along && { along: reading.along }) };
}
