/**
 * @file The layout of one index in a tensor, followed through operators that rearrange values: which channel of a map,
 * or which example of a batch, an entry belongs to.
 *
 * A layout is the tensor's memory as axes in row-major order, finer than those of its shape. A Reshape does not change
 * it, a Transpose changes the order of axes, a slice shortens one. Each axis counts the followed index in steps, or not
 * at all.
 */

import type { BoundValue } from "../../onnx/graph.ts";
import { type Graph, intAttribute, intsAttribute, type Node } from "../../onnx/graph.ts";
import { toNumbers } from "../../onnx/tensor.ts";

export interface Axis {
  readonly extent: number;
  /** By how much the followed index grows with each step along this axis; null where it does not. */
  readonly step: number | null;
}

export interface Layout {
  /** The followed index of the first entry. */
  readonly offset: number;
  readonly axes: readonly Axis[];
}

/** The parts of a graph that the functions here need. */
export interface LayoutContext {
  readonly graph: Graph;
  readonly values: ReadonlyMap<string, BoundValue>;
}

/** Operators that change at most the shape, not the order in memory. */
const RESHAPES: ReadonlySet<string> = new Set([
  ...["Identity", "Cast", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze"],
]);

/**
 * The layout of each output of a node that only rearranges its first input; undefined where it does something else, or
 * cuts through a step.
 */
export function relaid(
  node: Node,
  layout: Layout,
  { graph, values }: LayoutContext,
): (Layout | undefined)[] | undefined {
  const shape = values.get(node.inputs[0]!)!.shape;
  if (RESHAPES.has(node.op)) return [layout];
  const groups = byAxis(layout.axes, shape);
  if (groups === undefined) return undefined;
  const constant = (at: number) => {
    const tensor = graph.initializers.get(node.inputs[at] ?? "");
    return tensor && toNumbers(tensor);
  };
  switch (node.op) {
    case "Transpose": {
      const perm = intsAttribute(node, "perm") ?? shape.map((_, i) => shape.length - 1 - i);
      return [{ ...layout, axes: perm.flatMap((axis) => groups[axis]!) }];
    }
    case "Split": {
      const axis = positive(intAttribute(node, "axis", 0), shape.length);
      const extents = node.outputs.map((name) => values.get(name)!.shape[axis]!);
      return extents.map((extent, i) => {
        const from = extents.slice(0, i).reduce((sum, one) => sum + one, 0);
        return cut(layout.offset, groups, axis, from, extent);
      });
    }
    case "Gather": {
      const axis = positive(intAttribute(node, "axis", 0), shape.length);
      const at = constant(1);
      if (at === undefined || at.length !== 1) return undefined;
      return [cut(layout.offset, groups, axis, positive(at[0]!, shape[axis]!), 1)];
    }
    case "Slice": {
      const [starts, ends] = [constant(1), constant(2)];
      const axes = node.inputs[3] ? constant(3) : starts && Array.from(starts, (_, i) => i);
      const steps = node.inputs[4] ? constant(4) : undefined;
      if (!starts || !ends || !axes || axes.length !== 1 || (steps && steps[0] !== 1)) return undefined;
      const axis = positive(axes[0]!, shape.length);
      const clamp = (at: number) => Math.max(0, Math.min(shape[axis]!, at < 0 ? at + shape[axis]! : at));
      const [from, to] = [clamp(starts[0]!), clamp(ends[0]!)];
      return [cut(layout.offset, groups, axis, from, to - from)];
    }
    default:
      return undefined;
  }
}

/** Whether a node only takes parts of its input. */
export function isCut({ op }: Node): boolean {
  return op === "Split" || op === "Gather" || op === "Slice";
}

/**
 * The layout after a node whose output has the input's axes, possibly with other extents, such as a convolution or a
 * pool. An axis whose extent changes no longer carries the followed index.
 *
 * @returns undefined where an axis that carries it changes, or the numbers of axes differ
 */
export function reshapedAlike(layout: Layout, from: readonly number[], to: readonly number[]): Layout | undefined {
  const groups = byAxis(layout.axes, from);
  if (groups === undefined || from.length !== to.length) return undefined;
  const axes = groups.map((group, i) =>
    from[i] === to[i] ? group : group.some(({ step }) => step !== null) ? undefined : [plain(to[i]!)],
  );
  return axes.every((group) => group !== undefined) ? { ...layout, axes: axes.flat() } : undefined;
}

export function plain(extent: number): Axis {
  return { extent, step: null };
}

/**
 * The layout's axes that form each axis of a shape, split where one crosses a boundary; undefined where it cannot be
 * split.
 */
export function byAxis(axes: readonly Axis[], shape: readonly number[]): Axis[][] | undefined {
  const rest = axes.filter(({ extent }) => extent !== 1);
  const groups: Axis[][] = [];
  for (const extent of [...shape].reverse()) {
    const group: Axis[] = [];
    let wanted = extent;
    while (wanted > 1) {
      const last = rest.pop();
      if (last === undefined) return undefined;
      const taken = Math.min(last.extent, wanted);
      if (wanted % taken !== 0 || last.extent % taken !== 0) return undefined;
      group.unshift({ extent: taken, step: last.step });
      if (taken < last.extent)
        rest.push({ extent: last.extent / taken, step: last.step === null ? null : last.step * taken });
      wanted /= taken;
    }
    groups.unshift(group);
  }
  return rest.length === 0 ? groups : undefined;
}

/** Entries from .. from + extent - 1 of an axis; undefined where they cut through a step. */
function cut(
  offset: number,
  groups: readonly (readonly Axis[])[],
  axis: number,
  from: number,
  extent: number,
): Layout | undefined {
  const group = groups[axis]!;
  const [first, ...others] = group;
  const inner = others.reduce((product, one) => product * one.extent, 1);
  const before = groups.slice(0, axis).flat();
  const after = groups.slice(axis + 1).flat();
  if (first === undefined) return { offset, axes: [...before, ...after] };
  if (from % inner === 0 && extent % inner === 0) {
    const shortened = { extent: extent / inner, step: first.step };
    const moved = offset + (first.step ?? 0) * (from / inner);
    return { offset: moved, axes: [...before, shortened, ...others, ...after] };
  }
  // A piece within one step of the outer axis.
  const at = Math.floor(from / inner);
  if (Math.floor((from + extent - 1) / inner) !== at || others.length === 0) return undefined;
  const piece = cut(offset + (first.step ?? 0) * at, [others], 0, from - at * inner, extent);
  return piece && { ...piece, axes: [...before, ...piece.axes, ...after] };
}

function positive(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
