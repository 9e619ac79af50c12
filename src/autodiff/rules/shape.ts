/** @file Gradients of operators that rearrange entries: reshape, transpose, concatenate, split, repeat. */
import { int, intsAttribute } from "../../onnx/graph.ts";
import type { GradientRule, RuleContext } from "../rule.ts";

/** Y holds the entries of X in the same order: dX is dY in the shape of X. */
const reshaped: GradientRule = (c) => [c.reshape(c.dy(), c.shape(c.x()), c.shape(c.y()))];

/** Y = X with axes permuted, reversed by default: dX is dY with the inverse permutation. */
const transpose: GradientRule = (c) => {
  const rank = c.shape(c.x()).length;
  const perm = intsAttribute(c.node, "perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  const inverse = perm.map((_, axis) => perm.indexOf(axis));
  return [c.op("Transpose", [c.dy()], { perm: { ints: inverse } })];
};

/** Y is X repeated along axes of extent 1 and new leading axes: dX is dY summed over them. */
const expand: GradientRule = (c) => [c.sumTo(c.dy(), c.shape(c.y()), 0)];

/** Y is X tiled `repeats` times per axis: dX is the sum over the copies. */
const tile: GradientRule = (c) => {
  const shape = c.shape(c.x());
  const repeats = c.constantInts(1)!;
  const split = c.reshape(
    c.dy(),
    shape.flatMap((extent, axis) => [repeats[axis]!, extent]),
  );
  return [
    shape.length === 0
      ? c.dy()
      : c.sum(
          split,
          shape.map((_, axis) => 2 * axis),
          0,
        ),
  ];
};

const axisOf = (c: RuleContext, rank: number, otherwise: number) => {
  const axis = c.int("axis", otherwise);
  return axis < 0 ? axis + rank : axis;
};

/** Y = X_1, ..., X_n along an axis: dX_i is its part of dY. */
const concat: GradientRule = (c) => {
  const axis = axisOf(c, c.shape(c.y()).length, 0);
  const extents = c.node.inputs.map((name) => c.shape(name)[axis]!);
  const wanted = extents.filter((_, i) => c.needs(i)).length;
  if (wanted > 1) {
    const options = { outputs: extents.length };
    return c.builder.ops("Split", [c.dy(), c.builder.ints(extents)], { axis: int(axis) }, options);
  }
  let start = 0;
  return extents.map((extent, i) => {
    const from = start;
    start += extent;
    if (!c.needs(i)) return undefined;
    const [starts, ends, axes] = [from, start, axis].map((value) => c.builder.ints([value])) as [
      string,
      string,
      string,
    ];
    return extents.length === 1 ? c.dy() : c.op("Slice", [c.dy(), starts, ends, axes]);
  });
};

/** Y_1, ..., Y_n = X along an axis: dX joins the dY_i, with zeros for parts that the loss does not depend on. */
const split: GradientRule = (c) => {
  const shape = c.shape(c.x());
  const axis = axisOf(c, shape.length, 0);
  const flowing = c.node.outputs.map((_, i) => i).filter((i) => c.flows(i));
  if (flowing.length > 1)
    return [
      c.op(
        "Concat",
        c.node.outputs.map((_, i) => c.dy(i)),
        { axis: int(axis) },
      ),
    ];
  const before = c.node.outputs.slice(0, flowing[0]!).reduce((sum, name) => sum + c.shape(name)[axis]!, 0);
  const dy = c.dy(flowing[0]!);
  const extent = c.shape(c.y(flowing[0]!))[axis]!;
  return [padAxis(c, dy, axis, shape.length, before, shape[axis]! - before - extent)];
};

/** Zeros before and after along one axis; negative numbers crop. */
export function padAxis(
  c: RuleContext,
  name: string,
  axis: number,
  rank: number,
  before: number,
  after: number,
): string {
  if (before === 0 && after === 0) return name;
  const pads = new Array<number>(2 * rank).fill(0);
  pads[axis] = before;
  pads[rank + axis] = after;
  return c.op("Pad", [name, c.builder.ints(pads)]);
}

export const shapeRules: Record<string, GradientRule> = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Concat: concat,
  Split: split,
};
