/** @file What the axes and titles of panels share. */
import * as Plot from "@observablehq/plot";
import { exponentLabel, exponentTicks } from "./logTicks.ts";

/** The name of an axis at its middle, without an arrow. */
export const centred = { labelAnchor: "center", labelArrow: "none" } as const;

/** An axis of alignments or shares from `low` to 1. */
export function unitAxis(low: number) {
  return { domain: [low, 1], ticks: 5, tickFormat: ".2~f", grid: true } as const;
}

/** An axis of logarithms to base ten, with at most `most` ticks, labelled by the numbers behind them. */
export function logarithmicAxis(domain: readonly [number, number], most?: number) {
  return { domain: [...domain], ticks: exponentTicks(domain, most), tickFormat: exponentLabel, grid: true };
}

/** A rim of the ground around letters that stand among marks. */
export const halo = { stroke: "var(--ground, #ffffff)", strokeWidth: 3 } as const;

/** The title of a panel, so many pixels from the upper left corner of its frame. */
export function titleText(text: string, dx: number, dy: number): Plot.Markish {
  return Plot.text([text], { frameAnchor: "top-left", dx, dy, fontWeight: 650, fontSize: 13, lineAnchor: "top" });
}

/** A number beside a tick: four digits, as a power of ten where it is very large or small. */
export function plainNumber(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5))
    return Number(value.toPrecision(3)).toExponential().replaceAll("-", "−").replace("e+", "e");
  return String(Number(value.toPrecision(4))).replace("-", "−");
}
