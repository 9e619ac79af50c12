/** @file Figure: neural collapse of a classifier's features over training, NC1 to NC4 (theory.md Eqs. 67 to 70). */
import * as Plot from "@observablehq/plot";
import type { LayerCollapse } from "../measure/collapse/layerCollapse.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { centred, titleText } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { plotPanel } from "./plotPanel.ts";
import { stepAxis } from "./stepAxis.ts";

/** The quantity drawn for each of NC1 to NC4. */
const quantities: readonly {
  title: string;
  label: string;
  value: (of: LayerCollapse) => number | null;
  noise?: (of: LayerCollapse) => number | null;
}[] = [
  {
    title: "NC1: variability within classes",
    label: "tr(S_w S_b⁺)",
    value: (c) => c.nc1.trace,
    noise: (c) => c.noise.trace,
  },
  {
    title: "NC2: angles of class means",
    label: "mean |cos + 1/(C−1)|",
    value: (c) => c.nc2.means.equiangular,
    noise: (c) => c.noise.equiangular,
  },
  {
    title: "NC3: classifier against means",
    label: "|W/|W| − Mᵀ/|M||²",
    value: (c) => c.nc3?.selfDuality ?? null,
    noise: (c) => c.noise.selfDuality,
  },
  { title: "NC4: nearest class mean", label: "share that differs", value: (c) => c.nc4 },
];

/** 0.5, 20, 8e5: five characters at most. */
function compact(value: number): string {
  const size = Math.abs(value);
  return size >= 1e4 || (size > 0 && size < 1e-3)
    ? value.toExponential(1).replace(".0", "").replace("e+", "e").replace("-", "−")
    : String(Number(value.toPrecision(3)));
}

/** @returns undefined with fewer than two measurements of collapse. csv: one row per step */
export function collapseOverTime(snapshots: readonly Snapshot[]): Figure | undefined {
  const rows = snapshots
    .toSorted((x, y) => x.step - y.step)
    .flatMap(({ step, layers }) =>
      layers.flatMap(({ name, collapse }) => (collapse ? [{ step, name, collapse }] : [])),
    );
  if (new Set(rows.map(({ step }) => step)).size < 2) return undefined;
  const panels = quantities.map((quantity) => quantityPanel(quantity, rows));
  const csv = toCsv(
    [
      "step",
      "layer",
      "trace",
      "perClass",
      "cdnv",
      "equinorm",
      "equiangular",
      "simplex",
      "selfDuality",
      "product",
      "nc4",
    ],
    rows.map(({ step, name, collapse: { nc1, nc2, nc3, nc4 } }) => [
      ...[step, name, nc1.trace, nc1.perClass, nc1.cdnv],
      ...[nc2.means.equinorm, nc2.means.equiangular, nc2.means.simplex, nc3?.selfDuality, nc3?.product, nc4],
    ]),
  );
  return makeFigure(panels, csv, { columns: 2 });
}

/** Same colour as evaluations in the figure of the loss. */
const colour = "var(--crh-eval, #7b3fa0)";

function quantityPanel(
  { title, label, value, noise }: (typeof quantities)[number],
  rows: readonly { readonly step: number; readonly collapse: LayerCollapse }[],
): Panel {
  const points = rows.flatMap(({ step, collapse }) => {
    const y = value(collapse);
    const spread = noise?.(collapse) ?? 0;
    return y === null ? [] : [{ step, y, low: Math.max(0, y - spread), high: y + spread }];
  });
  const steps = rows.map(({ step }) => step);
  return plotPanel(
    `${title} over training steps`,
    {
      width: 460,
      height: 230,
      marginTop: 30,
      marginLeft: 64,
      marginRight: 14,
      marginBottom: 40,
      x: stepAxis(steps, 6),
      y: {
        domain: [0, Math.max(1e-6, ...points.map(({ high }) => high)) * 1.05],
        ticks: 5,
        tickFormat: compact,
        grid: true,
        label,
        ...centred,
      },
      marks: [
        titleText(title, -50, -26),
        Plot.areaY(points, { x: "step", y1: "low", y2: "high", fill: colour, fillOpacity: 0.18 }),
        Plot.lineY(points, { x: "step", y: "y", ariaLabel: () => label, stroke: colour, strokeWidth: 2 }),
        Plot.dot(points, { x: "step", y: "y", fill: colour, r: 2.2 }),
      ],
    },
    { along: "x" },
  );
}
