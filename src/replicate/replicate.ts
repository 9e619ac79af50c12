/**
 * @file Combines R graphs of the same form into one (jax.vmap): every value that differs between them gets a leading
 * axis R, by one rule for each operator; shared values are unchanged. An operator then runs once for all R, so that its
 * overhead is paid once.
 */
import { readsOf } from "../onnx/branches.ts";
import type { BoundValue, Graph, Node } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { arrayType, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { NotReplicableError } from "./notReplicable.ts";
import { ReplicateContext, type Scope, stackedCopies } from "./rule.ts";
import { replicateRules } from "./rules.ts";
import { checkSameForm, isSameTensor } from "./sameForm.ts";

export interface ReplicateOptions {
  /** Names of the inputs that are stacked; all others are shared. */
  readonly stacked: ReadonlySet<string>;
  /** Type and shape of every value of a single graph, and of its bodies (bindShapes, bindBodies). */
  readonly values: ReadonlyMap<string, BoundValue>;
}

/**
 * One graph that computes R graphs: the same names, each stacked input and every output (R, ...) of its shape.
 *
 * @param graphs at least one, equal except for constants and factors of products (checkSameForm)
 * @throws NotReplicableError if their forms differ, or an operator on stacked values has no rule
 */
export function replicate(graphs: readonly Graph[], { stacked, values }: ReplicateOptions): Graph {
  checkSameForm(graphs);
  return replicated(graphs, { values, outside: stacked, constantsOutside: new Map(), count: graphs.length });
}

interface Surroundings {
  readonly values: ReadonlyMap<string, BoundValue>;
  /** Stacked inputs, or of a body the stacked values around it. */
  readonly outside: ReadonlySet<string>;
  readonly constantsOutside: ReadonlyMap<string, Tensor>;
  readonly count: number;
}

function replicated(graphs: readonly Graph[], { values, outside, constantsOutside, count }: Surroundings): Graph {
  const first = graphs[0]!;
  // A name of its own, so that names of added nodes are not those that the graph has.
  const builder = new GraphBuilder(`${first.name}/replicates`);
  const stacked = new Set(outside);
  const constants = new Map([...constantsOutside, ...first.initializers]);
  for (const { name, dtype, shape } of first.inputs)
    builder.input(name, dtype!, stacked.has(name) ? [count, ...shape!] : shape);
  for (const [name, tensor] of first.initializers) {
    const tensors = graphs.map(({ initializers }) => initializers.get(name)!);
    const isShared = tensors.every((other) => isSameTensor(tensor, other));
    builder.initializer(name, isShared ? tensor : stack(tensors));
    if (!isShared) stacked.add(name);
  }
  const scope: Scope = {
    ...{ builder, count, stacked, values, constants, raised: new Map() },
    replicateBody: (bodies) => replicated(bodies, { values, outside: stacked, constantsOutside: constants, count }),
  };
  for (const i of first.nodes.keys()) {
    const nodes = graphs.map((graph) => graph.nodes[i]!);
    addNode(nodes, scope);
  }
  for (const { name } of first.outputs)
    if (stacked.has(name)) builder.output(name);
    else builder.output(stackedCopies(scope, name, values.get(name)!.shape), `${name}/each`);
  return { ...builder.build(), name: first.name };
}

function addNode(nodes: readonly Node[], scope: Scope): void {
  const node = nodes[0]!;
  if (!readsOf(node).some((name) => scope.stacked.has(name)) && !differs(nodes)) {
    scope.builder.add(node);
    return;
  }
  const rule = node.domain === "" && Object.hasOwn(replicateRules, node.op) ? replicateRules[node.op] : undefined;
  if (rule === undefined) throw new NotReplicableError("expected an operator that has a rule, got one without", node);
  rule(new ReplicateContext(nodes, scope));
  for (const output of node.outputs) scope.stacked.add(output);
}

/** Whether factors or constants of bodies make the results of nodes with the same inputs differ. */
function differs(nodes: readonly Node[]): boolean {
  const text = ({ attributes }: Node) =>
    JSON.stringify(Object.entries(attributes).filter(([, attribute]) => "float" in attribute));
  const first = text(nodes[0]!);
  return nodes.some((node) => text(node) !== first) || hasBodies(nodes[0]!);
}

const hasBodies = ({ attributes }: Node) => Object.values(attributes).some((attribute) => "graph" in attribute);

/** Tensors of one type and shape as one with a leading axis. */
export function stack(tensors: readonly Tensor[]): Tensor {
  const { dtype, shape } = tensors[0]!;
  const each = sizeOf(shape);
  if (dtype === "string") throw new NotReplicableError("expected numbers, got strings");
  const data = new (arrayType(dtype))(tensors.length * each) as Float32Array;
  tensors.forEach((tensor, r) => {
    data.set(tensor.data as Float32Array, r * each);
  });
  return { dtype, shape: [tensors.length, ...shape], data };
}
