import fc from "fast-check";
import { expect, test } from "vitest";
import { alignmentRows } from "../../src/figures/alignmentSeries.ts";
import { layerCourse } from "../../src/figures/alignmentsOverTime.ts";
import { type ReadableAxes, type ReadableAxis, valueAt } from "../../src/figures/readings.ts";
import { tipScript } from "../../src/report/tipScript.ts";
import { plantedSnapshot } from "./planted.ts";

const steps = [0, 1, 10, 100, 1000];
const snapshots = steps.map((step) => plantedSnapshot(step, ["fc"]));

/** Axes as the page has them, and the points of the line of one series. */
function read(panel: string, series: string): { axes: ReadableAxes; points: [number, number][] } {
  const axes = JSON.parse(/data-axes="([^"]*)"/.exec(panel)![1]!.replaceAll("&quot;", '"')) as ReadableAxes;
  const line = panel.match(/<path[^>]*>/g)!.find((path) => path.includes(`aria-label="${series}"`))!;
  const points = [.../d="([^"]*)"/.exec(line)![1]!.matchAll(/[ML]([-\d.]+),([-\d.]+)/g)];
  return { axes, points: points.map(([, x, y]) => [Number(x), Number(y)]) };
}

test("steps and alignments are read off the places of a line, to a pixel's hundredth", () => {
  const { panels } = layerCourse("fc", alignmentRows(snapshots, "paper"))!;
  const { axes, points } = read(panels[0]!, "RWA");
  expect(points).toHaveLength(steps.length);
  for (const [i, [x, y]] of points.entries()) {
    expect(valueAt(axes.x, x)).toBeCloseTo(steps[i]!, steps[i]! > 99 ? -1 : 1);
    expect(Math.abs(valueAt(axes.y, y) - snapshots[i]!.layers[0]!.alignment.paper.a!.rwa.value!)).toBeLessThan(1e-4);
  }
});

test("the page's script has the same inverse of every kind of axis", () => {
  const source = tipScript.slice(tipScript.indexOf("function valueAt"), tipScript.indexOf("function inWords"));
  const script = new Function(`${source}; return valueAt;`)() as typeof valueAt;
  const end = fc.double({ min: 0.01, max: 1000, noNaN: true });
  fc.assert(
    fc.property(
      fc.constantFrom("linear", "log", "symlog", "power"),
      end,
      end,
      fc.double({ min: 0, max: 400, noNaN: true }),
      (kind, v, w, pixel) => {
        const values: [number, number] = kind === "power" ? [v / 500, w / 500] : [v, w];
        const axis: ReadableAxis = { kind, pixels: [40, 440], values, name: "x", constant: 0.3 };
        expect(script(axis, pixel)).toBeCloseTo(valueAt(axis, pixel), 6);
      },
    ),
  );
});
