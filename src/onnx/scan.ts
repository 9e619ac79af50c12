/**
 * @file The inputs, outputs and attributes of a Scan: states that each step hands to the next, values that each step
 * reads one slice of, and values that each step makes one slice of (https://onnx.ai/onnx/operators/onnx__Scan.html).
 * Builds Scans with more of the last two.
 */
import { type Graph, intAttribute, intsAttribute, type Node } from "./graph.ts";
import { GraphBuilder } from "./graphBuilder.ts";

/** A value with one slice per step. */
export interface Scanned {
  /** Outside the body. */
  readonly name: string;
  /** Inside the body. */
  readonly inner: string;
  readonly axis: number;
  /** 1 where the first step has the last slice. */
  readonly direction: 0 | 1;
}

export interface ScanParts {
  readonly body: Graph;
  /** Names of the first and last values of a state; inside the body, of the value read and the value made. */
  readonly states: readonly {
    readonly initial: string;
    readonly last: string;
    readonly read: string;
    readonly made: string;
  }[];
  readonly inputs: readonly Scanned[];
  readonly outputs: readonly Scanned[];
}

/** The parts of a Scan of the standard set (version 9 on). */
export function scanParts(node: Node): ScanParts {
  const { body: attribute } = node.attributes;
  const count = intAttribute(node, "num_scan_inputs", 0);
  const states = node.inputs.length - count;
  if (attribute === undefined || !("graph" in attribute) || count < 1 || states < 0)
    throw new TypeError(
      `onnx: expected Scan (${node.name || node.outputs[0]}) to have a body and values to scan; the model file is malformed`,
    );
  const body = attribute.graph;
  const slices = (kind: "input" | "output", names: readonly string[], inner: readonly { readonly name: string }[]) => {
    const axes = intsAttribute(node, `scan_${kind}_axes`) ?? [];
    const directions = intsAttribute(node, `scan_${kind}_directions`) ?? [];
    return inner.map(({ name }, i): Scanned => {
      return { name: names[i] ?? "", inner: name, axis: axes[i] ?? 0, direction: directions[i] === 1 ? 1 : 0 };
    });
  };
  return {
    body,
    states: node.inputs.slice(0, states).map((initial, i) => ({
      initial,
      last: node.outputs[i] ?? "",
      read: body.inputs[i]!.name,
      made: body.outputs[i]!.name,
    })),
    inputs: slices("input", node.inputs.slice(states), body.inputs.slice(states)),
    outputs: slices("output", node.outputs.slice(states), body.outputs.slice(states)),
  };
}

/** Inputs, outputs and attributes of the Scan with the given parts. */
export function scanOf({ body, states, inputs, outputs }: ScanParts): Pick<Node, "inputs" | "outputs" | "attributes"> {
  const directions = (list: readonly Scanned[]) => ({ ints: list.map(({ direction }) => direction) });
  const axes = (list: readonly Scanned[]) => ({ ints: list.map(({ axis }) => axis) });
  return {
    inputs: [...states.map(({ initial }) => initial), ...inputs.map(({ name }) => name)],
    outputs: [...states.map(({ last }) => last), ...outputs.map(({ name }) => name)],
    attributes: {
      body: { graph: body },
      num_scan_inputs: { int: inputs.length },
      scan_input_directions: directions(inputs),
      scan_output_directions: directions(outputs),
      ...(inputs.some(({ axis }) => axis !== 0) ? { scan_input_axes: axes(inputs) } : {}),
      ...(outputs.some(({ axis }) => axis !== 0) ? { scan_output_axes: axes(outputs) } : {}),
    },
  };
}

/** The parts with values of the body as further outputs; slices are in the order of the steps. */
export function withOutputs(
  parts: ScanParts,
  added: readonly { readonly inner: string; readonly name: string }[],
): ScanParts {
  const g = new GraphBuilder(parts.body.name, parts.body);
  // A value may not be an output twice, nor may an output be an input.
  const outputs = added.map(({ inner, name }): Scanned => {
    return { name, inner: g.output(inner, `${name}/slice`), axis: 0, direction: 0 };
  });
  return { ...parts, body: { ...g.build(), name: parts.body.name }, outputs: [...parts.outputs, ...outputs] };
}

/**
 * The outer name of a value of the body that is an output with its slices in the order of the steps; otherwise
 * undefined.
 */
export function outputOf({ body, outputs }: ScanParts, inner: string): string | undefined {
  const copies = body.nodes.filter(
    ({ op, domain, inputs }) => op === "Identity" && domain === "" && inputs[0] === inner,
  );
  const names = new Set([inner, ...copies.map((copy) => copy.outputs[0]!)]);
  const found = outputs.find((one) => names.has(one.inner) && one.axis === 0 && one.direction === 0 && one.name !== "");
  return found?.name;
}
