/** @file Measured and fitted H, Y and w of a pair as one chart, for all figures of trajectories. */
import type { Chart, Curve } from "../../figures/charts.ts";
import type { LegendEntry } from "../../figures/legend.ts";
import type { LayerFit } from "../../twopoint/fitLayers.ts";
import { type Variable, variables } from "../../twopoint/observations.ts";
import { stateColours, stateNames } from "../colours.ts";
import { fittedCurves, type Watched } from "../fits.ts";

/** chosen: most points in a drawn curve. */
const MOST_POINTS = 120;

export function trajectoryChart(title: string, seen: Watched, fit: LayerFit | undefined): Chart {
  const said = fit && fittedCurves(seen, fit);
  const curve = (name: Variable, values: ArrayLike<number>, line: "solid" | "dashed"): Curve => ({
    name: `${name} ${line === "solid" ? "measured" : "theory"}`,
    colour: stateColours[name],
    line,
    points: thinned(Array.from(seen.trajectory.step, (x, i) => ({ x, y: values[i]! }))),
  });
  return {
    title,
    x: { label: "step", steps: true },
    y: { label: "squared distance" },
    curves: variables.flatMap((name) => [
      curve(name, seen.trajectory[name], "solid"),
      ...(said ? [curve(name, said[name], "dashed")] : []),
    ]),
  };
}

function thinned<T>(points: readonly T[]): readonly T[] {
  const stride = Math.max(1, Math.ceil(points.length / MOST_POINTS));
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

export const trajectoryLegend: readonly LegendEntry[] = [
  ...variables.map((name) => ({ text: stateNames[name], colour: stateColours[name], samples: ["line"] as const })),
  { text: "fitted theory", colour: "currentColor", samples: ["dashed"] },
];

/** "H 0.993, Y 0.997, w 0.974". */
export function r2Words({ r2 }: LayerFit): string {
  const letters = { dh2: "H", dy2: "Y", w: "w" };
  return variables.map((name) => `${letters[name]} ${r2[name]?.toFixed(3) ?? "none"}`).join(", ");
}

/** The smallest of the three; null if one is missing. */
export function leastR2({ r2 }: LayerFit): number | null {
  const all = variables.map((name) => r2[name]);
  return all.every((value): value is number => value !== null) ? Math.min(...all) : null;
}
