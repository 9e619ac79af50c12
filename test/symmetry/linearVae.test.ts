import { describe, expect, it } from "vitest";
import { linearVae } from "../../src/symmetry/linearVae.ts";
import { minimise } from "./cases.ts";

/** What descent leaves of a minimum. */
const BRUTE = 1e-8;

/** Encoder, decoder and variance that minimise the loss of one mode, by descent on w, u and log sigma^2. */
function descended(lambda: number, beta: number, v: number) {
  const [w = 0, u = 0, log = 0] = minimise(
    ([w = 0, u = 0, log = 0]) => {
      const s = Math.exp(log);
      const error = u * w - 1;
      const value = (lambda * error ** 2 + u * u * s) / (2 * v) + (beta / 2) * (w * w * lambda + s - 1 - log);
      const gradient = [
        (lambda * error * u) / v + beta * w * lambda,
        (lambda * error * w + u * s) / v,
        (u * u * s) / (2 * v) + (beta / 2) * (s - 1),
      ];
      return { value, gradient };
    },
    [
      [0.5, 0.5, 0],
      [0.1, 1, -1],
    ],
  );
  return { encoder: Math.abs(w), decoder: Math.abs(u), codeVariance: Math.exp(log), sign: w * u };
}

describe("linearVae", () => {
  it("has the encoder, decoder and variance where descent on the loss ends, kept or collapsed", () => {
    for (const lambda of [0.3, 1.2, 2.5])
      for (const [beta, decoderVariance] of [
        [1, 0.5],
        [0.5, 1.4],
        [3, 0.6],
      ] as const) {
        const { modes } = linearVae([lambda], { beta, decoderVariance });
        const found = descended(lambda, beta, decoderVariance);
        expect(modes[0]!.kept).toBe(found.sign > 1e-3);
        for (const key of ["encoder", "decoder", "codeVariance"] as const)
          expect(Math.abs(modes[0]![key] - found[key])).toBeLessThan(BRUTE);
      }
  });

  it("keeps the modes above beta eta^2, none from the critical beta on", () => {
    const eigenvalues = [4, 2, 1, 0.5, 0];
    const kept = (beta: number) => linearVae(eigenvalues, { beta, decoderVariance: 0.5 }).kept;
    expect([0.5, 1, 2, 3, 5, 8].map(kept)).toEqual([4, 3, 2, 2, 1, 0]);
    const { criticalBeta } = linearVae(eigenvalues, { beta: 1, decoderVariance: 0.5 });
    expect(criticalBeta).toBe(8);
    expect(kept(criticalBeta * 0.999)).toBe(1);
  });

  it("refuses beta and variances that are none", () => {
    expect(() => linearVae([1], { beta: 0, decoderVariance: 1 })).toThrow(
      "linearVae: expected beta above 0, got 0; it is the weight of the KL term",
    );
    expect(() => linearVae([1], { beta: 1, decoderVariance: -1 })).toThrow("expected decoderVariance above 0, got -1");
    expect(() => linearVae([-1], { beta: 1, decoderVariance: 1 })).toThrow("expected an eigenvalue of at least 0");
  });
});
