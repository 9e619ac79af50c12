/**
 * @file Gradient of Scan: backpropagation through time, again as a Scan, from the last step to the first
 * (docs/theory.md Eq. 22 for each step). A step recomputes the values of the body from the states before it, and hands
 * the gradients of these states to the previous step. The states of all steps are outputs of the Scan where they were
 * added (`withOutputs`); otherwise they are recomputed.
 *
 * The gradient of a value that the body takes from outside is the sum over steps, carried as a state. The graph is as
 * long for 500 steps as for 5. Between forward and backward pass only the states are kept.
 */
import { capturedBy } from "../../onnx/branches.ts";
import type { Graph } from "../../onnx/graph.ts";
import { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { outputOf, type Scanned, type ScanParts, scanOf, scanParts, withOutputs } from "../../onnx/scan.ts";
import type { GradientRule, RuleContext } from "../rule.ts";

const scan: GradientRule = (c) => {
  const plan = planOf(c);
  const { carried, summed, wanted, captured, prefix, parts } = plan;
  const names = [...carried, ...summed, ...wanted].map((_, i) => `${prefix}/${i}`);
  const reversed = reversedScan(c, plan, names);
  c.builder.ops("Scan", reversed.inputs, reversed.attributes, { outputs: reversed.outputs });

  const nameAt = (start: number, index: number) => (index < 0 ? undefined : names[start + index]);
  return [
    ...parts.states.map((one) => nameAt(0, carried.indexOf(one))),
    ...parts.inputs.map((one) => nameAt(carried.length + summed.length, wanted.indexOf(one))),
    ...captured.map((name) => nameAt(carried.length, summed.indexOf(name))),
  ];
};

/** What the gradient of a Scan is made of. */
interface Plan {
  readonly parts: ScanParts;
  readonly prefix: string;
  /** Values of the states before each step, stacked. */
  readonly before: readonly string[];
  /** States that have a gradient, carried backwards from step to step. */
  readonly carried: ScanParts["states"];
  /** Outer values that the body reads. */
  readonly captured: readonly string[];
  /** Those of them whose gradients are needed, summed over the steps. */
  readonly summed: readonly string[];
  /** Inputs whose gradients are needed, one entry per step. */
  readonly wanted: ScanParts["inputs"];
  /** Outputs through which the gradient comes in. */
  readonly flowing: ScanParts["outputs"];
}

function planOf(c: RuleContext): Plan {
  const parts = scanParts(c.node);
  const isFloat = (name: string) => c.value(name).dtype === "float32" || c.value(name).dtype === "float64";
  const captured = capturedBy(c.node);
  return {
    parts,
    prefix: `${c.builder.name}/${c.node.outputs.find((name) => name !== "")}/gradient`,
    before: statesBefore(c, parts),
    carried: parts.states.filter(({ read }) => isFloat(read)),
    captured,
    summed: captured.filter((name) => c.isNeeded(name)),
    wanted: parts.inputs.filter(({ name }) => c.isNeeded(name)),
    flowing: parts.outputs.filter((_, k) => c.flows(parts.states.length + k)),
  };
}

/** One step backwards: the original body, computed again, with its gradients. `factors` are the gradients coming in. */
function gradientBody(c: RuleContext, { parts, prefix, carried, summed, wanted, flowing }: Plan) {
  const body = new GraphBuilder(prefix);
  const inside = (name: string) => `${prefix}/${name}`;
  const gradients = carried.map(({ made }) => body.input(inside(`of ${made}`), ...typed(c, made)));
  const sums = summed.map((name) => body.input(inside(`sum ${name}`), ...typed(c, name)));
  for (const { read } of parts.states) body.input(read, ...typed(c, read));
  for (const { inner } of parts.inputs) body.input(inner, ...typed(c, inner));
  const factors = flowing.map(({ inner }, k) => body.input(inside(`at ${k} ${inner}`), ...typed(c, inner)));
  for (const [name, tensor] of parts.body.initializers) body.initializer(name, tensor);
  for (const node of parts.body.nodes) body.add(node);

  const found = c.differentiate(body, parts.body, {
    seeds: [
      ...carried.map(({ made }, i) => [made, gradients[i]!] as const),
      ...flowing.map(({ inner }, k) => [inner, factors[k]!] as const),
    ],
    wrt: [...carried.map(({ read }) => read), ...wanted.map(({ inner }) => inner), ...summed],
    values: c.allValues,
  });
  const zero = (name: string) => zeros(body, c, name);
  const results = [
    ...carried.map(({ read }) => found.get(read) ?? zero(read)),
    ...summed.map((name, i) =>
      found.get(name) === undefined ? sums[i]! : body.op("Add", [sums[i]!, found.get(name)!]),
    ),
    ...wanted.map(({ inner }) => found.get(inner) ?? zero(inner)),
  ];
  for (const [i, result] of results.entries()) body.output(result, inside(`result ${i}`));
  return { body, factors };
}

/** The Scan of `gradientBody` in the opposite direction; `names` are those of its outputs. */
function reversedScan(c: RuleContext, plan: Plan, names: readonly string[]) {
  const { parts, before, carried, summed, wanted, flowing } = plan;
  const { body, factors } = gradientBody(c, plan);
  const backwards = ({ direction }: Scanned) => (direction === 0 ? 1 : 0);
  const initial = carried.map(({ last, read }) =>
    last !== "" && c.flows(c.node.outputs.indexOf(last))
      ? c.dy(c.node.outputs.indexOf(last))
      : zeros(c.builder, c, read),
  );
  const built = withoutUnused(body.build());
  const state = (i: number, first: string) => {
    return { initial: first, last: names[i]!, read: built.inputs[i]!.name, made: built.outputs[i]!.name };
  };
  return scanOf({
    body: built,
    states: [
      ...initial.map((first, i) => state(i, first)),
      ...summed.map((name, i) => state(carried.length + i, zeros(c.builder, c, name))),
    ],
    inputs: [
      ...parts.states.map(({ read }, i) => ({ name: before[i]!, inner: read, axis: 0, direction: 1 as const })),
      ...parts.inputs.map((one) => ({ ...one, direction: backwards(one) }) as Scanned),
      ...flowing.map((one, k) => {
        const name = c.dy(c.node.outputs.indexOf(one.name));
        return { name, inner: factors[k]!, axis: one.axis, direction: backwards(one) } as Scanned;
      }),
    ],
    outputs: wanted.map((one, i) => {
      const at = carried.length + summed.length + i;
      return { name: names[at]!, inner: built.outputs[at]!.name, axis: one.axis, direction: backwards(one) } as Scanned;
    }),
  });
}

function typed(c: RuleContext, name: string) {
  const { dtype, shape } = c.value(name);
  return [dtype, shape] as const;
}

function zeros(g: GraphBuilder, c: RuleContext, name: string): string {
  const { dtype, shape } = c.value(name);
  return g.op("Expand", [g.scalar(0, dtype), g.ints(shape)]);
}

/** The states before each step, stacked. */
function statesBefore(c: RuleContext, parts: ScanParts): readonly string[] {
  const known = parts.states.map(({ read }) => outputOf(parts, read));
  if (known.every((name) => name !== undefined)) return known;
  const again = `${c.builder.name}/${c.node.outputs.find((name) => name !== "")}/again`;
  const bare = {
    ...parts,
    states: parts.states.map((one, i) => ({ ...one, last: `${again}/last ${i}` })),
    outputs: [],
    body: { ...parts.body, outputs: parts.body.outputs.slice(0, parts.states.length) },
  };
  const traced = withOutputs(
    bare,
    parts.states.map(({ read }, i) => ({ inner: read, name: `${again}/${i}` })),
  );
  const { inputs, outputs, attributes } = scanOf(traced);
  c.builder.ops("Scan", inputs, attributes, { outputs });
  return traced.outputs.map(({ name }) => name);
}

/** The graph without nodes whose results are unused. */
function withoutUnused(graph: Graph): Graph {
  const read = new Set(graph.outputs.map(({ name }) => name));
  const nodes = [...graph.nodes].reverse().filter((node) => {
    if (!node.outputs.some((output) => read.has(output))) return false;
    for (const name of [...node.inputs, ...capturedBy(node)]) read.add(name);
    return true;
  });
  const initializers = new Map([...graph.initializers].filter(([name]) => read.has(name)));
  return { ...graph, nodes: nodes.reverse(), initializers };
}

export const scanRules: Readonly<Record<string, GradientRule>> = { Scan: scan };
