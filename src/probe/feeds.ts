/**
 * @file Batches of data for a graph: tensors by input name, including the targets; the first axis runs over samples.
 */
import type { Tensor } from "../onnx/tensor.ts";

/** Name under which a batch carries its targets. */
export const TARGET = "target";

export type Feeds = Readonly<Record<string, Tensor>>;

/** Cuts tensors of n rows into at least two batches of at most `size` rows. */
export function sliceBatches(whole: Readonly<Record<string, Tensor>>, size: number): Feeds[] {
  const n = Object.values(whole)[0]!.shape[0]!;
  const step = Math.max(1, Math.min(size, Math.ceil(n / 2)));
  const batches: Feeds[] = [];
  for (let from = 0; from < n; from += step) {
    const to = Math.min(n, from + step);
    const cut = ([name, { dtype, shape, data }]: [string, Tensor]): [string, Tensor] => {
      const row = data.length / n;
      return [
        name,
        { dtype, shape: [to - from, ...shape.slice(1)], data: data.slice(from * row, to * row) as Tensor["data"] },
      ];
    };
    batches.push(Object.fromEntries(Object.entries(whole).map(cut)));
  }
  return batches;
}

/** One string per combination of shapes: a graph is compiled once for each. */
export function shapeKey(feeds: Feeds): string {
  return Object.entries(feeds)
    .map(([name, { shape }]) => `${name}:${shape.join("x")}`)
    .join(" ");
}
