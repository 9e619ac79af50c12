/** @file The figure of neurons by cluster: their order, what it says, and text that begins where it is put. */
import { expect, test } from "vitest";
import { clusters } from "../../src/figures/clusters.ts";
import type { LayerMatrices } from "../../src/figures/layerMatrices.ts";
import { matrix } from "../../src/linalg/matrix.ts";

/** Neurons 0, 2, 4 are one, 1 and 3 are another up to sign, 5 never varies. */
function planted(): LayerMatrices {
  const H = matrix(6, 6);
  const sign = [1, 1, 2, -3, 1, 0];
  for (let i = 0; i < 5; i++) for (let j = 0; j < 5; j++) if (i % 2 === j % 2) H.data[i * 6 + j] = sign[i]! * sign[j]!;
  const side = (H?: LayerMatrices["sides"][number]["H"]) => ({
    side: "b" as const,
    d: 6,
    H,
    G: undefined,
    Z: undefined,
  });
  return { name: "layer", convention: "covariance", sides: [side(H)] };
}

test("shows the largest cluster first and says how many there are", () => {
  const figure = clusters(planted(), 256)!;
  expect(figure.csv.trim().split("\n")).toEqual(["side,neuron,cluster", "b,0,0", "b,2,0", "b,4,0", "b,1,1", "b,3,1"]);
  expect(figure.svg).toContain("5 neurons in 2 clusters, 1 silent");
  expect(figure.svg).toContain("5 of them with another");
  for (const [text] of figure.svg.matchAll(/<text x="8"[^>]*>/g)) expect(text).toContain('text-anchor="start"');
});

test("is not there without two neurons that vary", () => {
  const [side] = planted().sides;
  const none = (H: LayerMatrices["sides"][number]["H"]) =>
    clusters({ name: "layer", convention: "covariance", sides: [{ ...side!, H }] }, 256);
  expect(none(undefined)).toBeUndefined();
  expect(none(matrix(2, 2, [1, 0, 0, 0]))).toBeUndefined();
});
