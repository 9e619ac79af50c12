import { describe, expect, it } from "vitest";
import { frobenius, gram, identity, type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";
import { balancedDeepLinear, deepLinearBalance, deepLinearSizes } from "../../src/symmetry/deepLinear.ts";
import { noiseTerms } from "../../src/symmetry/noiseBalance.ts";
import { deviation, normals } from "./cases.ts";

/** Products of some ten small matrices, and square roots by eigenvectors. */
const EXACT = 1e-10;

const random = new Random(8);
const [dIn, dOut] = [4, 3];
const noise = {
  inputMoment: gram(normals(random, 8, dIn), "a"),
  labelNoise: gram(normals(random, 8, dOut), "a"),
};
const product = (maps: readonly Matrix[]) => maps.slice(1).reduce((below, W) => matmul(W, below), maps[0]!);

describe("balancedDeepLinear", () => {
  const V = normals(random, dOut, dIn);
  const thin = matmul(normals(random, dOut, 2), normals(random, 2, dIn));

  it("has the product, the balance at every hidden layer and maps of one size, at any depth and rank", () => {
    for (const depth of [2, 3, 5])
      for (const [target, rank] of [
        [V, 3],
        [thin, 2],
      ] as const) {
        const maps = balancedDeepLinear(target, noise, depth);
        expect(maps).toHaveLength(depth);
        expect(deviation(product(maps).data, target.data)).toBeLessThan(EXACT);
        for (const { residual } of deepLinearBalance(maps, noise)) expect(residual).toBeLessThan(EXACT);
        const sizes = deepLinearSizes(maps, noise, rank);
        expect(Math.max(...sizes) / Math.min(...sizes) - 1).toBeLessThan(EXACT);
      }
  });

  it("has maps of different plain norms, and is out of balance once one map is scaled against another", () => {
    const maps = balancedDeepLinear(V, noise, 4);
    const norms = maps.map((W) => frobenius(W) ** 2);
    expect(Math.max(...norms) / Math.min(...norms)).toBeGreaterThan(1.2);
    const scaled = maps.map((W, k) =>
      matrix(
        W.rows,
        W.cols,
        W.data.map((value) => value * [1.3, 1 / 1.3, 1, 1][k]!),
      ),
    );
    expect(deepLinearBalance(scaled, noise)[0]!.residual).toBeGreaterThan(0.1);
  });
});

describe("deepLinearBalance", () => {
  it("is the balance of noise of each pair of adjacent maps, for residuals independent of inputs", () => {
    const maps = [normals(random, 5, dIn), normals(random, 4, 5), normals(random, dOut, 4)];
    // all pairs of some inputs and some residuals: independent exactly
    const [n, x, r] = [6, normals(random, 6, dIn), normals(random, 6, dOut)];
    const pairs = Array.from({ length: n * n }, (_, k) => [k % n, Math.floor(k / n)] as const);
    const rowsOf = (A: Matrix, which: 0 | 1) =>
      matrix(
        n * n,
        A.cols,
        pairs.flatMap((pair) => [...A.data.slice(pair[which] * A.cols, (pair[which] + 1) * A.cols)]),
      );
    const mean = (A: Matrix) => {
      const G = gram(A, "a");
      return matrix(
        G.rows,
        G.cols,
        G.data.map((value) => value / n),
      );
    };
    const found = deepLinearBalance(maps, { inputMoment: mean(x), labelNoise: mean(r) });
    const h = [rowsOf(x, 0)];
    for (const W of maps) h.push(matmul(h.at(-1)!, transpose(W)));
    const g = [rowsOf(r, 1)];
    for (const W of [...maps].reverse()) g.unshift(matmul(g[0]!, W));
    for (const i of [1, 2]) {
      const terms = noiseTerms({ h0: h[i - 1]!, g1: g[i]!, a: h[i]!, g2: g[i + 1]! }, { bias: false });
      expect(deviation(found[i - 1]!.lower.data, terms.upper.data)).toBeLessThan(EXACT);
      expect(deviation(found[i - 1]!.upper.data, terms.lower.data)).toBeLessThan(EXACT);
    }
  });

  it("refuses chains that are none", () => {
    expect(() => deepLinearBalance([identity(2)], noise)).toThrow("expected at least two maps, got 1");
    expect(() => deepLinearBalance([matrix(3, 4), matrix(3, 2)], noise)).toThrow(
      "deepLinearBalance: expected map 2 with 3 columns, got 2; list maps from the input on",
    );
    expect(() => deepLinearSizes([matrix(3, 4), matrix(3, 3)], noise, 0)).toThrow("a whole rank of at least 1, got 0");
    expect(() => balancedDeepLinear(matrix(3, 4), noise, 3)).toThrow("expected a product that is not 0");
    expect(() => balancedDeepLinear(normals(random, 3, 4), noise, 1)).toThrow("a whole depth of at least 2, got 1");
  });
});
