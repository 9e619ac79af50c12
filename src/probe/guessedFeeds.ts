/**
 * @file Feeds for a model without data: every free dimension is bound to a small guess, the same for one name in all
 * inputs, and all values are 0. They serve to learn shapes; nothing is measured on them.
 */
import type { Graph, ValueInfo } from "../onnx/graph.ts";
import { arrayType, sizeOf, type Tensor } from "../onnx/tensor.ts";
import type { Feeds } from "./feeds.ts";

/** A free dimension, by its name or its position ("x[2]"), and the size it is bound to. */
export type Bindings = ReadonlyMap<string, number>;

/** chosen: two samples, because with one sample, heads and samples that share an axis look alike. */
const SAMPLES = 2;
/** chosen: sequence lengths that models accept. */
const LENGTH = 8;
/** chosen: image sizes in pixels that convolutional networks accept; tried in this order. */
const PIXELS = [32, 64, 224] as const;

/**
 * Guesses in the order of trial. The user's sizes hold in all of them.
 *
 * @param given by name or position of a dimension
 */
export function guesses(graph: Graph, given: Bindings = new Map()): Bindings[] {
  const isImage = graph.inputs.some(({ shape }) => free(shape).some((axis) => isPixels(shape!, axis)));
  return (isImage ? PIXELS : PIXELS.slice(0, 1)).map((pixels) => {
    const bound = new Map<string, number>();
    for (const input of graph.inputs)
      for (const axis of free(input.shape)) {
        const name = dimensionName(input, axis);
        const guess = axis === 0 ? SAMPLES : isPixels(input.shape!, axis) ? pixels : LENGTH;
        if (!bound.has(name)) bound.set(name, given.get(name) ?? guess);
      }
    return bound;
  });
}

/** @throws RangeError for an input without a declared rank or type */
export function guessedFeeds(graph: Graph, bound: Bindings): Feeds {
  return Object.fromEntries(
    graph.inputs.map((input) => {
      const { name, dtype, shape } = input;
      if (shape === undefined || dtype === undefined || dtype === "string")
        throw new RangeError(
          `inspect: expected inputs of declared types and shapes, got ${name} without; measure it on data`,
        );
      const extents = shape.map((extent, axis) =>
        typeof extent === "number" ? extent : bound.get(dimensionName(input, axis))!,
      );
      return [name, { dtype, shape: extents, data: new (arrayType(dtype))(sizeOf(extents)) } as Tensor];
    }),
  );
}

/** Name of a free dimension: its own, or its position where it has none. */
export function dimensionName({ name, shape }: ValueInfo, axis: number): string {
  const own = shape?.[axis];
  return typeof own === "string" && own !== "" ? own : `${name}[${axis}]`;
}

function free(shape: ValueInfo["shape"]): number[] {
  return shape?.flatMap((extent, axis) => (typeof extent === "number" ? [] : [axis])) ?? [];
}

function isPixels(shape: NonNullable<ValueInfo["shape"]>, axis: number): boolean {
  return shape.length === 4 && axis >= 1;
}
