/** @file The error of differentiation. */
import type { Node } from "../onnx/graph.ts";

/** An operator on the path to the loss that cannot be differentiated; `node` says where. */
export class NotDifferentiableError extends Error {
  override readonly name = "NotDifferentiableError";
  readonly node: Node;

  constructor(node: Node, reason: string) {
    super(`autodiff: ${node.op} (${node.name || node.outputs[0]}): ${reason}`);
    this.node = node;
  }
}
