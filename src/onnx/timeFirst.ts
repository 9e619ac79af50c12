/**
 * @file Recurrent layers whose tensors have the batch first (`layout` = 1 of RNN, GRU and LSTM), for which ONNX Runtime
 * has no kernel. They become the same layers with time first, between transposes.
 */
import { int, intAttribute, type Node } from "./graph.ts";
import type { GraphBuilder } from "./graphBuilder.ts";

const RECURRENT: ReadonlySet<string> = new Set(["RNN", "GRU", "LSTM"]);
/** X (N, T, I) to (T, N, I), and states (N, D, H) to (D, N, H). */
const SWAP = { perm: { ints: [1, 0, 2] } };
/** Y (T, D, N, H) to (N, T, D, H). */
const BATCH_FIRST = { perm: { ints: [2, 0, 1, 3] } };

/**
 * The node, or nodes with the same results.
 *
 * @param g takes the nodes before it, and the names of new values
 */
export function timeFirst(node: Node, g: GraphBuilder): readonly Node[] {
  if (node.domain !== "" || !RECURRENT.has(node.op) || intAttribute(node, "layout", 0) !== 1) return [node];
  const swapped = node.inputs.map((name, i) =>
    name !== "" && (i === 0 || i === 5 || i === 6) ? g.op("Transpose", [name], SWAP) : name,
  );
  const results = node.outputs.map((output) => output && `${g.name}/${output}/timeFirst`);
  const back = node.outputs.flatMap((output, i): Node[] => {
    if (output === "") return [];
    const attributes = i === 0 ? BATCH_FIRST : SWAP;
    return [{ op: "Transpose", domain: "", name: "", inputs: [results[i]!], outputs: [output], attributes }];
  });
  return [{ ...node, inputs: swapped, outputs: results, attributes: { ...node.attributes, layout: int(0) } }, ...back];
}
