/**
 * @file Figure: correlations of the activations of a layer's neurons, reordered by cluster, before an activation
 * function (side b) and after one (side a) (theory.md Eq. 125; as Fig. 5 of Symmetry Induces Structure and Constraint
 * of Learning, ICML 2024).
 */
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { CLUSTER_LIMIT, clusterOrder } from "../measure/neurons/neuronClusters.ts";
import type { Side } from "../moments/moments.ts";
import { sideTitle } from "./alignmentSeries.ts";
import { toCsv } from "./csv.ts";
import { colourIndices, divergingPalette, levels } from "./diverging.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import type { LayerMatrices } from "./layerMatrices.ts";
import { averageDown } from "./matrices.ts";
import { encodePng, pngDataUri } from "./png.ts";

interface Ordered {
  readonly side: Side;
  /** Correlations of the neurons with nonzero variance, cluster by cluster, the largest first. */
  readonly correlations: Matrix;
  readonly members: readonly (readonly number[])[];
  readonly dead: number;
}

const size = 300;
const top = 34;

/**
 * Draws one panel per side, colours from -1 to 1, with lines between clusters of two neurons or more.
 *
 * @param layer of covariances
 * @param rows larger matrices are averaged down to at most this many
 * @returns undefined where no side has two neurons with nonzero variance. csv: side,neuron,cluster in the order drawn
 */
export function clusters(layer: LayerMatrices, rows: number): Figure | undefined {
  const found = layer.sides.flatMap(({ side, H }) => (H ? [ordered(side, H)] : []));
  const shown = found.filter(({ correlations }) => correlations.rows > 1);
  if (shown.length === 0) return undefined;
  const palette = divergingPalette();
  const drawn = shown.map((one) => ({ ...one, image: averageDown(one.correlations, rows) }));
  const csv = toCsv(
    ["side", "neuron", "cluster"],
    shown.flatMap(({ side, members }) =>
      members.flatMap((own, cluster) => own.map((neuron) => [side, neuron, cluster])),
    ),
  );
  return makeFigure(
    drawn.map((one) => panel(one, palette)),
    csv,
    { columns: 2, legend: scale(palette) },
  );
}

function ordered(side: Side, H: Matrix): Ordered {
  const { clusters: members, dead } = clusterOrder(H);
  const order = members.flat();
  const d = H.rows;
  const deviation = (i: number) => Math.sqrt(H.data[i * d + i]!);
  const correlations = matrix(
    order.length,
    order.length,
    order.flatMap((i) => order.map((j) => H.data[i * d + j]! / (deviation(i) * deviation(j)))),
  );
  return { side, correlations, members, dead: dead.length };
}

function panel(
  { side, image, correlations, members, dead }: Ordered & { readonly image: Matrix },
  palette: Uint8Array,
): Panel {
  const uri = pngDataUri(encodePng(image.cols, image.rows, colourIndices(image.data, 1), palette));
  const d = correlations.rows;
  const sizes = members.map(({ length }) => length);
  const merged = sizes.filter((one) => one > 1);
  const inClusters = merged.reduce((sum, one) => sum + one, 0);
  const words = `${d} neurons in ${sizes.length} clusters${dead > 0 ? `, ${dead} silent` : ""}`;
  let at = 0;
  const lines = merged
    .map((one) => {
      at += one;
      const place = 8 + (size * at) / d;
      return `<path d="M8 ${top - 8 + place}h${size}M${place} ${top}v${size}" stroke="currentColor" stroke-width="0.6" stroke-opacity="0.55"/>`;
    })
    .join("");
  const content =
    `<text x="8" y="14" dy="0.32em" text-anchor="start"><tspan font-weight="650" font-size="13">${side === "a" ? "Input" : "Output"} (${side})</tspan>` +
    `<tspan dx="8" fill-opacity="0.75">${words}</tspan></text>` +
    `<image x="8" y="${top}" width="${size}" height="${size}" href="${uri}" preserveAspectRatio="none" class="raster" style="image-rendering:pixelated"/>` +
    `<rect x="8" y="${top}" width="${size}" height="${size}" fill="none" stroke="currentColor" stroke-opacity="0.3"/>${lines}`;
  const label = `Correlations of ${sideTitle[side]}, reordered by cluster: ${words}, ${inClusters} of them with another, |correlation| above ${CLUSTER_LIMIT}`;
  return {
    width: size + 16,
    height: top + size + 8,
    label,
    content,
    image: { name: `correlation_${side}`, d, limit: 1 },
  };
}

function scale(palette: Uint8Array): Panel {
  const uri = pngDataUri(
    encodePng(
      levels,
      1,
      Uint8Array.from({ length: levels }, (_, level) => level),
      palette,
    ),
  );
  const content =
    `<text x="8" y="10" dy="0.32em" text-anchor="start">correlation −1</text><image x="100" y="4" width="180" height="12" href="${uri}" preserveAspectRatio="none" class="raster"/>` +
    `<text x="286" y="10" dy="0.32em" text-anchor="start">1</text>`;
  return { width: 310, height: 20, label: "Colours from -1 to 1", content };
}
