/** @file Cases for rules/slice.ts. */
import type { Random } from "../../../src/random/random.ts";
import { type GradientCase, normals, pick } from "./case.ts";

/** Starts, ends and steps that leave something, some far outside the axis. */
function cut(random: Random, extent: number): [start: number, end: number, step: number] {
  const step = pick(random, [1, 1, 2, 3, -1, -2, -3]);
  const [low, high] = [random.below(extent), random.below(extent)].sort((a, b) => a - b) as [number, number];
  const near = (index: number) => (random.uniform() < 0.5 ? index : index - extent);
  if (step > 0) return [pick(random, [near(low), -100]), pick(random, [high + 1, 100]), step];
  return [pick(random, [near(high), 100]), pick(random, [near(low) === low && low > 0 ? low - 1 : -100, -100]), step];
}

export const sliceCases: readonly GradientCase[] = [
  {
    op: "Slice",
    name: "of some axes with any start, end and step",
    draw: (random) => {
      const shape = Array.from({ length: 1 + random.below(3) }, () => 2 + random.below(5));
      const axes = shape.map((_, axis) => axis).filter((axis) => axis === 0 || random.uniform() < 0.5);
      const cuts = axes.map((axis) => cut(random, shape[axis]!));
      const lists = [0, 1].map((part) => cuts.map((values) => values[part]!));
      const steps = cuts.map((values) => values[2]);
      const named = axes.map((axis) => (random.uniform() < 0.5 ? axis : axis - shape.length));
      return {
        inputs: { x: normals(random, shape) },
        build: (g) => [g.op("Slice", ["x", ...[...lists, named, steps].map((list) => g.ints(list))])],
      };
    },
  },
  {
    op: "Slice",
    name: "of the first axes when none are named, without steps",
    draw: (random) => {
      const start = random.below(3);
      return {
        inputs: { x: normals(random, [4, 3]) },
        build: (g) => [g.op("Slice", ["x", g.ints([start]), g.ints([4])])],
      };
    },
  },
];
