/**
 * @file Names of layers as in their framework. PyTorch's exporters store them in three places: the weight's or the
 * bias's name (`layers.0.weight`), the node's name (`/blocks/blocks.1/c2/Conv` for the module `blocks.1.c2`), and the
 * node's scope in the metadata. Weights that the exporter laid out anew (`onnx::MatMul_12`, `val_7`) have lost theirs.
 * TensorFlow's nodes have paths of scopes (`functional_1/up_1/Tensordot/MatMul` for the Keras layer `up`, named `up_1`
 * in its second call).
 */
import type { Graph, Node } from "../../onnx/graph.ts";

/** Operators that only change a weight's layout or storage. */
const LAYOUT: ReadonlySet<string> = new Set([
  ...["Transpose", "Reshape", "Cast", "DequantizeLinear", "Identity", "Squeeze", "Unsqueeze", "Flatten"],
]);

/**
 * Prefixes and suffixes that ONNX Runtime's optimizer and quantizers add to the names of weights and nodes they
 * rewrite. Matching takes time linear in the length of a name: a word is matched from its start alone.
 */
const ADDED =
  /^(ConvBnFusion_(W|BN_B)_|ConvMulFusion_(W|B)_|ConvAddFusion_B_)|(_Transposed|_quantized|_quant)+$|(?:\/|(?<!\w))\w*Fusion\/.*$/g;

/** A parameter's or a node's name without these additions. */
export function givenName(name: string): string {
  return name.replace(ADDED, "");
}

/** A parameter's name without information: numbered by an exporter, or the path of a node. */
const MEANINGLESS =
  /::|\/|^_*((val|v|t|tensor|initializer|param|parameter|reorder_token)_*)?\d+$|^_*const\w*\d$|^reorder$/i;

/**
 * @param graph the model as read, before constants are folded
 * @returns a function from a node, its weight and its bias to the module's name. In this order: the weight's name, then
 *   the bias's, where they belong to this node alone or to the node's module; the node's module; any name there is
 */
export function moduleNames(graph: Graph): (node: Node, weight: string, bias?: string) => string {
  const uses = new Map<string, number>();
  for (const { inputs } of graph.nodes) for (const name of inputs) uses.set(name, (uses.get(name) ?? 0) + 1);
  const layout = new Map(
    graph.nodes.filter(({ op }) => LAYOUT.has(op)).map(({ inputs, outputs }) => [outputs[0]!, inputs[0]!]),
  );
  const stored = (name: string): string => (layout.has(name) ? stored(layout.get(name)!) : name);
  const root = commonRoot(graph);
  const scopeOf = (node: Node): string | undefined => moduleScope(node) ?? pathScope(node.name, root);
  const firstScopes = new Map<string, string>();
  for (const node of graph.nodes) {
    const scope = scopeOf(node);
    for (const name of node.inputs.map(stored))
      if (scope !== undefined && !firstScopes.has(name)) firstScopes.set(name, scope);
  }
  const named = (given: Node, weight: string, bias?: string): string => {
    const node = { ...given, name: givenName(given.name) };
    const [W, b] = [stored(weight), stored(bias ?? "")];
    const scope = withoutCallNumber(scopeOf(node), firstScopes.get(W));
    const fromWeight = moduleOf(W, scope);
    for (const [name, module] of [
      [W, fromWeight],
      [b, moduleOf(b, scope)],
    ] as const)
      if (module !== undefined && (uses.get(name) === 1 || isWithin(module, scope))) return module;
    const plain = graph.initializers.has(W) && !MEANINGLESS.test(givenName(W)) ? givenName(W) : undefined;
    return scope ?? fromWeight ?? plain ?? (node.name || W);
  };
  return (node, weight, bias) => {
    if (node.part === undefined) return named(node, weight, bias);
    const whole = { ...node, name: node.name.slice(0, -node.part.length - 1) };
    return `${named(whole, weight, bias)}.${node.part}`;
  };
}

/**
 * `layers.0.weight` -> `layers.0`, `attn.in_proj_bias` -> `attn.in_proj`; any other parameter of the module `scope`
 * keeps its name.
 */
function moduleOf(parameter: string, scope: string | undefined): string | undefined {
  const given = givenName(parameter);
  const module = /^(.+?)([._](weight|kernel|bias))+(:0)?$/.exec(given)?.[1];
  return module ?? (isWithin(given, scope) ? given : undefined);
}

function isWithin(name: string, scope: string | undefined): boolean {
  return scope !== undefined && (name === scope || name.startsWith(`${scope}.`));
}

/** The scope of a further call of one module: `shared_1`, where the same weight was first used in `shared`. */
function withoutCallNumber(scope: string | undefined, first: string | undefined): string | undefined {
  const called = scope !== undefined && first !== undefined && scope.startsWith(`${first}_`);
  return called && /^\d+$/.test(scope.slice(first.length + 1)) ? first : scope;
}

/** The module that a node comes from, by its metadata or its name. */
export function moduleScope(node: Node): string | undefined {
  return node.scope ?? scopeName(givenName(node.name));
}

/** `/blocks/blocks.1/c2/Conv` -> `blocks.1.c2`: a part that extends the one before it replaces both. */
export function scopeName(nodeName: string): string | undefined {
  const parts = /^\/(.+)\/[^/]+$/.exec(nodeName)?.[1]?.split("/");
  if (parts === undefined) return undefined;
  const kept = parts.filter((part, i) => !parts[i + 1]?.startsWith(`${part}.`));
  return kept.join(".");
}

/** Parts of TensorFlow's paths that name what a layer does, not the layer. */
const ACTIONS: ReadonlySet<string> = new Set(["Tensordot", "einsum", "convolution"]);

/**
 * `functional_1/attn_1/query_1/einsum/MatMul` -> `attn_1.query_1`, where all paths of the graph begin with
 * `functional_1`.
 */
function pathScope(nodeName: string, root: string | undefined): string | undefined {
  const parts = nodeName.split("/").slice(0, -1);
  if (parts[0] === "") return undefined;
  if (parts[0] === root) parts.shift();
  while (ACTIONS.has(parts.at(-1) ?? "")) parts.pop();
  return parts.length > 0 ? parts.join(".") : undefined;
}

/** The common first part of all nodes' paths: the model itself. */
function commonRoot({ nodes }: Graph): string | undefined {
  const roots = new Set(nodes.flatMap(({ name }) => (name.includes("/") ? [name.split("/")[0]!] : [])));
  return roots.size === 1 ? [...roots][0] : undefined;
}

/** Repeated names get "#2", "#3": a module called twice, or tied weights without names of their own. */
export function uniqueNames<T extends { readonly name: string }>(items: readonly T[]): T[] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    const count = (seen.get(item.name) ?? 0) + 1;
    seen.set(item.name, count);
    return count === 1 ? item : { ...item, name: `${item.name}#${count}` };
  });
}
