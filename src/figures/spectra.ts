/**
 * @file Figure: the eigenvalues of H, G and Z of a layer by rank, each divided by the largest, with the noise floor of
 * the samples (theory.md Eqs. 29, 30). As the right panel of Fig. 14 of arXiv 2410.03006.
 */
import * as Plot from "@observablehq/plot";
import type { Convention, LayerSnapshot } from "../measure/snapshot.ts";
import type { SpectrumRecord } from "../measure/spectra/layerSpectra.ts";
import type { Side } from "../moments/moments.ts";
import { sides, sideTitle } from "./alignmentSeries.ts";
import { centred, logarithmicAxis } from "./axes.ts";
import { significant, toCsv } from "./csv.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import type { MatrixName } from "./layerMatrices.ts";
import { legendPanel } from "./legend.ts";
import { matrixColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";

interface Drawn {
  readonly side: Side;
  readonly name: MatrixName;
  readonly spectrum: SpectrumRecord;
}

/**
 * chosen: eigenvalues below this share of the largest are rounding of float32 sums and are not drawn; the CSV has them.
 */
const least = 1e-7;

/** chosen: most points drawn per spectrum; more are thinned, evenly in the logarithm of the rank. */
const mostPoints = 200;

/**
 * Draws the spectra of both sides of a layer.
 *
 * @returns undefined where the layer has no spectrum. csv: one row per eigenvalue, with the floor
 */
export function spectra(
  { spectra: measured }: Pick<LayerSnapshot, "spectra">,
  convention: Convention = measured?.covariance ? "covariance" : "raw",
): Figure | undefined {
  if (!measured) return undefined;
  const drawn = sides.flatMap((side) => {
    const found = measured[convention][side];
    if (!found) return [];
    const all = { H: found.H, G: found.G, Z: measured.weights };
    return (["H", "G", "Z"] as const).flatMap((name): Drawn[] =>
      (all[name].values[0] ?? 0) > 0 ? [{ side, name, spectrum: all[name] }] : [],
    );
  });
  if (drawn.length === 0) return undefined;
  const csv = toCsv(
    ["side", "matrix", "convention", "rank", "eigenvalue", "floor"],
    drawn.flatMap(({ side, name, spectrum: { values, floor } }) =>
      values.map((value, i) => [side, name, convention, i + 1, significant(value, 6), floor]),
    ),
  );
  const legend = legendPanel([
    ...(["H", "G", "Z"] as const)
      .filter((name) => drawn.some((one) => one.name === name))
      .map((name) => ({ text: name, colour: matrixColour[name], samples: ["line"] as const })),
    ...(["H", "G"] as const)
      .filter((name) => drawn.some((one) => one.name === name && one.spectrum.floor !== null))
      .map((name) => ({ text: `noise floor of ${name}`, colour: matrixColour[name], samples: ["dashed"] as const })),
  ]);
  const present = sides.filter((side) => drawn.some((one) => one.side === side));
  const panels = present.map((side) =>
    panel(
      side,
      drawn.filter((one) => one.side === side),
    ),
  );
  return makeFigure(panels, csv, { columns: 2, legend });
}

function panel(side: Side, drawn: readonly Drawn[]): Panel {
  const series = drawn.map((one) => ({ ...one, points: pointsOf(one.spectrum) }));
  const ends = series.flatMap(({ points }) => points.map(({ y }) => y));
  const domain: [number, number] = [Math.min(-1, ...ends) - 0.1, 0.15];
  const longest = Math.max(2, ...drawn.map(({ spectrum }) => spectrum.values.length));
  const effective = drawn.flatMap(({ name, spectrum: { effectiveRank } }) =>
    effectiveRank === null ? [] : [`${name} ${effectiveRank.toFixed(1)}`],
  );
  return plotPanel(
    `Eigenvalues of H, G and Z by rank, ${sideTitle[side]}, logarithmic`,
    {
      width: 460,
      height: 300,
      marginTop: 48,
      marginLeft: 48,
      marginRight: 16,
      marginBottom: 42,
      x: {
        type: "log",
        domain: [1, longest],
        ticks: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].filter((tick) => tick <= longest),
        tickFormat: String,
        label: "rank of the eigenvalue",
        ...centred,
      },
      y: {
        ...logarithmicAxis(domain, 8),
        label: null,
      },
      marks: [
        Plot.text([sideTitle[side]], titlePlace(-44, 650)),
        Plot.text([`eigenvalue / largest${effective.length > 0 ? `; effective rank ${effective.join(", ")}` : ""}`], {
          ...titlePlace(-24, 400),
          fontSize: 12,
        }),
        ...series.flatMap(({ name, spectrum, points }) => [
          ...floorLine(name, spectrum, longest, domain),
          Plot.line(points, { x: "x", y: "y", ariaLabel: () => name, stroke: matrixColour[name], strokeWidth: 1.8 }),
          ...(points.length <= 40 ? [Plot.dot(points, { x: "x", y: "y", r: 2, fill: matrixColour[name] })] : []),
        ]),
      ],
    },
    { along: "x", x: "rank", y: "eigenvalue / largest", powers: "y" },
  );
}

function titlePlace(dy: number, fontWeight: number) {
  return { frameAnchor: "top-left", dx: -42, dy, fontWeight, fontSize: 13, lineAnchor: "top" } as const;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Points of rank and logarithm of the eigenvalue divided by the largest. */
function pointsOf({ values }: SpectrumRecord): Point[] {
  const kept = values.flatMap((value, i) =>
    value > least * values[0]! ? [{ x: i + 1, y: Math.log10(value / values[0]!) }] : [],
  );
  if (kept.length <= mostPoints) return kept;
  const places = Array.from({ length: mostPoints }, (_, k) => Math.round(kept.length ** (k / (mostPoints - 1)) - 1));
  return [...new Set(places)].map((place) => kept[place]!);
}

/** The noise floor of the samples; weights have none. */
function floorLine(
  name: MatrixName,
  { floor, values }: SpectrumRecord,
  longest: number,
  [low]: readonly [number, number],
): Plot.Markish[] {
  if (floor === null || floor <= 0 || name === "Z") return [];
  const y = Math.log10(floor / values[0]!);
  if (y < low || y > 0) return [];
  const ends = [1, longest].map((x) => ({ x, y }));
  return [
    Plot.line(ends, {
      x: "x",
      y: "y",
      stroke: matrixColour[name],
      strokeDasharray: "4,6",
      strokeDashoffset: name === "H" ? 0 : 5,
      strokeOpacity: 0.9,
    }),
  ];
}
