/** @file Branches: one condition for all graphs. */
import type { ReplicateRule } from "../rule.ts";

/** The branches read stacked values; the condition, which is an input, must be shared. */
const choice: ReplicateRule = (c) => {
  if (c.isStacked(0)) throw c.fail("expected one condition for all graphs, got one for each");
  const branch = (name: string) => ({ graph: c.scope.replicateBody(c.bodies(name)) });
  c.make(c.node.inputs, { then_branch: branch("then_branch"), else_branch: branch("else_branch") });
};

export const controlRules: Readonly<Record<string, ReplicateRule>> = { If: choice };
