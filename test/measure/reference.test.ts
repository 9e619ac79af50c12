import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { toFloat64 } from "../../src/data/array.ts";
import { decodeNpz } from "../../src/data/npz.ts";
import { type Matrix, matrix, trace } from "../../src/linalg/matrix.ts";
import { alignment } from "../../src/measure/alignment.ts";
import { sharedPath } from "../shared.ts";

/** Both sides work in float64 on the same matrices: only the order of the sums differs. */
const referenceTolerance = 1e-10;

interface Expected {
  layers: ({ module: string } & Record<
    "paper" | "raw",
    Record<"a" | "b", { rga: number; trace_H: number; trace_G: number }>
  >)[];
}

describe("alignments from the matrices that NumPy computed", () => {
  for (const name of ["mlp-relu-mse", "mlp-tanh-mse"]) {
    const folder = sharedPath(join("reference", name));
    it.skipIf(!folder)(`of ${name} agree in both conventions on both sides`, () => {
      const arrays = decodeNpz(readFileSync(join(folder!, "moments.npz")));
      const read = (key: string): Matrix => {
        const array = arrays.get(key)!;
        return matrix(array.shape[0]!, array.shape[1]!, toFloat64(array));
      };
      const expected = JSON.parse(readFileSync(join(folder!, "expected.json"), "utf8")) as Expected;
      for (const layer of expected.layers)
        for (const convention of ["paper", "raw"] as const)
          for (const side of ["a", "b"] as const) {
            const [H, G] = ["H", "G"].map((which) => read(`${layer.module}.${convention}.${which}_${side}`)) as [
              Matrix,
              Matrix,
            ];
            const { rga, trace_H, trace_G } = layer[convention][side];
            expect(Math.abs(alignment(H, G).value! - rga)).toBeLessThan(referenceTolerance);
            expect(Math.abs(trace(H) / trace_H - 1)).toBeLessThan(referenceTolerance);
            expect(Math.abs(trace(G) / trace_G - 1)).toBeLessThan(referenceTolerance);
          }
    });
  }
});
