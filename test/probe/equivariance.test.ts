/**
 * @file The same network in other coordinates of its outputs, f' = T f with l'(f') = l(T^-1 f'), measured in the graph:
 * the moments G of the loss's gradients do not change, the average gradient outer product does (theory.md Eq. 74).
 */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { averageGradientOuterProduct } from "../../src/measure/training/featureAnsatz.ts";
import { type LayerMoments, secondMoment } from "../../src/moments/moments.ts";
import { type Objective, objective } from "../../src/objectives/objective.ts";
import { int, type Model } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";

const [n, dIn, hidden, K] = [200, 6, 9, 3];

/** (rows, cols) of normal numbers, of variance 1 / cols for weights. */
function normal(rows: number, cols: number, seed: number, scale = 1 / Math.sqrt(cols)): Float32Array {
  const data = new Float32Array(rows * cols);
  new Random(seed).fillNormal(data, scale);
  return data;
}

const [W1, W2] = [normal(hidden, dIn, 1), normal(K, hidden, 2)];
const [x, y] = [normal(n, dIn, 3, 1), normal(n, K, 4, 1)];

/** f = W2 tanh(W1 x), then T f where T is given. */
function network(T?: Float32Array): Model {
  const g = new GraphBuilder("network");
  const linear = (input: string, name: string, W: Float32Array, shape: number[]) =>
    g.op("Gemm", [input, g.initializer(name, float32(W, shape))], { transB: int(1) });
  const h = g.op("Tanh", [linear(g.input("x", "float32", ["n", dIn]), "fc1.weight", W1, [hidden, dIn])]);
  const f = linear(h, "fc2.weight", W2, [K, hidden]);
  g.output(T ? linear(f, "coordinates.weight", T, [K, K]) : f, "y");
  return { graph: g.build(), opset: WORKING_OPSET };
}

/** l(T^-1 f') for l the mean square error. */
function lossIn(inverse: Float32Array): Objective {
  const mse = objective("mse");
  return {
    ...mse,
    perSample: (builder, output, target) => {
      const T = builder.constant(float32(inverse, [K, K]));
      return mse.perSample(
        builder,
        { ...output, name: builder.op("Gemm", [output.name, T], { transB: int(1) }) },
        target,
      );
    },
  };
}

async function measure(model: Model, loss: Objective) {
  const probe = new Probe(nodeEngine, model, { objective: loss, outputPasses: K });
  const { total } = await probe.measure(sliceBatches({ x: float32(x, [n, dIn]), [TARGET]: float32(y, [n, K]) }, 64));
  await probe.dispose();
  return { total, layers: (await snapshot(total, { cost: "full" })).layers };
}

/** Largest difference of two arrays over the largest entry. */
function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  const scale = Math.max(...Array.from(expected, Math.abs));
  return Math.max(...Array.from(expected, (value, i) => Math.abs(found[i]! - value))) / scale;
}

const gradients = ({ a, b, n: rows }: LayerMoments) =>
  [secondMoment(a!, "G", "raw", rows)!.data, secondMoment(b, "G", "raw", rows)!.data] as const;

/**
 * Row-major T and its inverse. The first rounds nothing in float32: powers of two and another order. The second is
 * dense.
 */
const coordinates = {
  "powers of two": { T: [0, 4, 0, 0, 0, 0.25, 16, 0, 0], inverse: [0, 0, 1 / 16, 0.25, 0, 0, 0, 4, 0], within: 1e-10 },
  dense: {
    T: [2, 1, 0, 0, 3, 1, 1, 0, 1],
    inverse: [3 / 7, -1 / 7, 1 / 7, 1 / 7, 2 / 7, -2 / 7, -3 / 7, 1 / 7, 6 / 7],
    within: 1e-5,
  },
};

test.each(Object.entries(coordinates))("in coordinates %s G stays and AGOP is E[J^T T^T T J]", async (_, given) => {
  const T = Float32Array.from(given.T);
  const plain = await measure(network(), objective("mse"));
  const other = await measure(network(T), lossIn(Float32Array.from(given.inverse)));
  for (const i of [0, 1]) {
    const [before, after] = [plain.total.layers[i]!, other.total.layers[i]!];
    gradients(after).forEach((G, side) => {
      expect(distance(G, gradients(before)[side]!)).toBeLessThan(given.within);
    });
    const [one, two] = [plain.layers[i]!.ansatz!, other.layers[i]!.ansatz!];
    for (const side of ["backward", "forward"] as const)
      expect(Math.abs(two.equivariant![side].cosine! - one.equivariant![side].cosine!)).toBeLessThan(given.within);
    expect(Math.abs(two.weights.one.cosine! - one.weights.one.cosine!)).toBeGreaterThan(0.01);
  }
  // For the last map J = W2, so that E[(df/dh_b)^T (df/dh_b)] is I, and T^T T in the other coordinates
  const squared = averageGradientOuterProduct(T, 1, K);
  expect(
    distance(
      other.total.layers[1]!.outputGradients!.sum,
      squared.data.map((value) => n * value),
    ),
  ).toBeLessThan(1e-6);
  expect(plain.total.layers[1]!.outputGradients!.sum).toEqual(Float64Array.of(n, 0, 0, 0, n, 0, 0, 0, n));
});
