/** @file Options shared by the axes and titles of panels. */
import * as Plot from "@observablehq/plot";
import { exponentLabel, exponentTicks } from "./logTicks.ts";

/** Places the label of an axis at its middle, without an arrow. */
export const centred = { labelAnchor: "center", labelArrow: "none" } as const;

/** An axis of alignments or shares from `low` to 1. */
export function unitAxis(low: number) {
  return { domain: [low, 1], ticks: 5, tickFormat: ".2~f", grid: true } as const;
}

/** An axis of base-10 logarithms with at most `most` ticks, labelled by the numbers themselves. */
export function logarithmicAxis(domain: readonly [number, number], most?: number) {
  return { domain: [...domain], ticks: exponentTicks(domain, most), tickFormat: exponentLabel, grid: true };
}

/** A rim in the background colour around text that is drawn among marks. */
export const halo = { stroke: "var(--ground, #ffffff)", strokeWidth: 3 } as const;

/** The title of a panel, at an offset of (dx, dy) pixels from the upper left corner of its frame. */
export function titleText(text: string, dx: number, dy: number): Plot.Markish {
  return Plot.text([text], { frameAnchor: "top-left", dx, dy, fontWeight: 650, fontSize: 13, lineAnchor: "top" });
}

/** A tick label: four digits, with a power of ten where the number is very large or small. */
export function plainNumber(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5))
    return Number(value.toPrecision(3)).toExponential().replaceAll("-", "−").replace("e+", "e");
  return String(Number(value.toPrecision(4))).replace("-", "−");
}
