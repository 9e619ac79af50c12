/**
 * @file Networks that take one of two branches by their data. The branch taken is measured; it must be the same for all
 * batches.
 */
import type { TakenBranch } from "../../engine/specialize.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import type { Tensor } from "../../onnx/tensor.ts";
import type { Skipped } from "../maps/linearMap.ts";

/** Names of graph outputs that hold the conditions, by branch. */
export type Conditions = ReadonlyMap<TakenBranch, string>;

export function addConditions(builder: GraphBuilder, taken: readonly TakenBranch[]): Conditions {
  return new Map(taken.map((branch) => [branch, builder.output(builder.op("Identity", [branch.condition]))]));
}

/** The message for a skipped branch of an If. */
export function otherBranches(taken: readonly TakenBranch[]): Skipped[] {
  return taken.map(({ node, isThen }) => {
    const [own, other] = isThen ? ["then", "else"] : ["else", "then"];
    return { node, reason: `the ${other} branch, since these data take the ${own} branch` };
  });
}

/**
 * @param outputs of one batch
 * @param known the branches taken by earlier batches; this batch's are added
 * @throws RangeError in one line where a batch takes another branch
 */
export function checkBranches(
  outputs: Readonly<Record<string, Tensor>>,
  conditions: Conditions,
  known: Map<string, boolean>,
): void {
  for (const [{ node, isThen }, name] of conditions) {
    const found = Number(outputs[name]!.data[0]) !== 0;
    if (found !== isThen || (known.get(node) ?? found) !== found)
      throw new RangeError(
        `probe: expected all batches to take the same branch of If (${node}), got the then branch in some and the else branch in others; measure their samples apart`,
      );
    known.set(node, found);
  }
}
