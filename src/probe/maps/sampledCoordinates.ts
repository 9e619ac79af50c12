/**
 * @file Layers too wide to be measured whole, on a random sample of coordinates of each wide side (docs/theory.md Eq.
 * 77): a projection on coordinate axes. Unlike a dense random projection it does not change entries, so the sums over
 * entries in an alignment can be estimated without bias. The d^2 sums become k^2.
 */
import { gram, type Matrix, matrix } from "../../linalg/matrix.ts";
import {
  bareSide,
  type CoordinateSample,
  type LayerMoments,
  type Side,
  type SideMoments,
} from "../../moments/moments.ts";
import type { Random } from "../../random/random.ts";
import type { Measurable } from "./linearMap.ts";

/** The sample of each side; absent for a side that is measured whole. */
export type MapSample = Readonly<Partial<Record<Side, CoordinateSample>>>;

/**
 * Chooses `count` coordinates of each side with more.
 *
 * @returns undefined where no side has more
 */
export function sampleCoordinates(
  { name, dOut, input }: Measurable,
  count: number,
  random: Random,
): MapSample | undefined {
  const choose = (side: Side, of: number): CoordinateSample => ({
    of,
    coordinates: random.split(`${name}.${side}`).permutation(of).slice(0, count).sort(),
  });
  const sample: Partial<Record<Side, CoordinateSample>> = {};
  if (input !== undefined && input.dIn > count) sample.a = choose("a", input.dIn);
  if (dOut > count) sample.b = choose("b", dOut);
  return sample.a === undefined && sample.b === undefined ? undefined : sample;
}

/** A sample's columns in the rows of a map, which may have an order of their own (convolutions). */
export function sampledColumns({ coordinates }: CoordinateSample, order?: readonly [number, number]): number[] {
  const [positions, channels] = order ?? [1, 1];
  if (positions === 1 || channels === 1) return Array.from(coordinates);
  return Array.from(coordinates, (column) => (column % positions) * channels + Math.floor(column / positions));
}

/**
 * An empty layer (n = 0) for sums of the sampled coordinates alone, with Z on them instead of W.
 *
 * @param W (dOut, dIn), absent for a head
 */
export function bareSampledLayer(
  { name, kind, dOut, input }: Measurable,
  sample: MapSample,
  W: Matrix | undefined,
): LayerMoments {
  const side = (key: Side, d: number): SideMoments => {
    const chosen = sample[key];
    const moments = bareSide(chosen?.coordinates.length ?? d);
    if (chosen !== undefined) moments.sample = chosen;
    if (W !== undefined) moments.z = gramOn(W, key, chosen?.coordinates).data;
    return moments;
  };
  const layer: LayerMoments = { name, kind, dIn: input?.dIn ?? dOut, dOut, n: 0, b: side("b", dOut) };
  if (input !== undefined) layer.a = side("a", input.dIn);
  return layer;
}

/** W^T W or W W^T on the given coordinates. */
function gramOn(W: Matrix, side: Side, coordinates: Uint32Array | undefined): Matrix {
  if (coordinates === undefined) return gram(W, side);
  const part = side === "a" ? matrix(W.rows, coordinates.length) : matrix(coordinates.length, W.cols);
  for (let i = 0; i < part.rows; i++)
    for (let j = 0; j < part.cols; j++) {
      const from = side === "a" ? i * W.cols + coordinates[j]! : coordinates[i]! * W.cols + j;
      part.data[i * part.cols + j] = W.data[from]!;
    }
  return gram(part, side);
}
