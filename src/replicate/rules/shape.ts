/** @file Operators that rearrange values, separately for each graph. */
import type { ReplicateRule } from "../rule.ts";

/** To the known shape of the result. */
const reshape: ReplicateRule = (c) => {
  const shape = [c.count, ...c.shapeOf(c.node.outputs[0]!)];
  c.make([c.x(0), c.ints(shape)], { allowzero: { int: 1 } }, "Reshape");
};

const expand: ReplicateRule = (c) => {
  const shape = c.shapeOf(c.node.outputs[0]!);
  c.make([c.aligned(0, shape.length), c.ints([c.count, ...shape])]);
};

const transpose: ReplicateRule = (c) => {
  const rank = c.shape(0).length;
  const perm = c.intList("perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  c.make([c.x(0)], { perm: { ints: [0, ...perm.map((axis) => axis + 1)] } });
};

const concat: ReplicateRule = (c) => {
  const axis = c.shifted(c.int("axis", 0), c.shape(0).length);
  c.make(
    c.node.inputs.map((_, i) => c.each(i)),
    { axis: { int: axis } },
  );
};

const split: ReplicateRule = (c) => {
  c.constantInts(1);
  c.make(c.node.inputs, { axis: { int: c.shifted(c.int("axis", 0), c.shape(0).length) } });
};

/** Entries of input 0 at the places of further inputs of the same rank, along an axis. */
const atPlaces: ReplicateRule = (c) => {
  const axis = c.shifted(c.int("axis", 0), c.shape(0).length);
  c.make(
    c.node.inputs.map((_, i) => c.each(i)),
    { axis: { int: axis } },
  );
};

export const shapeRules: Readonly<Record<string, ReplicateRule>> = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Expand: expand,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  GatherElements: atPlaces,
  ScatterElements: atPlaces,
};
