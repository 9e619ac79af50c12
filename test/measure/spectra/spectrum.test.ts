import { describe, expect, it } from "vitest";
import { eigvalsh } from "../../../src/linalg/eigvalsh.ts";
import { matrix } from "../../../src/linalg/matrix.ts";
import { effectiveRank, noiseFloor, sideSpectra, spectrum } from "../../../src/measure/spectra/spectrum.ts";
import { emptyLayer } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";
import { diagonal, wishart } from "../matrices.ts";
import { plantedLayer } from "../plantedLayers.ts";

const above = (values: Float64Array, n: number): number =>
  values.filter((value) => value > noiseFloor(values, n)).length;

describe("the effective rank", () => {
  it("counts equal values, ignores zeros, and lies above the participation ratio", () => {
    expect(effectiveRank([2, 2, 2, 0])).toBeCloseTo(3, 12);
    expect(effectiveRank([5])).toBe(1);
    expect(effectiveRank([1, 0.5, 0.1])).toBeGreaterThan(1.6 ** 2 / (1 + 0.25 + 0.01));
    expect(effectiveRank([0, -1])).toBeNaN();
  });
});

describe("the noise floor", () => {
  it("leaves nothing of isotropic rows, whatever the number of samples, and all of a steep spectrum", () => {
    const random = new Random(1);
    for (const [d, n] of [
      [40, 80],
      [100, 3000],
      [120, 60],
    ] as const) {
      const values = eigvalsh(wishart(random, n, d));
      expect(above(values, n)).toBeLessThanOrEqual(1); // the largest fluctuates about the edge
    }
    const steep = Float64Array.from({ length: 60 }, (_, i) => 10 ** (-i / 12));
    expect(above(steep, 3000)).toBeGreaterThan(52);
  });

  it("keeps five directions that stand out of isotropic noise", () => {
    const random = new Random(2);
    const [d, n] = [60, 600];
    const X = matrix(n, d);
    for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) X.data[i * d + j] = random.normal() * (j < 5 ? 10 - j : 1);
    const sum = matrix(d, d);
    for (let i = 0; i < n; i++)
      for (let p = 0; p < d; p++)
        for (let q = 0; q < d; q++) sum.data[p * d + q]! += X.data[i * d + p]! * X.data[i * d + q]!;
    expect(above(eigvalsh(sum), n)).toBe(5);
  });

  it("is the rounding of float32 for weights", () => {
    expect(noiseFloor([4, 1, 1e-9], Number.POSITIVE_INFINITY)).toBe(4e-6);
    expect(noiseFloor([], 10)).toBe(0);
  });
});

describe("spectrum", () => {
  it("lists the eigenvalues of H, G and Z of a side", () => {
    const layer = plantedLayer({ row: "5", d: 20, rank: 12, seed: 1, samples: 4000 });
    const found = sideSpectra(layer, "a", "raw")!;
    expect(found.Z.values).toHaveLength(20);
    expect([found.Z.above, found.H.above, found.Z.n, found.H.n]).toEqual([12, 12, 0, 4000]);
    expect(found.G.values[0]! / found.G.values[5]!).toBeGreaterThan(found.H.values[0]! / found.H.values[5]!);
    expect(JSON.stringify(found)).not.toContain("NaN");
  });

  it("says why there is none", () => {
    expect(spectrum(undefined, 10).status).toBe("missing-moments");
    expect(spectrum(diagonal([1, 2]), 1).status).toBe("too-few-samples");
    expect(spectrum(matrix(3, 3), "weights").status).toBe("zero-matrix");
    expect(spectrum(matrix(1, 1, [Number.NaN]), "weights").status).toBe("not-finite");
    const head = emptyLayer("head", "head", 1, 4);
    expect(sideSpectra(head, "a", "raw")).toBeNull();
    expect(sideSpectra(head, "b", "paper")!.H.status).toBe("too-few-samples");
  });
});
