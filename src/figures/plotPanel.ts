/**
 * @file Runs Observable Plot, inside or outside a page, and keeps only the drawing: no style sheet, class or generated
 * id; coordinates to a hundredth of a pixel. The same options give the same bytes.
 */
import * as Plot from "@observablehq/plot";
import { visibleText } from "./escape.ts";
import type { Panel } from "./figure.ts";
import { type ReadableAxes, readableAxis, type Scale } from "./readings.ts";
import { svgDocument } from "./svgDocument.ts";

/**
 * How values are read from a panel: names of axes that have no label, and special properties of the axes.
 */
export interface Reading {
  readonly x?: string;
  readonly y?: string;
  /** Axes whose numbers are base-10 logarithms. */
  readonly powers?: "x" | "y" | "xy";
  /** Whether all curves are read together at one position. */
  readonly along?: "x";
}

/**
 * Draws one plot.
 *
 * @param label what it shows, as text
 * @param options of Plot.plot, width and height in pixels; marks must not clip (Plot numbers its clip paths across
 * plots)
 * @param reading how a page may read values from it
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

/** Two Unicode noncharacters. */
const lessThan = "\ufdd0";
const greaterThan = "\ufdd1";

/** The label with markers for characters that HTML keeps in attributes and XML does not; replaced once all is text. */
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
  const across = readableAxis(drawn.scale("x") as Scale, named(x, reading.x), powers.includes("x"));
  const up = readableAxis(drawn.scale("y") as Scale, named(y, reading.y), powers.includes("y"));
  return across && up && { x: across, y: up, ...(reading.along && { along: reading.along }) };
}
