/** @file The error of graphs that cannot become one. */
import type { Node } from "../onnx/graph.ts";

/** The graphs cannot be combined into one with a leading axis; the caller runs them one by one. */
export class NotReplicableError extends Error {
  override readonly name = "NotReplicableError";

  constructor(reason: string, node?: Node) {
    super(`replicate: ${node === undefined ? "" : `${node.op} (${node.name || node.outputs[0]}): `}${reason}`);
  }
}
