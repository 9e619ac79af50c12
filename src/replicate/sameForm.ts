/**
 * @file Checks that graphs are equal except for constants and factors of products. They are then replicates of one
 * form, and differing constants are stacked.
 */
import type { Attribute, Graph, Node } from "../onnx/graph.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { NotReplicableError } from "./notReplicable.ts";

/**
 * @param graphs at least one, each with the same names for the same values
 * @throws NotReplicableError naming the first difference of another graph from the first; attributes that are floats
 *   may differ, and rules say whether they can
 */
export function checkSameForm(graphs: readonly Graph[]): void {
  const [first, ...others] = graphs as [Graph, ...Graph[]];
  for (const other of others) {
    checkNames("inputs", namesOf(first.inputs), namesOf(other.inputs));
    checkNames("outputs", namesOf(first.outputs), namesOf(other.outputs));
    checkNames("constants", [...first.initializers.keys()], [...other.initializers.keys()]);
    for (const [name, { dtype, shape }] of first.initializers) {
      const tensor = other.initializers.get(name)!;
      const [mine, theirs] = [`${dtype} (${shape.join(", ")})`, `${tensor.dtype} (${tensor.shape.join(", ")})`];
      if (mine !== theirs) throw new NotReplicableError(`expected ${name} as ${mine} in each graph, got ${theirs}`);
    }
    if (first.nodes.length !== other.nodes.length)
      throw new NotReplicableError(`expected ${first.nodes.length} nodes in each graph, got ${other.nodes.length}`);
    first.nodes.forEach((node, i) => {
      checkNode(node, other.nodes[i]!);
    });
  }
}

const namesOf = (values: readonly { readonly name: string }[]) => values.map(({ name }) => name);

function checkNames(what: string, mine: readonly string[], theirs: readonly string[]): void {
  if (mine.join("\n") !== theirs.join("\n"))
    throw new NotReplicableError(`expected graphs with the ${what} ${mine.join(", ")}, got ${theirs.join(", ")}`);
}

function checkNode(mine: Node, theirs: Node): void {
  if (mine.op !== theirs.op || mine.domain !== theirs.domain)
    throw new NotReplicableError(`expected this operator in each graph, got ${theirs.op}`, mine);
  checkNames(`inputs of ${mine.op}`, mine.inputs, theirs.inputs);
  checkNames(`outputs of ${mine.op}`, mine.outputs, theirs.outputs);
  checkNames(`attributes of ${mine.op}`, Object.keys(mine.attributes), Object.keys(theirs.attributes));
  for (const [key, attribute] of Object.entries(mine.attributes))
    if (!isSame(attribute, theirs.attributes[key]!))
      throw new NotReplicableError(`expected the same attribute ${key} in each graph, got another`, mine);
}

function isSame(mine: Attribute, theirs: Attribute): boolean {
  if ("graph" in mine && "graph" in theirs) {
    checkSameForm([mine.graph, theirs.graph]);
    return true;
  }
  if ("float" in mine && "float" in theirs) return true;
  if ("tensor" in mine && "tensor" in theirs) return isSameTensor(mine.tensor, theirs.tensor);
  return JSON.stringify(mine) === JSON.stringify(theirs);
}

/** Same type, shape and entries. */
export function isSameTensor(mine: Tensor, theirs: Tensor): boolean {
  return (
    mine.dtype === theirs.dtype &&
    mine.shape.join() === theirs.shape.join() &&
    mine.data.length === theirs.data.length &&
    (mine.data as ArrayLike<unknown> as unknown[]).every((value, i) => Object.is(value, theirs.data[i]))
  );
}
