/**
 * @file Converts models that ONNX Runtime has laid out for a processor (domain com.microsoft.nchwc) back to plain
 * operators. In this layout images are (N, C/B, side, side, B) in memory, B channels to a register, C padded with
 * zeros, and kernels are ordered alike:
 *
 *     (O, I, k..)  ->  (O/B, I/B, k.., B of I, B of O)
 *     depthwise, and of a plain image with fewer than B channels:  (O/B, I, k.., B of O)
 *
 * Source: nchwc_transformer.cc and mlas/lib/reorder.cpp of ONNX Runtime. The result is the original model, except for
 * the names of kernels and biases, which the file no longer contains, and for trailing channels whose weights are all
 * zero.
 */
import {
  type Attribute,
  type Graph,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  stringAttribute,
} from "./graph.ts";
import { float32, sizeOf, type Tensor } from "./tensor.ts";

/** The operator set of the blocked layout. */
export const BLOCKED = "com.microsoft.nchwc";

/** Channels to a register: AVX and AVX-512. */
const BLOCKS = [8, 16] as const;

export function isBlocked({ graph }: Model): boolean {
  return graph.nodes.some(({ domain }) => domain === BLOCKED);
}

/**
 * Numbers of channels to a register that the model may be laid out for, judged by its kernels: both where the kernels
 * fit either; none where the model has another layout.
 */
export function possibleBlocks({ graph }: Model): readonly number[] {
  const nodes = graph.nodes.filter(({ domain }) => domain === BLOCKED);
  if (nodes.length === 0) return [];
  const blocked = new Set(nodes.flatMap(({ outputs }) => outputs));
  const channels = channelsOf(graph);
  const convolutions = nodes.filter(({ op }) => op === "Conv");
  return BLOCKS.filter((block) =>
    convolutions.every((node) => {
      const [width, inputs] = graph.initializers.get(node.inputs[1]!)?.shape ?? [];
      const filling = width! - (channels.get(node.outputs[0]!) ?? width!);
      const isPlainInput = intAttribute(node, "group", 1) === 1 && !blocked.has(node.inputs[0]!);
      return width! % block === 0 && filling < block && !(isPlainInput && inputs! >= block);
    }),
  );
}

/**
 * The model without blocked operators; the same object where it has none.
 *
 * @param block channels to a register, one of possibleBlocks
 * @throws Error in one line where a blocked node is not of a form that ONNX Runtime writes
 */
export function plainLayout(model: Model, block: number): Model {
  if (!isBlocked(model)) return model;
  return { ...model, graph: new Unblocker(model.graph, block).run() };
}

class Unblocker {
  private readonly graph: Graph;
  private readonly initializers: Map<string, Tensor>;
  private readonly block: number;
  /**
   * Channels of blocked values without padding, from the node that converts them to the plain layout, else from the
   * convolution that made them.
   */
  private readonly channels: Map<string, number>;
  /** Values in the blocked layout. */
  private readonly blocked = new Set<string>();

  constructor(graph: Graph, block: number) {
    this.graph = graph;
    this.block = block;
    this.initializers = new Map(graph.initializers);
    this.channels = channelsOf(graph);
  }

  run(): Graph {
    const nodes = this.graph.nodes.flatMap((node) => this.plain(node));
    const read = new Set([...nodes.flatMap(({ inputs }) => inputs), ...this.graph.outputs.map(({ name }) => name)]);
    return { ...this.graph, nodes, initializers: new Map([...this.initializers].filter(([name]) => read.has(name))) };
  }

  private plain(node: Node): Node[] {
    const isBlocked = node.domain === BLOCKED;
    if (isBlocked ? node.op !== "ReorderOutput" : node.inputs.some((name) => this.blocked.has(name)))
      for (const name of node.outputs) this.blocked.add(name);
    if (!isBlocked) return [node];
    const standard = { ...node, domain: "" };
    switch (node.op) {
      case "ReorderInput":
        return [{ ...standard, ...moved(node, [0, 3, 1, 2]) }];
      case "ReorderOutput":
        return [{ ...standard, ...moved(node, [0, 2, 3, 1]) }];
      case "Conv":
        return this.convolution(node);
      case "MaxPool":
      case "AveragePool":
      case "GlobalMaxPool":
      case "GlobalAveragePool":
        return [standard];
      case "Upsample":
        return [this.upsample(node)];
      default:
        throw unknown(node, `the operator ${BLOCKED}.${node.op}`);
    }
  }

  /** The convolution, the value added to it, and its activation. */
  private convolution(node: Node): Node[] {
    const [x, weight, bias] = node.inputs as [string, string, string?];
    const [y] = node.outputs as [string];
    const kernel = this.constant(node, weight);
    const [outputs, inputs, ...extents] = kernel.shape as [number, number, ...number[]];
    const groups = intAttribute(node, "group", 1);
    const isDepthwise = groups > 1 && inputs === 1;
    const isPlainInput = groups === 1 && !this.blocked.has(x);
    const sorted = unsorted(kernel, this.block, isDepthwise || isPlainInput);
    const biases = bias ? this.constant(node, bias) : undefined;
    const isPadded = groups === 1 || isDepthwise; // other groups are whole blocks
    const known = this.channels.get(y) ?? (isDepthwise ? this.channels.get(x) : undefined);
    const kept = isPadded ? (known ?? filled(sorted, biases, this.block)) : outputs;
    this.channels.set(y, kept);
    const read = groups === 1 && !isPlainInput ? (this.channels.get(x) ?? filledInputs(sorted, this.block)) : inputs;
    this.initializers.set(weight, part(sorted, kept, read, extents));
    if (bias) this.initializers.set(bias, float32((biases!.data as Float32Array).slice(0, kept)));
    const name = node.name.replace(/(_output_\d+)?_nchwc$/, "");
    const { activation, activation_params, ...attributes } = node.attributes;
    return this.activated(node, {
      ...{ ...node, name, op: "Conv", domain: "", inputs: bias ? [x, weight, bias] : [x, weight] },
      attributes: isDepthwise ? { ...attributes, group: { int: kept } } : attributes,
    });
  }

  /** A plain convolution followed by the addition and the activation of the blocked one. */
  private activated(node: Node, convolution: Omit<Node, "outputs">): Node[] {
    const [, , , sum] = node.inputs as [string, string, string?, string?];
    const [y] = node.outputs as [string];
    const steps = [convolution];
    const append = (op: string, inputs: readonly string[], given: Node["attributes"] = {}) =>
      steps.push({ op, domain: "", name: "", inputs, attributes: given });
    const last = () => `${y}/${steps.length - 1}`;
    if (sum) append("Add", [last(), sum]);
    const params = node.attributes.activation_params;
    const [first, second] = params !== undefined && "floats" in params ? params.floats : [];
    const alpha = first === undefined ? {} : { alpha: { float: first } };
    const beta = second === undefined ? {} : { beta: { float: second } };
    const activation = stringAttribute(node, "activation", "");
    switch (activation) {
      case "":
        break;
      case "Clip":
        append("Clip", [last(), ...[first, second].map((limit, i) => this.limit(`${y}/limit${i}`, limit))]);
        break;
      case "HardSwish": {
        const input = last();
        append("HardSigmoid", [input], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
        append("Mul", [input, last()]);
        break;
      }
      case "HardSigmoid":
        append("HardSigmoid", [last()], { ...alpha, ...beta });
        break;
      case "LeakyRelu":
      case "Elu":
        append(activation, [last()], alpha);
        break;
      case "Relu":
      case "Tanh":
      case "Sigmoid":
        append(activation, [last()]);
        break;
      default:
        throw unknown(node, `the activation ${activation}`);
    }
    return steps.map((step, i) => ({ ...step, outputs: [i === steps.length - 1 ? y : `${y}/${i}`] }));
  }

  private limit(name: string, value: number | undefined): string {
    return value === undefined ? "" : this.fresh(name, float32([value], []));
  }

  private upsample({ attributes, ...node }: Node): Node {
    const scales = this.fresh(
      `${node.outputs[0]}/scales`,
      float32(intsAttribute({ attributes, ...node }, "scales") ?? []),
    );
    const mode: Attribute = attributes.mode ?? { string: "nearest" };
    const coordinates = attributes.coordinate_transformation_mode ?? { string: "asymmetric" };
    return {
      ...node,
      ...{ op: "Resize", domain: "", inputs: [node.inputs[0]!, "", scales] },
      attributes: { mode, coordinate_transformation_mode: coordinates, nearest_mode: { string: "floor" } },
    };
  }

  private constant(node: Node, name: string): Tensor {
    const tensor = this.initializers.get(name);
    if (tensor?.dtype !== "float32") throw unknown(node, `weights of type ${tensor?.dtype ?? "none that is constant"}`);
    return tensor;
  }

  private fresh(stem: string, tensor: Tensor): string {
    let name = stem;
    while (this.initializers.has(name)) name += "_";
    this.initializers.set(name, tensor);
    return name;
  }
}

function unknown(node: Node, what: string): Error {
  return new Error(
    `onnx: expected ${node.name || node.outputs[0]} as ONNX Runtime writes convolutions for a processor, got ${what}; take the model from before its optimization`,
  );
}

/** Replaces a node that only changed the layout: by nothing, or by a transpose from or to channels last. */
function moved(node: Node, perm: readonly number[]): Pick<Node, "op" | "attributes"> {
  const isLast = intAttribute(node, "channels_last", 0) === 1;
  return isLast ? { op: "Transpose", attributes: { perm: { ints: perm } } } : { op: "Identity", attributes: {} };
}

/**
 * Channels of blocked values, traced backwards from their conversion to the plain layout, through operators that keep
 * channels.
 */
function channelsOf({ nodes, initializers }: Graph): Map<string, number> {
  const isDepthwise = (node: Node) =>
    intAttribute(node, "group", 1) > 1 && initializers.get(node.inputs[1] ?? "")?.shape[1] === 1;
  const channels = new Map<string, number>();
  for (const node of [...nodes].reverse()) {
    const isLaidOut = node.domain === BLOCKED && node.op === "ReorderOutput";
    const known = isLaidOut ? intAttribute(node, "channels", 0) : channels.get(node.outputs[0]!);
    const keeps = isLaidOut || (node.domain === BLOCKED ? node.op !== "Conv" : node.op !== "Concat");
    const added = node.domain === BLOCKED ? node.inputs.slice(3) : [];
    const sources = keeps ? node.inputs : isDepthwise(node) ? [node.inputs[0]!, ...added] : added;
    if (known !== undefined) for (const name of sources) if (name !== "") channels.set(name, known);
  }
  return channels;
}

/** A kernel in the order (O, I, k..). @param onlyOutputs whether inputs are not blocked */
function unsorted({ data, shape }: Tensor, B: number, onlyOutputs: boolean): Tensor {
  const [O, I, ...extents] = shape as [number, number, ...number[]];
  const positions = sizeOf(extents);
  const inner = onlyOutputs ? 1 : B;
  const sorted = new Float32Array(data.length);
  let at = 0;
  for (let o = 0; o < O; o += B)
    for (let i = 0; i < I; i += inner)
      for (let k = 0; k < positions; k++)
        for (let p = 0; p < inner; p++)
          for (let q = 0; q < B; q++) sorted[((o + q) * I + i + p) * positions + k] = (data as Float32Array)[at++]!;
  return float32(sorted, shape);
}

/** Number of output channels without the zero ones at the end of the last block. */
function filled({ data, shape }: Tensor, bias: Tensor | undefined, B: number): number {
  const width = sizeOf(shape.slice(1));
  const isZero = (o: number) =>
    (data as Float32Array).subarray(o * width, (o + 1) * width).every((value) => value === 0) && !bias?.data[o];
  let count = shape[0]!;
  while (count > shape[0]! - B + 1 && isZero(count - 1)) count--;
  return count;
}

function filledInputs({ data, shape }: Tensor, B: number): number {
  const [O, I] = shape as [number, number];
  const positions = sizeOf(shape.slice(2));
  const isZero = (i: number) =>
    Array.from({ length: O }, (_, o) => (o * I + i) * positions).every((start) =>
      (data as Float32Array).subarray(start, start + positions).every((value) => value === 0),
    );
  let count = I;
  while (count > I - B + 1 && isZero(count - 1)) count--;
  return count;
}

/** The first channels of a kernel. */
function part({ data, shape }: Tensor, outputs: number, inputs: number, extents: readonly number[]): Tensor {
  const positions = sizeOf(extents);
  const I = shape[1]!;
  const kept = new Float32Array(outputs * inputs * positions);
  for (let o = 0; o < outputs; o++)
    kept.set((data as Float32Array).subarray(o * I * positions, (o * I + inputs) * positions), o * inputs * positions);
  return float32(kept, [outputs, inputs, ...extents]);
}
