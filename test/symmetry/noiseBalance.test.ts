import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";
import { imbalance, withBias } from "../../src/symmetry/charge.ts";
import {
  expectedImbalance,
  imbalanceAtRest,
  nextImbalance,
  nextMomentumState,
  nextScalarCharge,
  noiseTerms,
  velocityOverlap,
} from "../../src/symmetry/noiseBalance.ts";
import { combined, deviation, normals } from "./cases.ts";

/** Rounding of float64, relative to the largest entry. */
const EXACT = 1e-12;

type Activation = "linear" | "relu";

/** Widths, seed, rate and decay of a random case. */
const anyCase = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  dIn: fc.integer({ min: 1, max: 5 }),
  d: fc.integer({ min: 1, max: 5 }),
  dOut: fc.integer({ min: 1, max: 5 }),
  n: fc.integer({ min: 1, max: 4 }),
  eta: fc.double({ min: 1e-3, max: 0.5, noNaN: true }),
  decay: fc.double({ min: 0, max: 0.5, noNaN: true }),
});
type Case = typeof anyCase extends fc.Arbitrary<infer C> ? C : never;

/** Two maps with squared error on n samples: mean gradients by hand, and the rows that make them. */
function network({ seed, dIn, d, dOut, n }: Case, phi: Activation) {
  const random = new Random(seed);
  const U = normals(random, dOut, d);
  const W = withBias(normals(random, d, dIn), normals(random, 1, d).data);
  const h0 = normals(random, n, dIn);
  const targets = normals(random, n, dOut);
  return { U, W, h0, targets, phi };
}
type Network = ReturnType<typeof network>;

function rows({ U, W, h0, targets, phi }: Network) {
  const ones = matrix(h0.rows, 1, new Float64Array(h0.rows).fill(1));
  const wide = transpose(withBias(h0, ones.data)); // (dIn + 1, n)
  const h1 = transpose(matmul(W, wide));
  const open = (value: number) => phi === "linear" || value > 0;
  const a = matrix(
    h1.rows,
    h1.cols,
    h1.data.map((value) => (open(value) ? value : 0)),
  );
  const g2 = combined(2, matmul(a, transpose(U)), -2, targets);
  const back = matmul(g2, U);
  const g1 = matrix(
    h1.rows,
    h1.cols,
    back.data.map((value, i) => (open(h1.data[i]!) ? value : 0)),
  );
  return { h0, g1, a, g2, wide };
}

function gradients(net: Network) {
  const { g1, a, g2, wide } = rows(net);
  const n = a.rows;
  const U = matmul(transpose(g2), a);
  const W = transpose(matmul(wide, g1));
  return { U: combined(1 / n, U, 0, U), W: combined(1 / n, W, 0, W) };
}

const pick = (A: Matrix, which: readonly number[]): Matrix =>
  matrix(
    which.length,
    A.cols,
    which.flatMap((i) => [...A.data.slice(i * A.cols, (i + 1) * A.cols)]),
  );
const diagonal = (A: Matrix): number[] => Array.from({ length: A.rows }, (_, i) => A.data[i * A.rows + i]!);
/** What of an imbalance the symmetry covers. */
const covered = (A: Matrix, phi: Activation) => (phi === "linear" ? A.data : diagonal(A));

/** Deviation relative to the largest entry of either Gram matrix: imbalances may cancel. */
function relative(found: Matrix, wanted: Matrix, { U, W }: { U: Matrix; W: Matrix }, phi: Activation): number {
  const scale = Math.max(1, ...U.data.map((x) => x * x), ...W.data.map((x) => x * x));
  const [x, y] = [covered(found, phi), covered(wanted, phi)];
  return Math.max(...Array.from(y, (value, i) => Math.abs(x[i]! - value))) / scale;
}

const stepped = (A: Matrix, G: Matrix, { eta, decay }: Case) => combined(1 - eta * decay, A, -eta, G);

describe("nextScalarCharge", () => {
  it("is u^2 - w^2 after an explicit step, with and without decay", () => {
    const value = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(value, value, value, value, anyCase, (u, w, x, y, { eta, decay }) => {
        const g = 2 * (u * w * x - y) * x;
        const [uNext, wNext] = [u - eta * (g * w + decay * u), w - eta * (g * u + decay * w)];
        const found = nextScalarCharge(u * u - w * w, g, { eta, decay });
        expect(Math.abs(found - (uNext ** 2 - wNext ** 2))).toBeLessThan(EXACT * Math.max(1, uNext ** 2, wNext ** 2));
      }),
    );
  });
});

describe.each(["linear", "relu"] as const)("nextImbalance, %s", (phi) => {
  it("is the imbalance after an explicit step on a batch, with bias and decay", () => {
    fc.assert(
      fc.property(anyCase, (drawn) => {
        const net = network(drawn, phi);
        const G = gradients(net);
        const after = { U: stepped(net.U, G.U, drawn), W: stepped(net.W, G.W, drawn) };
        const found = nextImbalance(imbalance(net), G, drawn);
        expect(relative(found, imbalance(after), after, phi)).toBeLessThan(EXACT);
      }),
      { numRuns: 200 },
    );
  });

  it("has the mean of expectedImbalance over all batches of two", () => {
    fc.assert(
      fc.property(anyCase, (drawn) => {
        const net = network(drawn, phi);
        const { n } = drawn;
        const pairs = Array.from({ length: n * n }, (_, k) => [k % n, Math.floor(k / n)]);
        let mean = matrix(drawn.d, drawn.d);
        for (const pair of pairs) {
          const G = gradients({ ...net, h0: pick(net.h0, pair), targets: pick(net.targets, pair) });
          const after = { U: stepped(net.U, G.U, drawn), W: stepped(net.W, G.W, drawn) };
          mean = combined(1, mean, 1 / (n * n), imbalance(after));
        }
        const found = expectedImbalance(imbalance(net), noiseTerms(rows(net)), gradients(net), { ...drawn, batch: 2 });
        const G = gradients(net);
        const scale = { U: combined(1, net.U, drawn.eta, G.U), W: combined(1, net.W, drawn.eta, G.W) };
        expect(relative(found, mean, scale, phi)).toBeLessThan(EXACT);
      }),
      { numRuns: 60 },
    );
  });

  it("follows thirty steps with momentum through nextMomentumState", () => {
    fc.assert(
      fc.property(anyCase, fc.double({ min: 0, max: 0.95, noNaN: true }), (drawn, momentum) => {
        const options = { eta: drawn.eta / 100, decay: drawn.decay, momentum };
        let net = network(drawn, phi);
        let velocity = { U: matrix(net.U.rows, net.U.cols), W: matrix(net.W.rows, net.W.cols) };
        let state = { imbalance: imbalance(net), overlap: velocityOverlap(net, velocity) };
        for (let step = 0; step < 30; step++) {
          const G = gradients(net);
          velocity = {
            U: combined(1, combined(momentum, velocity.U, 1, G.U), options.decay, net.U),
            W: combined(1, combined(momentum, velocity.W, 1, G.W), options.decay, net.W),
          };
          net = {
            ...net,
            U: combined(1, net.U, -options.eta, velocity.U),
            W: combined(1, net.W, -options.eta, velocity.W),
          };
          state = nextMomentumState(state, velocity, options);
        }
        expect(relative(state.imbalance, imbalance(net), net, phi)).toBeLessThan(EXACT);
        const overlap = velocityOverlap(net, velocity);
        const sizes = { U: combined(1, net.U, 1, velocity.U), W: combined(1, net.W, 1, velocity.W) };
        expect(relative(state.overlap, overlap, sizes, phi)).toBeLessThan(EXACT);
      }),
      { numRuns: 60 },
    );
  });
});

describe("noise balance", () => {
  const drawn: Case = { seed: 5, dIn: 3, d: 4, dOut: 2, n: 4, eta: 0.1, decay: 0.2 };
  const net = network(drawn, "relu");

  it("has on its two sides the Gram matrices of the gradients of single samples", () => {
    const singles = [0, 1, 2, 3].map((i) =>
      gradients({ ...net, h0: pick(net.h0, [i]), targets: pick(net.targets, [i]) }),
    );
    const mean = (of: (g: { U: Matrix; W: Matrix }) => Matrix) =>
      singles.reduce((sum, g) => combined(1, sum, 1 / 4, of(g)), matrix(4, 4));
    const { upper, lower } = noiseTerms(rows(net));
    expect(deviation(upper.data, mean(({ U }) => matmul(transpose(U), U)).data)).toBeLessThan(EXACT);
    expect(deviation(lower.data, mean(({ W }) => matmul(W, transpose(W))).data)).toBeLessThan(EXACT);
  });

  it("is at rest where the mean step, without mean gradients, changes nothing", () => {
    const noise = noiseTerms(rows(net), { bias: false });
    const options = { eta: 0.3, decay: 0.4, batch: 8 };
    const Q = imbalanceAtRest(noise, options);
    const still = { U: matrix(2, 4), W: matrix(4, 3) };
    expect(deviation(expectedImbalance(Q, noise, still, options).data, Q.data)).toBeLessThan(EXACT);
    const slow = { eta: 1e-6, decay: 0.4, batch: 8 };
    const first = combined(slow.eta / (2 * slow.decay * 8), noise.upper, -slow.eta / (2 * slow.decay * 8), noise.lower);
    expect(deviation(imbalanceAtRest(noise, slow).data, first.data)).toBeLessThan(1e-6);
  });

  it("without a bias of the lower map leaves out the 1 beside |h_0|^2", () => {
    const { g1 } = rows(net);
    const difference = combined(1, noiseTerms(rows(net)).lower, -1, noiseTerms(rows(net), { bias: false }).lower);
    const plain = matmul(transpose(g1), g1);
    expect(deviation(difference.data, combined(1 / 4, plain, 0, plain).data)).toBeLessThan(EXACT);
  });

  it("refuses what does not fit in one line", () => {
    const Q = imbalance(net);
    const G = gradients(net);
    expect(() => nextImbalance(Q, { ...G, U: matrix(2, 3) }, { eta: 0.1 })).toThrow(
      "nextImbalance: expected a gradient of U of 2 x 4, got 2 x 3; gradients have the shapes of the maps",
    );
    expect(() => nextImbalance(Q, G, { eta: 0 })).toThrow("expected eta above 0, got 0; it is the learning rate");
    expect(() => nextImbalance(Q, G, { eta: 0.1, decay: -1 })).toThrow("expected decay of at least 0, got -1");
    expect(() => noiseTerms({ ...rows(net), g1: matrix(3, 4) })).toThrow("expected g1 of 4 x 4, got 3 x 4");
    expect(() => imbalanceAtRest(noiseTerms(rows(net)), { eta: 0.1, decay: 0, batch: 1 })).toThrow(
      "imbalanceAtRest: expected decay above 0, got 0;",
    );
    const state = { imbalance: Q, overlap: velocityOverlap(net, G) };
    expect(() => nextMomentumState(state, G, { eta: 0.1, momentum: 1 })).toThrow("expected momentum from 0 to below 1");
    expect(() => expectedImbalance(Q, noiseTerms(rows(net)), G, { eta: 0.1, batch: 0 })).toThrow("a whole batch");
  });
});
