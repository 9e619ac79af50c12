/**
 * @file Figure: singular values of a product of two maps over the penalty (theory.md Eq. 102): what theory leaves of
 * each, and those of networks that were trained, without and with removal of symmetries (Eq. 119).
 */
import { type Chart, type Curve, charts } from "../charts.ts";
import type { Figure } from "../figure.ts";
import { watchedColour } from "../palette.ts";

export interface RotationDrawn {
  /** gamma now, and its critical value. */
  readonly penalty: number;
  readonly critical: number;
  /** Singular values at the minimum by penalty, ascending; those that vanished are left out. */
  readonly theory: readonly SingularValues[];
  readonly trained: readonly { readonly name: string; readonly at: readonly SingularValues[] }[];
}

export interface SingularValues {
  readonly penalty: number;
  /** Descending. */
  readonly values: readonly number[];
}

/** chosen: where what is less is drawn on the logarithmic axis: float32 has no more digits beside values of 1. */
const FLOOR = 1e-8;

/** Draws the values on a linear axis and on a logarithmic one. csv: panel, curve, x the penalty, y the value */
export function rotationFigure({ penalty, critical, theory, trained }: RotationDrawn): Figure {
  const modes = Math.max(0, ...theory.map(({ values }) => values.length));
  const lines = Array.from({ length: modes }, (_, i): Curve => {
    const points = theory.flatMap(({ penalty, values }) => (i < values.length ? [{ x: penalty, y: values[i]! }] : []));
    return { name: `theory ${i + 1}`, colour: "currentColor", line: "dashed", points };
  });
  const dots = trained.map(({ name, at }, i): Curve => {
    const points = at.flatMap(({ penalty, values }) =>
      values.map((value, mode) => ({ x: penalty, y: Math.max(FLOOR, value), title: `${name}, ${mode + 1}: ${value}` })),
    );
    return { name, colour: watchedColour(i), line: "none", dots: i === 0 ? "full" : "hollow", points };
  });
  const top = Math.max(critical, 1e-3);
  const x = { label: "penalty γ", domain: [0, 1.1 * top] as const };
  const upright = (low: number): Curve => ({
    ...{ name: "γ now", colour: "currentColor" },
    points: [low, top].map((y) => ({ x: penalty, y })),
  });
  const y = { label: "singular value of U W" };
  const panels: Chart[] = [
    { title: "on a linear axis", x, y, curves: [...lines, upright(0), ...dots] },
    {
      title: "on a logarithmic axis",
      ...{ x, y: { ...y, log: true, domain: [FLOOR, 2 * top] as const } },
      curves: [...lines, upright(FLOOR), ...dots],
    },
  ];
  return charts(panels, {
    ...{ columns: 2, width: 330, height: 260 },
    legend: [
      { text: "theory: max(0, sᵢ − γ)", colour: "currentColor", samples: ["dashed"] },
      { text: "γ now", colour: "currentColor", samples: ["line"] },
      ...trained.map(({ name }, i) => ({ text: name, colour: watchedColour(i), samples: ["dot"] as const })),
    ],
  });
}
