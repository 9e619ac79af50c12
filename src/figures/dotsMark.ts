/** @file A mark of many small dots as one path, which takes a tenth of the bytes of single circles. */
import type * as Plot from "@observablehq/plot";
import { svgDocument } from "./svgDocument.ts";

interface Scales {
  x?: (value: number) => number;
  y?: (value: number) => number;
}

/** Dots of one colour and size at (x, y) in the scales of the plot. */
export function dots(
  points: readonly { readonly x: number; readonly y: number }[],
  { colour, size, opacity }: { colour: string; size: number; opacity: number },
): Plot.Markish {
  const render = (_index: number[], { x, y }: Scales) => {
    const path = svgDocument().createElementNS("http://www.w3.org/2000/svg", "path");
    const place = (value: number) => Math.round(value * 10) / 10;
    path.setAttribute("d", points.map((point) => `M${place(x!(point.x))},${place(y!(point.y))}h0`).join(""));
    const style = {
      fill: "none",
      stroke: colour,
      "stroke-width": size,
      "stroke-linecap": "round",
      "stroke-opacity": opacity,
    };
    for (const [name, value] of Object.entries(style)) path.setAttribute(name, String(value));
    return path;
  };
  return render as unknown as Plot.Markish; // elements of any document, inside a page or not
}
