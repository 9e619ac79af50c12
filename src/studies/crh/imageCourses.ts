/** @file Courses of RGA in the blocks and fully connected layers of a ResNet over its training. */
import type { Chart, ChartPoint, Curve } from "../../figures/charts.ts";
import type { LegendEntry } from "../../figures/legend.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import { BLUE, GREY, ORANGE } from "../colours.ts";
import type { StudiedRun } from "../study.ts";
import { alignmentOf } from "./hidden.ts";

/** RGA of one layer over steps: the mean over runs, with their range. */
export function rgaCurve(courses: readonly (readonly Snapshot[])[], layer: string, side: "a" | "b"): Curve {
  const steps = [...new Set(courses.flatMap((snapshots) => snapshots.map(({ step }) => step)))].sort((x, y) => x - y);
  const points = steps.flatMap((step): ChartPoint[] => {
    const values = courses.flatMap((snapshots) => {
      const found = snapshots.find((one) => one.step === step)?.layers.find(({ name }) => name === layer);
      return found === undefined ? [] : (alignmentOf(found, side, "rga") ?? []);
    });
    return values.length === 0 ? [] : [{ x: step, ...over(values) }];
  });
  return {
    name: side === "b" ? "forward RGA" : "backward RGA",
    colour: side === "b" ? BLUE : ORANGE,
    band: true,
    points,
  };
}

function over(values: readonly number[]): Pick<ChartPoint, "y" | "low" | "high"> {
  const y = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.length > 1 ? { y, low: Math.min(...values), high: Math.max(...values) } : { y };
}

/** Accuracy of the first run on test images. */
export function accuracyCurve(run: StudiedRun | undefined): Curve {
  const rows = (run?.metrics() ?? []).filter(({ name }) => name === "eval/accuracy");
  const points = rows.map(({ step, value }) => ({ x: step, y: value }));
  return { name: "test accuracy", colour: GREY, line: "dashed", points };
}

/** The axes that panels of such courses share. */
export const courseAxes: Pick<Chart, "x" | "y"> = {
  x: { label: "step", steps: true },
  y: { label: "RGA", domain: [-0.03, 1.03] },
};
export const courseLegend: readonly LegendEntry[] = [
  { text: "forward RGA (what it writes)", colour: BLUE, samples: ["line"] },
  { text: "backward RGA (what it reads)", colour: ORANGE, samples: ["line"] },
];
