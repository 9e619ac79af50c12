/**
 * @file The bias of a map whose operator does not add it: a constant that the only user of its output adds. Exporters
 * write it so for products. They do so for convolutions where the framework has the bias as an operator of its own or a
 * quantizer separates it.
 */
import { isRounding } from "../../onnx/dequantizeModel.ts";
import { type Graph, intsAttribute, type Node } from "../../onnx/graph.ts";
import type { GraphContext } from "./linearMap.ts";

export interface AddedBias {
  /** The value with the constant added. */
  readonly sum: string;
  readonly constant: string;
  /** -1 where the constant is subtracted. */
  readonly sign: 1 | -1;
}

/** The only node that reads a value. */
export function soleUser(graph: Graph, value: string): Node | undefined {
  const users = graph.nodes.filter((node) => node.inputs.includes(value));
  return users.length === 1 ? users[0] : undefined;
}

/** A value, or its rounded form after quantizers where nothing else reads it. */
export function behindRounding(value: string, graph: Graph): string {
  const node = soleUser(graph, value);
  return node !== undefined && isRounding(node) ? behindRounding(node.outputs[0]!, graph) : value;
}

/** The constant that the only user of a value adds to it, in any shape. */
export function addedConstant(product: string, { graph, isWeight }: GraphContext): AddedBias | undefined {
  const value = behindRounding(product, graph);
  const node = soleUser(graph, value);
  if (node === undefined || node.domain !== "" || node.inputs.length !== 2) return undefined;
  const at = node.inputs.indexOf(value);
  const isSum = node.op === "Add" || node.op === "Sum";
  if (!isSum && !(node.op === "Sub" && at === 0)) return undefined;
  const constant = node.inputs[1 - at]!;
  return isWeight(constant) ? { sum: node.outputs[0]!, constant, sign: isSum ? 1 : -1 } : undefined;
}

/** A value with one axis over channels; its other axes run over samples and positions in the order of rows. */
export interface Channels {
  readonly value: string;
  readonly axis: number;
}

/**
 * The output of a convolution with a constant added by channel, (C, 1, ..) or (1, C, 1, ..). Operators between the two
 * may move the channel axis and join, add or drop others, as long as rows keep their order.
 *
 * @returns undefined without such a constant, or where it varies over positions or samples, or is one number for all
 *   channels
 */
export function channelBias(output: Channels, s: GraphContext): (AddedBias & { readonly axis: number }) | undefined {
  const channels = s.values.get(output.value)!.shape[output.axis]!;
  for (let at: Channels | undefined = output; at !== undefined; at = movedChannels(at, s)) {
    const added = addedConstant(at.value, s);
    if (added === undefined) continue;
    const [shape, rank] = [s.values.get(added.constant)!.shape, s.values.get(at.value)!.shape.length];
    const axis = at.axis - (rank - shape.length);
    const isByChannel =
      shape.length <= rank && axis >= 0 && shape.every((extent, i) => extent === (i === axis ? channels : 1));
    return isByChannel ? { ...added, axis: at.axis } : undefined;
  }
  return undefined;
}

/** The value after its only user, where this user changes the layout alone and keeps the order of rows. */
function movedChannels({ value, axis }: Channels, { graph, values }: GraphContext): Channels | undefined {
  const node = soleUser(graph, value);
  if (node === undefined || node.domain !== "" || node.inputs[0] !== value) return undefined;
  const [from, to] = [values.get(value)!, values.get(node.outputs[0]!)!];
  const found = (at: number) => (at < 0 ? undefined : { value: node.outputs[0]!, axis: at });
  switch (node.op) {
    case "Clip":
      return found(isRounding(node) ? axis : -1);
    case "Identity":
    case "Cast":
      return found(from.dtype === to.dtype ? axis : -1);
    case "Transpose": {
      const perm = intsAttribute(node, "perm") ?? from.shape.map((_, i) => from.shape.length - 1 - i);
      const others = perm.filter((of) => of !== axis);
      return found(others.every((of, i) => i === 0 || of > others[i - 1]!) ? perm.indexOf(axis) : -1);
    }
    case "Reshape":
    case "Flatten":
    case "Squeeze":
    case "Unsqueeze": {
      const before = (shape: readonly number[], i: number) => shape.slice(0, i).reduce((x, y) => x * y, 1);
      const outer = before(from.shape, axis);
      return found(to.shape.findIndex((extent, i) => extent === from.shape[axis] && before(to.shape, i) === outer));
    }
    default:
      return undefined;
  }
}
