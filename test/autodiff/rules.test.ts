/** @file Every gradient rule against finite differences, over random shapes, attributes and data. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { constantOperators } from "../../src/autodiff/constantOperators.ts";
import { rules } from "../../src/autodiff/rules.ts";
import { Random } from "../../src/random/random.ts";
import { activationCases } from "./cases/activation.ts";
import { arithmeticCases } from "./cases/arithmetic.ts";
import { convolutionCases } from "./cases/convolution.ts";
import { einsumCases } from "./cases/einsum.ts";
import { elementwiseCases } from "./cases/elementwise.ts";
import { indexingCases } from "./cases/indexing.ts";
import { matmulCases } from "./cases/matmul.ts";
import { normalizationCases } from "./cases/normalization.ts";
import { orderedCases } from "./cases/ordered.ts";
import { padCases } from "./cases/pad.ts";
import { piecewiseCases } from "./cases/piecewise.ts";
import { poolingCases } from "./cases/pooling.ts";
import { reduceCases } from "./cases/reduce.ts";
import { resizeCases } from "./cases/resize.ts";
import { scanCases } from "./cases/scan.ts";
import { scatterCases } from "./cases/scatter.ts";
import { shapeCases } from "./cases/shape.ts";
import { sliceCases } from "./cases/slice.ts";
import { softmaxCases } from "./cases/softmax.ts";
import { trigonometryCases } from "./cases/trigonometry.ts";
import { checkGradient } from "./finiteDifference.ts";

const families = {
  ordered: orderedCases,
  scatter: scatterCases,
  scan: scanCases,
  einsum: einsumCases,
  trigonometry: trigonometryCases,
  piecewise: piecewiseCases,
  resize: resizeCases,
  pad: padCases,
  pooling: poolingCases,
  normalization: normalizationCases,
  activation: activationCases,
  arithmetic: arithmeticCases,
  convolution: convolutionCases,
  elementwise: elementwiseCases,
  indexing: indexingCases,
  matmul: matmulCases,
  reduce: reduceCases,
  shape: shapeCases,
  slice: sliceCases,
  softmax: softmaxCases,
};

/** Random graphs per case; each costs about five ONNX Runtime sessions. CRH_CASES sets it for a longer hunt. */
const RUNS = Number(process.env.CRH_CASES ?? 12);

for (const [family, cases] of Object.entries(families))
  describe(`gradients of the ${family} family agree with finite differences`, () => {
    it.each(cases.map((one) => [`${one.op} ${one.name}`, one] as const))("%s", async (_, { draw }) => {
      const agrees = async (seed: number) => checkGradient(draw(new Random(seed)), seed);
      await fc.assert(fc.asyncProperty(fc.nat(), agrees), { numRuns: RUNS, endOnFailure: true });
    });
  });

describe("the table of rules", () => {
  it("has a case for every operator, and no case without a rule", () => {
    const tested = new Set(
      Object.values(families)
        .flat()
        .map(({ op }) => op),
    );
    expect([...tested].sort()).toEqual([...rules.keys()].sort());
  });

  it("has no rule for an operator that is listed as constant", () => {
    expect([...rules.keys()].filter((op) => constantOperators.has(op))).toEqual([]);
  });
});
