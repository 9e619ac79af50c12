/**
 * @file Figure: two followed points over training in one hidden layer: H, Y, w and the loss, measured and by the theory
 * with the fitted rates, their residuals below, and the final H by the theory (as Fig. 2 of arXiv 2402.09142).
 */
import { toCsv } from "../csv.ts";
import { type Figure, makeFigure } from "../figure.ts";
import { type LegendEntry, legendPanel } from "../legend.ts";
import { followedColour, lossColour } from "../palette.ts";
import { type Course, coursePanel, isNear } from "./coursePanel.ts";

/** One quantity at T steps. */
export interface FollowedCurve {
  readonly measured: ArrayLike<number>;
  /** By the theory; undefined where it was not fitted. */
  readonly theory?: ArrayLike<number> | undefined;
  readonly r2?: number | null | undefined;
}

export interface FollowedCurves {
  /** (T) ascending. */
  readonly step: readonly number[];
  readonly dh2: FollowedCurve;
  readonly dy2: FollowedCurve;
  readonly w: FollowedCurve;
  /** Of all followed points. */
  readonly loss?: FollowedCurve | undefined;
  /** H by the theory when the targets are reached. */
  readonly finalDistance: number | null;
}

const quantities = ["dh2", "dy2", "w", "loss"] as const;

const titles = {
  dh2: "H = |dh|², hidden representations",
  dy2: "Y = |dy|², outputs",
  w: "w = dy · (dy − dy*)",
  loss: "loss of the followed points",
} as const;

const colours = { ...followedColour, loss: lossColour.train };

/**
 * Draws the given curves, two panels per row.
 *
 * @returns undefined for fewer than two steps. csv: every step with the measured and the theoretical value of each
 *   quantity
 */
export function trajectoriesFigure(curves: FollowedCurves): Figure | undefined {
  const { step, finalDistance } = curves;
  if (step.length < 2) return undefined;
  const drawn = quantities.flatMap((name) => {
    const curve = curves[name];
    return curve === undefined ? [] : [{ name, ...curve }];
  });
  const panels = drawn.map(({ name, measured, theory, r2 }) => {
    const end =
      name === "dh2" && finalDistance !== null
        ? { value: finalDistance, words: `theory: ends at ${brief(finalDistance)}` }
        : undefined;
    const course: Course = { title: titles[name], colour: colours[name], step, measured, theory, end };
    return coursePanel(
      r2 == null ? course : { ...course, note: `R² ${r2 < -10 ? "below −10" : minus(r2.toFixed(3))}` },
    );
  });
  const csv = toCsv(
    ["step", ...drawn.flatMap(({ name, theory }) => (theory ? [name, `${name}_theory`] : [name]))],
    step.map((one, i) => [
      one,
      ...drawn.flatMap(({ measured, theory }) => (theory ? [measured[i], theory[i]] : [measured[i]])),
    ]),
  );
  return makeFigure(panels, csv, { columns: 2, legend: legendPanel(entriesOf(curves)) });
}

function entriesOf({ dh2, finalDistance }: FollowedCurves): LegendEntry[] {
  return [
    { text: "measured", colour: followedColour.dh2, samples: ["thick"] },
    ...(dh2.theory
      ? [{ text: "theory with the fitted rates", colour: "currentColor", samples: ["line"] as const }]
      : []),
    ...(finalDistance === null || !isNear(finalDistance, [...Array.from(dh2.measured), ...Array.from(dh2.theory ?? [])])
      ? []
      : [{ text: "final distance by the theory", colour: "currentColor", samples: ["dashed"] as const }]),
  ];
}

function brief(value: number): string {
  return minus(String(Number(value.toPrecision(3))));
}

const minus = (text: string): string => text.replaceAll("-", "−");
