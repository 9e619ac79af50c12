/**
 * @file The type that every figure function returns, and the composition of panels into one picture. A panel is a small
 * drawing of its own size. A page may let panels flow with its width; in a file they are stacked.
 */
import { escapeText } from "./escape.ts";
import type { ReadableAxes } from "./readings.ts";

/** One drawing: SVG elements in a viewport of width by height pixels. */
export interface Panel {
  readonly width: number;
  readonly height: number;
  /** What the picture shows, in words, for readers who cannot see it. */
  readonly label: string;
  /** Serialized SVG elements, already escaped. */
  readonly content: string;
  /** How a page reads values from it. */
  readonly axes?: ReadableAxes;
  /**
   * How a page reads the values of pixels: the matrix drawn, its rows before averaging, the value of the last colour.
   */
  readonly image?: { readonly name: string; readonly d: number; readonly limit: number };
  /**
   * The same in parts that a page may let flow, such as the entries of a legend.
   */
  readonly parts?: readonly Panel[];
}

export interface Figure {
  /** The whole picture, legend first. Colours are CSS variables with fallbacks; see standaloneSvg. */
  readonly svg: string;
  /** The numbers of the figure. */
  readonly csv: string;
  /** The same picture in pieces: the legend (if any) and the panels, each an SVG of its own. */
  readonly legend: string | undefined;
  /** The entries of the legend, each as an SVG. */
  readonly legendParts: readonly string[];
  readonly panels: readonly string[];
  /** Panels beside each other in `svg`. */
  readonly columns: number;
}

const gap = 16;
const edge = 8;

/** Composes panels, legend and numbers. */
export function makeFigure(
  panels: readonly Panel[],
  csv: string,
  { columns = 1, legend }: { columns?: number; legend?: Panel } = {},
): Figure {
  return {
    svg: stackPanels(panels, columns, legend),
    csv,
    legend: legend && panelSvg(legend),
    legendParts: (legend?.parts ?? (legend ? [legend] : [])).map((part) => panelSvg(part)),
    panels: panels.map((panel) => panelSvg(panel, readable(panel))),
    columns,
  };
}

/** Axes and images as attributes, used by the script of a page only. */
function readable({ axes, image }: Panel): string {
  const attribute = (name: string, value: unknown) =>
    value === undefined ? "" : ` data-${name}="${escapeText(JSON.stringify(value))}"`;
  return attribute("axes", axes) + attribute("image", image);
}

/** One panel as an SVG element, with x and y where it is nested in another. */
export function panelSvg({ width, height, label, content }: Panel, attributes = ""): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg"${attributes} width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `role="img" aria-label="${escapeText(label)}" fill="currentColor" font-family="system-ui, sans-serif" font-size="12" ` +
    `text-anchor="middle" style="white-space:pre">${content}</svg>`
  );
}

/** Rows of `columns` panels under the legend. */
function stackPanels(panels: readonly Panel[], columns: number, legend: Panel | undefined): string {
  const parts: string[] = [];
  let y = 0;
  let width = legend?.width ?? 0;
  if (legend) {
    parts.push(panelSvg(legend, ` x="0" y="0"`));
    y = legend.height + gap;
  }
  for (let at = 0; at < panels.length; at += columns) {
    const row = panels.slice(at, at + columns);
    let x = 0;
    for (const panel of row) {
      parts.push(panelSvg(panel, ` x="${x}" y="${y}"`));
      x += panel.width + gap;
    }
    width = Math.max(width, x - gap);
    y += Math.max(...row.map((panel) => panel.height)) + gap;
  }
  const [outerWidth, outerHeight] = [width + 2 * edge, Math.max(y - gap, 0) + 2 * edge];
  const view = `width="${outerWidth}" height="${outerHeight}" viewBox="${-edge} ${-edge} ${outerWidth} ${outerHeight}"`;
  const label = escapeText(panels.map((panel) => panel.label).join("; "));
  return `<svg xmlns="http://www.w3.org/2000/svg" ${view} role="img" aria-label="${label}">${parts.join("")}</svg>`;
}

/**
 * The picture as a standalone file: colour variables are replaced by their light values, black on white, because
 * programs other than browsers do not support CSS variables.
 */
export function standaloneSvg(svg: string): string {
  return svg
    .replace(/<[^>]*>/g, (tag) => tag.replace(/var\(--[\w-]+, (#[0-9a-f]+)\)/g, "$1"))
    .replace("<svg ", `<svg color="#16191d" style="background:#ffffff" `);
}
