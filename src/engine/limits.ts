/**
 * @file Refuses graphs that need absurd amounts of memory or time before anything is run, since a model file can
 * request them in a few bytes. It checks only what is known without running; sizes and loop ends that depend on the
 * values of data are not checked.
 */
import type { BoundValue, Graph, Node } from "../onnx/graph.ts";
import { sizeOf, type Tensor } from "../onnx/tensor.ts";

/** chosen: no value with fewer entries is refused (64 MB of float32). */
const ALWAYS_ALLOWED = 2 ** 24;
/** chosen: attention over 4096 tokens makes so many entries of each token; images become some ten times larger. */
const LARGEST_GROWTH = 4096;
/** chosen: rounds of a loop that does nothing but count. */
const MOST_ROUNDS = 2 ** 20;

/**
 * @param values types and shapes as far as they are known
 * @param feeds the data; values that are large relative to data and weights together are refused
 * @throws RangeError in one line
 */
export function checkSizes(
  { initializers }: Graph,
  values: ReadonlyMap<string, BoundValue>,
  feeds: Readonly<Record<string, Tensor>>,
): void {
  let given = 0;
  for (const { shape } of [...Object.values(feeds), ...initializers.values()]) given += sizeOf(shape);
  const most = Math.max(ALWAYS_ALLOWED, LARGEST_GROWTH * given);
  for (const [name, { shape }] of values)
    if (sizeOf(shape) > most)
      throw new RangeError(
        `engine: expected values of at most ${most} entries for data and weights of ${given}, got ${shape.slice(0, 8).join(" x ")} in ${name.slice(0, 80)}; use a smaller batch, or check the model`,
      );
}

/** @throws RangeError in one line if a loop that only counts has an implausible number of rounds */
export function checkLoops(graph: Graph): void {
  for (const node of graph.nodes) {
    for (const value of Object.values(node.attributes)) if ("graph" in value) checkLoops(value.graph);
    if (node.op !== "Loop" || node.domain !== "") continue;
    const rounds = graph.initializers.get(node.inputs[0] ?? "");
    const count = rounds === undefined ? Number.NaN : Number((rounds.data as ArrayLike<number | bigint>)[0]);
    if (!(count > MOST_ROUNDS) || !onlyCounts(node)) continue;
    throw new RangeError(
      `engine: expected a loop of at most ${MOST_ROUNDS} rounds, got ${count} in ${(node.name || node.outputs[0])?.slice(0, 80)}; check the model`,
    );
  }
}

/** Whether a loop's body hands on its condition as it came, or a constant. */
function onlyCounts({ attributes }: Node): boolean {
  const value = attributes.body;
  if (value === undefined || !("graph" in value)) return false;
  const { nodes, inputs, outputs, initializers } = value.graph;
  const made = new Map(nodes.map((node) => [node.outputs[0]!, node]));
  let name = outputs[0]?.name ?? "";
  for (let node = made.get(name); node?.op === "Identity"; node = made.get(name)) name = node.inputs[0]!;
  return name === inputs[1]?.name || initializers.has(name) || made.get(name)?.op === "Constant";
}
