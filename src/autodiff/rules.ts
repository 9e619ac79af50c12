/** @file The table of gradient rules, one per operator of the standard set, joined from the families under rules/. */
import type { GradientRule } from "./rule.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { matmulRules } from "./rules/matmul.ts";

export const rules: ReadonlyMap<string, GradientRule> = new Map(
  Object.entries({ ...elementwiseRules, ...matmulRules }),
);
