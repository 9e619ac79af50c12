/**
 * @file Types and shapes of the values in the bodies of Scans and branches of Ifs, for data of one shape; those of
 * other control flow stay unknown.
 */
import { bodiesOf, freeNames } from "../onnx/branches.ts";
import type { BoundValue, Graph, Model, Node } from "../onnx/graph.ts";
import { scanParts } from "../onnx/scan.ts";
import { arrayType, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { bindShapes } from "./bindShapes.ts";
import type { Engine } from "./engine.ts";

/**
 * @param values type and shape of every value of the graph (bindShapes)
 * @returns the same with the values of the bodies; a name used by two bodies for different shapes is left out
 * @throws Error when the engine refuses a body
 */
export async function bindBodies(
  engine: Engine,
  model: Model,
  values: ReadonlyMap<string, BoundValue>,
): Promise<Map<string, BoundValue>> {
  const all = new Map(values);
  const unlike = new Set<string>();
  for (const node of model.graph.nodes) {
    if ((node.op !== "Scan" && node.op !== "If") || node.domain !== "") continue;
    for (const body of bodiesOf(node))
      for (const [name, value] of await bodyValues(engine, model, body, { node, values })) {
        const known = all.get(name);
        if (known !== undefined && (known.dtype !== value.dtype || String(known.shape) !== String(value.shape)))
          unlike.add(name);
        else all.set(name, value);
      }
  }
  for (const name of unlike) if (!values.has(name)) all.delete(name);
  return all;
}

async function bodyValues(
  engine: Engine,
  model: Model,
  body: Graph,
  { node, values }: { readonly node: Node; readonly values: ReadonlyMap<string, BoundValue> },
): Promise<Map<string, BoundValue>> {
  const feeds = node.op === "Scan" ? stepFeeds(node, values) : {};
  const initializers = new Map(body.initializers);
  for (const name of freeNames(body)) {
    const constant = model.graph.initializers.get(name);
    if (constant === undefined) feeds[name] = blank(values.get(name)!);
    else initializers.set(name, constant);
  }
  const given = Object.entries(feeds).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const graph: Graph = { ...body, initializers, inputs: given };
  const own = await bindShapes(engine, { ...model, graph }, feeds);
  for (const name of freeNames(body)) own.delete(name);
  return bindBodies(engine, { ...model, graph }, own);
}

/** The input of one step of a Scan. */
function stepFeeds(node: Node, values: ReadonlyMap<string, BoundValue>): Record<string, Tensor> {
  const { states, inputs } = scanParts(node);
  const feeds: Record<string, Tensor> = {};
  for (const { initial, read } of states) feeds[read] = blank(values.get(initial)!);
  for (const { name, inner, axis } of inputs) {
    const { dtype, shape } = values.get(name)!;
    const at = axis < 0 ? axis + shape.length : axis;
    feeds[inner] = blank({ dtype, shape: shape.filter((_, i) => i !== at) });
  }
  return feeds;
}

function blank({ dtype, shape }: BoundValue): Tensor {
  if (dtype === "string") return { dtype, shape, data: new Array<string>(sizeOf(shape)).fill("") };
  return { dtype, shape, data: new (arrayType(dtype))(sizeOf(shape)) } as Tensor;
}
