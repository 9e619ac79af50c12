/**
 * @file Figure: expressivity against plasticity of the neurons of a layer (theory.md Eq. 75; as Fig. 7 of arXiv
 * 2410.03006). Left: the diagonals, one point per neuron, on logarithmic axes. Right: the correlations of pairs of
 * neurons in H against those in G. Neurons that follow different laws appear as branches.
 */
import * as Plot from "@observablehq/plot";
import { neuronPoints, type Points, plasticity } from "../measure/neurons/plasticity.ts";
import type { Side } from "../moments/moments.ts";
import { sideTitle } from "./alignmentSeries.ts";
import { logarithmicAxis } from "./axes.ts";
import { significant, toCsv } from "./csv.ts";
import { dots } from "./dotsMark.ts";
import { evenly } from "./evenlySpaced.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import type { LayerMatrices } from "./layerMatrices.ts";
import { entryColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";

/** chosen: more pairs than this are thinned evenly. */
export const maxPairs = 600;

type Point = readonly [h: number, g: number];

interface SideNeurons {
  readonly side: Side;
  readonly diagonal: readonly Point[];
  readonly correlations: readonly Point[];
  /** Correlations over all neurons and pairs, as text. */
  readonly ofDiagonal: string;
  readonly ofPairs: string;
}

/**
 * Draws two panels per side.
 *
 * @param pairs more pairs than this are thinned evenly
 * @returns undefined where no side has both H and G of two neurons or more. csv: side,kind,H,G of the points drawn,
 *   four digits
 */
export function neurons(layer: LayerMatrices, pairs = maxPairs): Figure | undefined {
  const found = layer.sides.flatMap(({ side, H, G, d }): SideNeurons[] => {
    if (!H || !G || d < 2) return [];
    const points = neuronPoints(H, G);
    const measured = plasticity(H, G);
    const diagonal = listed(points.diagonal).filter(([h, g]) => h > 0 && g > 0);
    const correlations = listed(points.correlations, pairs);
    const [ofDiagonal, ofPairs] = [inWords(measured.logDiagonal.value), inWords(measured.correlations.value)];
    return [{ side, diagonal, correlations, ofDiagonal, ofPairs }];
  });
  if (found.length === 0) return undefined;
  const rows = (side: Side, kind: string, points: readonly Point[]) =>
    points.map(([h, g]) => [side, kind, significant(h, 4), significant(g, 4)]);
  const csv = toCsv(
    ["side", "kind", "H", "G"],
    found.flatMap(({ side, diagonal, correlations }) => [
      ...rows(side, "diagonal", diagonal),
      ...rows(side, "correlation", correlations),
    ]),
  );
  return makeFigure(found.flatMap(panels), csv, { columns: 2 });
}

/** The points, thinned evenly to at most `most`. */
function listed({ h, g }: Points, most = h.length): Point[] {
  return evenly(h.length, most).map((at): Point => [h[at]!, g[at]!]);
}

function inWords(value: number | null): string {
  return value === null ? "undefined" : value.toFixed(3).replace("-0.000", "0.000").replace("-", "−");
}

function panels({ side, diagonal, correlations, ofDiagonal, ofPairs }: SideNeurons): Panel[] {
  const logs = diagonal.map(([h, g]): Point => [Math.log10(h), Math.log10(g)]);
  const left = scatter(logs, {
    title: `${sideTitle[side]}, neurons: correlation of logarithms ${ofDiagonal}`,
    x: `H_ii, side ${side}: expressivity`,
    y: `G_ii, side ${side}: plasticity`,
    domains: [0, 1].map((k) => widened(logs.map((point) => point[k]!))),
    logarithmic: true,
    colour: entryColour.diagonal,
    size: 4.4,
  });
  const right = scatter(correlations, {
    title: `${sideTitle[side]}, pairs: correlation ${ofPairs}`,
    x: `correlation of two neurons in H, side ${side}`,
    y: `the same in G, side ${side}`,
    domains: [
      [-1.04, 1.04],
      [-1.04, 1.04],
    ],
    logarithmic: false,
    colour: entryColour.off,
    size: 2.2,
  });
  return [left, right];
}

interface Scatter {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly domains: readonly (readonly [number, number])[];
  readonly logarithmic: boolean;
  readonly colour: string;
  readonly size: number;
}

function scatter(points: readonly Point[], { title, x, y, domains, logarithmic, colour, size }: Scatter): Panel {
  const axis = ([low, high]: readonly [number, number]) => ({
    labelArrow: "none" as const,
    ...(logarithmic ? logarithmicAxis([low, high]) : { domain: [low, high], grid: true, ticks: 5, tickFormat: ".1~f" }),
  });
  const above = { frameAnchor: "top-left", dx: -48, lineAnchor: "top" } as const;
  return plotPanel(
    `G against H: ${title}`,
    {
      width: 460,
      height: 300,
      marginTop: 48,
      marginLeft: 54,
      marginRight: 16,
      marginBottom: 42,
      x: { ...axis(domains[0]!), label: x, labelAnchor: "center" },
      y: { ...axis(domains[1]!), label: null },
      marks: [
        Plot.text([title], { ...above, dy: -44, fontWeight: 650, fontSize: 13 }),
        Plot.text([y], { ...above, dy: -24 }),
        dots(
          points.map(([h, g]) => ({ x: h, y: g })),
          { colour, size, opacity: 0.7 },
        ),
      ],
    },
    { y, ...(logarithmic ? { powers: "xy" as const } : {}) },
  );
}

function widened(values: readonly number[]): readonly [number, number] {
  const [low, high] = values.reduce(
    ([l, h], value) => [Math.min(l!, value), Math.max(h!, value)],
    [Infinity, -Infinity],
  );
  if (!(low! <= high!)) return [-1, 1];
  const room = Math.max(0.05, (high! - low!) * 0.06);
  return [low! - room, high! + room];
}
