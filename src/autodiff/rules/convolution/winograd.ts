/**
 * @file Convolutions 3x3 of stride 1 by Winograd's F(2x2, 3x3), forward and backward (S. Winograd, Arithmetic
 * Complexity of Computations, 1980; A. Lavin and S. Gray, arXiv 1509.09308, Eqs. 7 and 8): the four results of a tile
 * take 16 products a channel instead of 36. Let X be the 4x4 entries that a tile covers, Y its 2x2 results and K the
 * kernel, all as vectors. With B (16, 16), G (16, 9) and A (4, 16) below,
 *
 *     V = B X,    U = G K,    Y[m] = A sum_c U[m, c] * V[c]      (* entry by entry)
 *
 * so that T tiles are 16 matrix products, (T, C) times (C, M). ONNX Runtime's threads exchange less data in them than
 * in its convolutions (docs/log.md). Channels go last, and tiles are gathered in whole rows. The gradients are
 *
 *     dK = G^T sum_t dP V^T  with  dP = A^T dY;    dX = the convolution of dY with K rotated by 180 degrees.
 *
 * Rounding is that of a direct convolution within a small factor. Larger tiles, whose rounding is worse, and odd sides
 * are not covered.
 */
import {
  type BoundValue,
  type Graph,
  intAttribute,
  intsAttribute,
  type Node,
  stringAttribute,
} from "../../../onnx/graph.ts";
import type { GraphBuilder } from "../../../onnx/graphBuilder.ts";
import { type DataType, float32, float64 } from "../../../onnx/tensor.ts";
import type { GradientRule } from "../../rule.ts";
import { positions } from "./geometry.ts";

/** chosen: with fewer channels, splitting and joining tiles costs what the products save (docs/log.md). */
const FEWEST_CHANNELS = 128;

/** Rows of a matrix. */
type Rows = readonly (readonly number[])[];

// biome-ignore format: a matrix
const B = kroneckerSquare([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]);
// biome-ignore format: a matrix
const G = kroneckerSquare([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]);
// biome-ignore format: a matrix
const A = kroneckerSquare([[1, 1, 1, 0], [0, 1, -1, -1]]);

/**
 * Rotating K exchanges the first and last of the four rows along each axis: slice i of the rotated U is TURNED[i] of U.
 */
const TURNED = positions([4, 4]).map(([i, j]) => 4 * [3, 1, 2, 0][i!]! + [3, 1, 2, 0][j!]!);

/** Offsets of a tile along each axis, from its first result pixel: those of its input, and those of its results. */
const MET = [-1, 0, 1, 2];
const OWN = [0, 1];

/** Whether the node is such a convolution, in float32 and with trained weights, and faster in this form. */
export function gainsByWinograd({ initializers }: Graph, node: Node, values: ReadonlyMap<string, BoundValue>): boolean {
  if (!isWinograd(node, values) || initializers.has(node.inputs[1]!)) return false;
  const { dtype, shape } = values.get(node.inputs[1]!)!;
  return dtype === "float32" && Math.min(shape[0]!, shape[1]!) >= FEWEST_CHANNELS;
}

/** 3x3 over images of even sides, padded by one pixel all around, without bias and groups. */
function isWinograd(node: Node, values: ReadonlyMap<string, BoundValue>): boolean {
  if (node.op !== "Conv" || node.domain !== "" || node.inputs.length !== 2) return false;
  const [x, W] = node.inputs.map((name) => values.get(name)!.shape) as [readonly number[], readonly number[]];
  const all = (name: string, value: number, otherwise: number) =>
    (intsAttribute(node, name) ?? [otherwise]).every((entry) => entry === value);
  const window = all("pads", 1, 0) && all("strides", 1, 1) && all("dilations", 1, 1);
  const plain = intAttribute(node, "group", 1) === 1 && stringAttribute(node, "auto_pad", "NOTSET") === "NOTSET";
  return window && plain && W.slice(2).join() === "3,3" && x.slice(2).every((side) => side % 2 === 0);
}

/** The builder, and the size of the images, which input and result share. */
interface Images {
  readonly g: GraphBuilder;
  readonly dtype: DataType;
  readonly N: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Adds a convolution for which isWinograd holds, under the result's own name.
 *
 * @returns its gradient rule, which reuses U and V
 */
export function addWinograd(g: GraphBuilder, node: Node, values: ReadonlyMap<string, BoundValue>): GradientRule {
  const [x, W] = node.inputs as [string, string];
  const { dtype, shape } = values.get(x)!;
  const [N, C, height, width] = shape as [number, number, number, number];
  const M = values.get(W)!.shape[0]!;
  const images = { g, dtype, N, height, width };
  const T = (N * height * width) / 4;
  const kernels = reshape(g, W, [M * C, 9]);
  const U = reshape(g, g.op("Gemm", [matrix(images, G), kernels], { transB: { int: 1 } }), [16, M, C]);
  const V = reshape(g, product(images, B, met(images, pixelRows(images, x, C), C)), [16, T, C]);
  const Y = product(images, A, g.op("MatMul", [V, transposed(g, U)]));
  g.ops("Reshape", [channelsFirst(images, Y, M), g.ints([N, M, height, width])], {}, { outputs: node.outputs });
  return (c) => {
    const rows = pixelRows(images, c.dy(), M);
    const dX = () => {
      const turned = TURNED.map((i) => B[i]!);
      const sums = g.op("MatMul", [reshape(g, product(images, turned, met(images, rows, M)), [16, T, M]), U]);
      const back = A.map((row) => TURNED.map((i) => row[i]!));
      return reshape(g, channelsFirst(images, product(images, back, sums), C), shape);
    };
    const dK = () => {
      const own = reshape(g, g.op("Gather", [rows, indices(g, tilePixels(images, OWN))]), [4, T * M]);
      const dP = reshape(g, g.op("Gemm", [matrix(images, A), own], { transA: { int: 1 } }), [16, T, M]);
      const dU = reshape(g, g.op("MatMul", [transposed(g, dP), V]), [16, M * C]);
      return reshape(g, g.op("Gemm", [dU, matrix(images, G)], { transA: { int: 1 } }), [M, C, 3, 3]);
    };
    return [c.needs(0) ? dX() : undefined, c.needs(1) ? dK() : undefined];
  };
}

/** (N, channels, height, width) to (N height width, channels). */
function pixelRows({ g, N, height, width }: Images, image: string, channels: number): string {
  const flat = reshape(g, image, [N, channels, height * width]);
  return reshape(g, transposed(g, flat), [N * height * width, channels]);
}

/**
 * Rows of pixels to the input of tiles at each of their 16 offsets, (16, T, channels), with zeros around the images.
 */
function met(images: Images, rows: string, channels: number): string {
  const { g, dtype } = images;
  const zeros = g.op("Expand", [g.scalar(0, dtype), g.ints([1, channels])]);
  const around = g.op("Concat", [rows, zeros], { axis: { int: 0 } });
  return g.op("Gather", [around, indices(g, tilePixels(images, MET))]);
}

/** The results of tiles, (2 2, T channels), to (N, channels, height width). */
function channelsFirst(images: Images, results: string, channels: number): string {
  const { g, N, height, width } = images;
  const P = height * width;
  const rows = g.op("Gather", [reshape(g, results, [N * P, channels]), indices(g, inverse(tilePixels(images, OWN)))]);
  return transposed(g, reshape(g, rows, [N, P, channels]));
}

/**
 * For each pair of offsets the pixel there of each tile, tile by tile; one past the last pixel where it lies outside
 * its image.
 */
function tilePixels({ N, height, width }: Images, places: readonly number[]): number[] {
  const tiles = positions([N, height / 2, width / 2]);
  return places.flatMap((down) =>
    places.flatMap((right) =>
      tiles.map(([n, i, j]) => {
        const [row, column] = [2 * i! + down, 2 * j! + right];
        const inside = row >= 0 && row < height && column >= 0 && column < width;
        return inside ? (n! * height + row) * width + column : N * height * width;
      }),
    ),
  );
}

function inverse(permutation: readonly number[]): number[] {
  const found = new Array<number>(permutation.length);
  permutation.forEach((to, from) => {
    found[to] = from;
  });
  return found;
}

/** rows times `value`, whose first axis the product sums over, as a matrix. */
function product(images: Images, rows: Rows, value: string): string {
  const { g } = images;
  return g.op("Gemm", [matrix(images, rows), reshape(g, value, [rows[0]!.length, -1])]);
}

function matrix({ g, dtype }: Images, rows: Rows): string {
  const shape = [rows.length, rows[0]!.length];
  return g.constant(dtype === "float64" ? float64(rows.flat(), shape) : float32(rows.flat(), shape));
}

const indices = (g: GraphBuilder, values: readonly number[]) =>
  g.constant({ dtype: "int32", shape: [values.length], data: Int32Array.from(values) });

const reshape = (g: GraphBuilder, value: string, shape: readonly number[]) => g.op("Reshape", [value, g.ints(shape)]);

/** Exchanges the last two of three axes; ONNX Runtime fuses it into a following product. */
const transposed = (g: GraphBuilder, value: string) => g.op("Transpose", [value], { perm: { ints: [0, 2, 1] } });

/** Entry (i k, j l) is rows[i][j] rows[k][l]. */
function kroneckerSquare(rows: Rows): Rows {
  return rows.flatMap((left) => rows.map((right) => left.flatMap((a) => right.map((b) => a * b))));
}
