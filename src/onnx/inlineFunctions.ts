/**
 * @file Replaces calls of model-local functions (FunctionProto, which exporters use for modules and composite
 * operators) by the nodes of the function. It works on the protobuf form, where references to the caller's attributes
 * are still distinct from attributes. Names inside a function get the name of the call as a prefix, so that scopes stay
 * visible.
 */
import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./proto/onnx_pb.ts";

/** chosen: in real models functions nest a few levels deep; a cycle would not end. */
const MAX_DEPTH = 64;
/**
 * chosen: the largest exported networks have some 10,000 nodes. ONNX Runtime's time for a chain of them is quadratic:
 * 5,000 take half a minute, 50,000 an hour.
 */
export const MAX_NODES = 40_000;
/**
 * chosen: total letters of all new names, and arguments of all calls; names of nested calls repeat the names around
 * them.
 */
const MAX_LETTERS = 2 ** 27;
const ARGUMENT_LETTERS = 64;

/**
 * The graph of a model with every call of a local function replaced.
 *
 * @throws Error in one line when functions call each other in a cycle, grow without bound or get too many inputs
 */
export function inlineFunctions(proto: ModelProto, graph: GraphProto): GraphProto {
  const { functions } = proto;
  if (functions.length === 0) return graph;
  for (const one of functions) checkVersion(one, proto);
  const table = new Map(functions.map((one) => [keyOf(one.domain, one.name, one.overload), one]));
  return new Inliner(table, new Scopes(namesOf(graph))).graph(graph, 0);
}

/** The fields of a message, to copy it: create() would return the message itself. */
function fields<T extends { $typeName: string }>({ $typeName, ...rest }: T): Omit<T, "$typeName"> {
  return rest;
}

const standard = (domain: string) => (domain === "ai.onnx" ? "" : domain);
/** A node of a function is read like one of the model, so both must use the same version of the standard set. */
function checkVersion(called: FunctionProto, model: ModelProto): void {
  const version = (list: ModelProto["opsetImport"]) => list.find(({ domain }) => standard(domain) === "")?.version;
  const [own, whole] = [version(called.opsetImport), version(model.opsetImport)];
  if (own !== undefined && whole !== undefined && own !== whole)
    throw new Error(
      `onnx: expected local function ${called.name} in opset ${whole} as the model, got ${own}; export the model with its functions inlined`,
    );
}

const keyOf = (domain: string, name: string, overload: string) => JSON.stringify([standard(domain), name, overload]);

class Inliner {
  private readonly functions: ReadonlyMap<string, FunctionProto>;
  private readonly scopes: Scopes;
  private count = 0;
  private letters = 0;

  constructor(functions: ReadonlyMap<string, FunctionProto>, scopes: Scopes) {
    this.functions = functions;
    this.scopes = scopes;
  }

  graph(graph: GraphProto, depth: number): GraphProto {
    return create(GraphProtoSchema, { ...fields(graph), node: graph.node.flatMap((node) => this.node(node, depth)) });
  }

  private node(node: NodeProto, depth: number): NodeProto[] {
    if (++this.count > MAX_NODES)
      throw new Error(
        `onnx: expected at most ${MAX_NODES} nodes, got more by local functions; analyze a part of the model`,
      );
    const called = this.functions.get(keyOf(node.domain, node.opType, node.overload));
    if (called === undefined) return [this.withBodies(node, depth)];
    if (depth >= MAX_DEPTH)
      throw new Error(
        `onnx: expected functions nested at most ${MAX_DEPTH} deep, got more at ${called.name}; is there a cycle?`,
      );
    if (node.input.length > called.input.length || node.output.length > called.output.length)
      throw new Error(
        `onnx: expected a call of ${called.name} with at most ${called.input.length} inputs and ${called.output.length} outputs, got ${node.input.length} and ${node.output.length}`,
      );
    this.spend(ARGUMENT_LETTERS * (called.input.length + called.output.length));
    const prefix = this.scopes.fresh(node.name || node.output[0] || called.name);
    const body = new Call(node, called, prefix, (letters) => this.spend(letters)).nodes();
    return body.flatMap((inner) => this.node(inner, depth + 1));
  }

  private withBodies(node: NodeProto, depth: number): NodeProto {
    if (!node.attribute.some(({ g }) => g !== undefined)) return node;
    const attribute = node.attribute.map((one) =>
      one.g === undefined ? one : create(AttributeProtoSchema, { ...fields(one), g: this.graph(one.g, depth) }),
    );
    return create(NodeProtoSchema, { ...fields(node), attribute });
  }

  private spend(letters: number): void {
    this.letters += letters;
    if (this.letters > MAX_LETTERS)
      throw new Error(`onnx: expected names of at most ${MAX_LETTERS} letters in all, got more by local functions`);
  }
}

/** Scopes in use: "a/b/c" lies in "a" and "a/b". */
class Scopes {
  private readonly names: readonly string[];
  private readonly given = new Set<string>();
  /** The first number to try for the next call of a name. */
  private readonly next = new Map<string, number>();

  /** @param names those of the graph that contains the calls */
  constructor(names: readonly string[]) {
    this.names = names.toSorted(byCodeUnits);
  }

  /** The scope, numbered if a name already lies in it. */
  fresh(stem: string): string {
    let prefix = stem;
    let i = this.next.get(stem) ?? 0;
    if (i > 0) prefix = `${stem}#${i}`;
    while (this.taken(prefix)) prefix = `${stem}#${++i}`;
    this.next.set(stem, i + 1);
    this.given.add(prefix);
    return prefix;
  }

  private taken(prefix: string): boolean {
    if (this.given.has(prefix)) return true;
    const scope = `${prefix}/`;
    let [low, high] = [0, this.names.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.names[middle]! < scope) low = middle + 1;
      else high = middle;
    }
    return this.names[low]?.startsWith(scope) === true;
  }
}

const byCodeUnits = (x: string, y: string) => (x < y ? -1 : x > y ? 1 : 0);

/** One call: the function's nodes with the caller's names and attributes. */
class Call {
  private readonly called: FunctionProto;
  private readonly prefix: string;
  private readonly names = new Map<string, string>([["", ""]]);
  private readonly given: ReadonlyMap<string, AttributeProto>;
  private readonly nodeNames = new Map<string, number>();
  private readonly copies: NodeProto[] = [];
  /** Adds to the total of letters in new names. */
  private readonly spend: (letters: number) => void;

  constructor(node: NodeProto, called: FunctionProto, prefix: string, spend: (letters: number) => void) {
    this.called = called;
    this.prefix = prefix;
    this.spend = spend;
    called.input.forEach((name, i) => {
      this.names.set(name, node.input[i] ?? "");
    });
    called.output.forEach((name, i) => {
      const outside = node.output[i] ?? "";
      if (outside === "") return;
      const passed = this.names.get(name); // an output that is an input
      if (passed === undefined) this.names.set(name, outside);
      else this.copies.push(create(NodeProtoSchema, { opType: "Identity", input: [passed], output: [outside] }));
    });
    this.given = new Map([...called.attributeProto, ...node.attribute].map((one) => [one.name, one]));
  }

  nodes(): NodeProto[] {
    return [...this.called.node.map((node) => this.node(node)), ...this.copies];
  }

  private name(inside: string): string {
    const known = this.names.get(inside);
    if (known !== undefined) return known;
    const outside = `${this.prefix}/${inside}`;
    this.spend(outside.length);
    this.names.set(inside, outside);
    return outside;
  }

  /** ONNX Runtime requires unique node names. */
  private unique(name: string): string {
    this.spend(name.length);
    const count = this.nodeNames.get(name) ?? 0;
    this.nodeNames.set(name, count + 1);
    return count === 0 ? name : `${name}#${count}`;
  }

  private node(node: NodeProto): NodeProto {
    const attribute = node.attribute.flatMap((one) => this.attribute(one));
    return create(NodeProtoSchema, {
      ...fields(node),
      name: this.unique(`${this.prefix}/${node.name || node.opType}`),
      input: node.input.map((name) => this.name(name)),
      output: node.output.map((name) => this.name(name)),
      attribute,
    });
  }

  /** A reference takes the caller's value; without one, the node omits the attribute. */
  private attribute(one: AttributeProto): AttributeProto[] {
    if (one.refAttrName !== "") {
      const value = this.given.get(one.refAttrName);
      return value === undefined ? [] : [create(AttributeProtoSchema, { ...fields(value), name: one.name })];
    }
    return one.g === undefined ? [one] : [create(AttributeProtoSchema, { ...fields(one), g: this.graph(one.g) })];
  }

  private value(one: ValueInfoProto): ValueInfoProto {
    return create(ValueInfoProtoSchema, { ...fields(one), name: this.name(one.name) });
  }

  private graph(graph: GraphProto): GraphProto {
    return create(GraphProtoSchema, {
      ...fields(graph),
      initializer: graph.initializer.map((one) =>
        create(TensorProtoSchema, { ...fields(one), name: this.name(one.name) }),
      ),
      input: graph.input.map((one) => this.value(one)),
      node: graph.node.map((node) => this.node(node)),
      output: graph.output.map((one) => this.value(one)),
    });
  }
}

function namesOf(graph: GraphProto): string[] {
  const bodies = graph.node.flatMap(({ attribute }) => attribute.flatMap(({ g }) => (g === undefined ? [] : [g])));
  return [
    ...[...graph.initializer, ...graph.input].map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output),
    ...bodies.flatMap(namesOf),
  ];
}
