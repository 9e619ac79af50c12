/** @file The rule of replication of each operator. */
import type { ReplicateRule } from "./rule.ts";
import { controlRules } from "./rules/control.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { matmulRules } from "./rules/matmul.ts";
import { reduceRules } from "./rules/reduce.ts";
import { shapeRules } from "./rules/shape.ts";

export const replicateRules: Readonly<Record<string, ReplicateRule>> = {
  ...elementwiseRules,
  ...matmulRules,
  ...reduceRules,
  ...shapeRules,
  ...controlRules,
};
