/** @file The table of gradient rules, one per operator of the standard set, joined from the families under rules/. */
import type { GradientRule } from "./rule.ts";
import { activationRules } from "./rules/activation.ts";
import { arithmeticRules } from "./rules/arithmetic.ts";
import { convolutionRules } from "./rules/convolution/convolution.ts";
import { einsumRules } from "./rules/einsum.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { indexingRules } from "./rules/indexing.ts";
import { matmulRules } from "./rules/matmul.ts";
import { normalizationRules } from "./rules/normalization.ts";
import { orderedRules } from "./rules/ordered.ts";
import { padRules } from "./rules/pad.ts";
import { piecewiseRules } from "./rules/piecewise.ts";
import { poolingRules } from "./rules/pooling.ts";
import { reduceRules } from "./rules/reduce.ts";
import { resizeRules } from "./rules/resize.ts";
import { scanRules } from "./rules/scan.ts";
import { scatterRules } from "./rules/scatter.ts";
import { shapeRules } from "./rules/shape.ts";
import { sliceRules } from "./rules/slice.ts";
import { softmaxRules } from "./rules/softmax.ts";
import { trigonometryRules } from "./rules/trigonometry.ts";

export const rules: ReadonlyMap<string, GradientRule> = new Map(
  Object.entries({
    ...orderedRules,
    ...scatterRules,
    ...scanRules,
    ...einsumRules,
    ...trigonometryRules,
    ...piecewiseRules,
    ...resizeRules,
    ...padRules,
    ...poolingRules,
    ...normalizationRules,
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
