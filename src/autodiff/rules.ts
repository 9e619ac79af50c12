/** @file The table of gradient rules, one per operator of the standard set, joined from the families under rules/. */
import type { GradientRule } from "./rule.ts";
import { activationRules } from "./rules/activation.ts";
import { arithmeticRules } from "./rules/arithmetic.ts";
import { convolutionRules } from "./rules/convolution/convolution.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { indexingRules } from "./rules/indexing.ts";
import { matmulRules } from "./rules/matmul.ts";
import { reduceRules } from "./rules/reduce.ts";
import { shapeRules } from "./rules/shape.ts";
import { sliceRules } from "./rules/slice.ts";
import { softmaxRules } from "./rules/softmax.ts";

export const rules: ReadonlyMap<string, GradientRule> = new Map(
  Object.entries({
    ...activationRules,
    ...arithmeticRules,
    ...convolutionRules,
    ...elementwiseRules,
    ...indexingRules,
    ...matmulRules,
    ...reduceRules,
    ...shapeRules,
    ...sliceRules,
    ...softmaxRules,
  }),
);
