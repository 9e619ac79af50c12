import { describe, expect, it } from "vitest";
import { type Matrix, matmul, matrix, transpose } from "../../../src/linalg/matrix.ts";
import { liveSubspace, singularSystem } from "../../../src/measure/laws/liveSubspace.ts";
import { weightRange } from "../../../src/measure/laws/weightRange.ts";
import { isFlat } from "../../../src/measure/phase/phaseExponents.ts";
import { emptyLayer, type LayerMoments } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";
import { rotation } from "../matrices.ts";

/** A layer with W = diag(sqrt z) turned, H_a and G_b diagonal in its singular basis. */
function layerOf(z: readonly number[], h: readonly number[], g: readonly number[]): LayerMoments {
  const random = new Random(1);
  const d = z.length;
  const [U, V] = [rotation(random, d), rotation(random, d)];
  const turned = (Q: Matrix, values: readonly number[], R: Matrix) => {
    const D = matrix(d, d);
    values.forEach((value, i) => {
      D.data[i * (d + 1)] = value;
    });
    return matmul(matmul(Q, D), transpose(R));
  };
  const layer = emptyLayer("x", "linear", d, d, turned(U, z.map(Math.sqrt), V));
  layer.n = 1;
  layer.a!.hh = turned(V, h, V).data;
  layer.b.gg = turned(U, g, U).data;
  return layer;
}
const of = (layer: LayerMoments, share?: number) => liveSubspace(layer, singularSystem(layer.W!), share);
const powers = (d: number, p: number) => Array.from({ length: d }, (_, i) => 10 ** ((-2 * p * i) / (d - 1)));

describe("the live subspace (Eq. 86)", () => {
  it("leaves out directions that carry neither activations nor gradients, whatever their weights are", () => {
    const alive = Array(20).fill(1);
    const dying = Array.from({ length: 10 }, (_, i) => 10 ** (-3 - i / 4));
    const none = Array(10).fill(1e-9);
    const found = of(layerOf([...powers(20, 0.5), ...dying], [...alive, ...none], [...alive, ...none]));
    expect(found.rank).toBe(20);
    expect(found.decades).toBeCloseTo(1, 6);
    expect(found.rangeRank).toBe(30);
  });

  it("keeps what one matrix alone carries: steep laws lose few directions", () => {
    const z = powers(40, 1);
    const squares = z.map((value) => value ** 2);
    expect(of(layerOf(z, z, squares)).decades).toBeGreaterThan(1.5); // phase 5
    expect(of(layerOf(z, Array(40).fill(1), z)).rank).toBe(40); // phase f
    expect(of(layerOf(z, squares, z), 0.95).rank).toBeLessThan(of(layerOf(z, squares, z), 0.999).rank);
  });

  it("takes a tail behind equal eigenvalues for dead, so that Z is flat or has exponents, never both", () => {
    const z = [...Array(18).fill(1), 1e-4, 1e-5];
    const found = of(layerOf(z, Array(20).fill(1), Array(20).fill(1)));
    expect(found.rank).toBe(18);
    expect(isFlat(found)).toBe(true);
    const wide = weightRange(powers(40, 1));
    expect(isFlat(wide)).toBe(false);
    expect(isFlat({ flatness: 0.99, condition: 50 })).toBe(false);
  });
});
