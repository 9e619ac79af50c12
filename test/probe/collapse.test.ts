/**
 * @file Sums by class and gradients of outputs, measured in the graph, against the same from plain float64 arithmetic:
 * neural collapse (theory.md Eqs. 66 to 71) and the average gradient outer product (Eq. 72).
 */
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { nearestMeanDisagreement } from "../../src/measure/collapse/collapsePremises.ts";
import { type Collapse, collapse } from "../../src/measure/collapse/neuralCollapse.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { averageGradientOuterProduct, featureAnsatz } from "../../src/measure/training/featureAnsatz.ts";
import { addFeatures, emptyClassSums } from "../../src/moments/classSums.ts";
import { mergeMoments } from "../../src/moments/moments.ts";
import { decodeMoments, encodeMoments } from "../../src/moments/momentsFile.ts";
import { objective } from "../../src/objectives/objective.ts";
import { int, type Model } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";

/** float32 activations against float64 ones. */
const FLOAT32 = 2e-4;
const [n, dIn, hidden] = [300, 6, 9];

/**
 * tanh network dIn -> hidden -> classes with its weights, and its samples: Gaussian clusters that are far from the
 * origin.
 */
function classifier(classes: number, seed = 1) {
  const random = new Random(seed);
  const weights = (rows: number, cols: number) => {
    const data = new Float32Array(rows * cols);
    random.fillNormal(data, 1 / Math.sqrt(cols));
    return float32(data, [rows, cols]);
  };
  const [W1, W2] = [weights(hidden, dIn), weights(classes, hidden)];
  const b2 = weights(1, classes);
  const labels = Array.from({ length: n }, () => random.below(classes));
  const x = new Float32Array(n * dIn);
  labels.forEach((label, i) => {
    for (let j = 0; j < dIn; j++) x[i * dIn + j] = 2 + Math.sin(label * 3 + j) + 0.3 * random.normal();
  });
  const g = new GraphBuilder("classifier");
  const input = g.input("x", "float32", ["n", dIn]);
  const h = g.op("Tanh", [g.op("Gemm", [input, g.initializer("fc1.weight", W1)], { transB: int(1) })]);
  const bias = g.initializer("fc2.bias", float32(b2.data as Float32Array, [classes]));
  g.output(g.op("Gemm", [h, g.initializer("fc2.weight", W2), bias], { transB: int(1) }), "y");
  const model: Model = { graph: g.build(), opset: WORKING_OPSET };
  const target: Tensor = { dtype: "int64", shape: [n], data: BigInt64Array.from(labels, BigInt) };
  const whole = { x: float32(x, [n, dIn]), [TARGET]: target };
  return { model, whole, labels, features: forward(x, W1, dIn, Math.tanh), W1, W2, bias: b2.data as Float32Array };
}

/** act(x W^T), (n, rows of W), in float64. */
function forward(x: ArrayLike<number>, W: Tensor, d: number, act: (value: number) => number): Float64Array {
  const w = W.data as Float32Array;
  const rows = W.shape[0]!;
  return Float64Array.from({ length: (x.length / d) * rows }, (_, e) => {
    const [i, r] = [Math.floor(e / rows), e % rows];
    let sum = 0;
    for (let j = 0; j < d; j++) sum += x[i * d + j]! * w[r * d + j]!;
    return act(sum);
  });
}

async function measured(classes: number, outputPasses = 0) {
  const made = classifier(classes);
  const batches = sliceBatches(made.whole, 70);
  const probe = new Probe(nodeEngine, made.model, { objective: objective("cross-entropy"), outputPasses });
  const found = await probe.measure(batches);
  await probe.dispose();
  return { ...made, found };
}

describe.each([2, 5])("a classifier of %d classes", (classes) => {
  const both = measured(classes);

  test("has the neural collapse that plain arithmetic gives, with its noise", async () => {
    const { found, features, labels, W2, bias } = await both;
    const sums = emptyClassSums(classes, hidden);
    addFeatures(sums, features, labels);
    const logits = forward(features, W2, hidden, (value) => value).map((value, e) => value + bias[e % classes]!);
    const predicted = labels.map((_, i) => {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      return row.indexOf(Math.max(...row));
    });
    const nc4 = nearestMeanDisagreement(sums, features, predicted)!;
    const expected = collapse(sums, { classifier: matrix(classes, hidden, W2.data as Float32Array), nc4 });
    const layer = (await snapshot(found.total, found)).layers.at(-1)!;
    expect(layer.name).toBe("fc2");
    expectSame(layer.collapse!, expected);
    expect(layer.collapse!.noise.trace).toBeGreaterThan(0);
    expect(layer.collapse!.premises!.lossCovariance.simplex!).toBeGreaterThan(
      layer.collapse!.premises!.lossCovariance.identity!,
    );
    expect((await snapshot(found.total, found)).layers[0]).not.toHaveProperty("collapse");
  });

  test("keeps its sums by class in a file, whose shards merge; a part of them is refused", async () => {
    const { total, groups } = (await both).found;
    expect(decodeMoments(encodeMoments(total))).toEqual(total);
    const back = groups.map((group) => decodeMoments(encodeMoments(group))).reduce(mergeMoments);
    expect(back.layers[1]!.labelled).toEqual(total.layers[1]!.labelled);
    const torn = structuredClone(total);
    torn.layers[1]!.labelled!.a.sums = undefined as unknown as Float64Array;
    expect(() => decodeMoments(encodeMoments(torn))).toThrow(/all sums by class of layer "fc2", got a part/);
  });
});

test("samples without a label are in no class, and the status says so", async () => {
  const { model, whole } = classifier(3);
  const labels = (whole[TARGET].data as BigInt64Array).map((label, i) => (i % 10 === 0 ? -100n : label));
  const probe = new Probe(nodeEngine, model, { objective: objective("cross-entropy") });
  const found = await probe.measure(sliceBatches({ ...whole, [TARGET]: { ...whole[TARGET], data: labels } }, 70));
  await probe.dispose();
  const { collapse: collapsed } = (await snapshot(found.total, found)).layers.at(-1)!;
  expect(collapsed!.status).toBe("unlabelled-samples");
  expect(collapsed!.n).toBe(n - n / 10);
});

describe("the average gradient outer product", () => {
  test("of a layer's input is that of its Jacobians, in every form of the ansatz", async () => {
    const classes = 5;
    const { found, features, W1, W2 } = await measured(classes, 16);
    const [w1, w2] = [W1.data as Float32Array, W2.data as Float32Array];
    // f = W2 tanh(W1 x): df_k/dx_j = sum_r W2_kr (1 - h_r^2) W1_rj
    const jacobians = new Float64Array(n * classes * dIn);
    for (let i = 0; i < n; i++)
      for (let k = 0; k < classes; k++)
        for (let r = 0; r < hidden; r++) {
          const through = w2[k * hidden + r]! * (1 - features[i * hidden + r]! ** 2);
          for (let j = 0; j < dIn; j++) jacobians[(i * classes + k) * dIn + j]! += through * w1[r * dIn + j]!;
        }
    const agop = averageGradientOuterProduct(jacobians, n, dIn);
    const W = matrix(hidden, dIn, w1);
    const initial = matrix(
      hidden,
      dIn,
      Float64Array.from(w1, (value, i) => value * Math.cos(i)),
    );
    const options = { initialWeights: new Map([["fc1", initial]]), cost: "full" } as const;
    const [first, last] = (await snapshot(found.total, { ...found, ...options })).layers;
    const expected = featureAnsatz(W, agop, { initial });
    for (const form of ["weights", "change"] as const)
      for (const power of ["one", "half"] as const)
        for (const kind of ["cosine", "pearson"] as const)
          expect(first!.ansatz![form]![power][kind]).toBeCloseTo(expected[form]![power][kind]!, 4);
    expect(first!.ansatz).toMatchObject({ n, exact: true });
    expect(last!.ansatz!.weights.one.cosine).toBeCloseTo(1, 6); // J = W for the last map
    expect(decodeMoments(encodeMoments(found.total))).toEqual(found.total);
  });

  test("of more outputs than passes is near that of all of them, and says so", async () => {
    const [all, some] = await Promise.all([measured(12, 12), measured(12, 6)]);
    const [x, y] = [all, some].map(({ found }) => found.total.layers[0]!.outputGradients!);
    expect([x!.exact, y!.exact]).toEqual([true, false]);
    const trace = (sum: Float64Array) =>
      sum.reduce((total, value, e) => total + (e % (hidden + 1) === 0 ? value : 0), 0);
    expect(Math.abs(trace(y!.sum) / trace(x!.sum) - 1)).toBeLessThan(0.25);
  });
});

/** Every number of the one is that of the other, to float32. */
function expectSame(found: Omit<Collapse, "status">, expected: Collapse): void {
  const numbers = (of: Omit<Collapse, "status">) => [
    ...Object.values(of.nc1),
    ...Object.values(of.nc2.means),
    ...Object.values(of.nc2.classifier!),
    ...Object.values(of.nc2.uncentred),
    ...Object.values(of.nc3!),
    of.nc4,
  ];
  expect(found.classes).toBe(expected.classes);
  const [x, y] = [numbers(found), numbers(expected)];
  expect(x.length).toBe(y.length);
  x.forEach((value, i) => {
    expect(Math.abs(value! - y[i]!)).toBeLessThan(FLOAT32 * Math.max(1, Math.abs(y[i]!)));
  });
}
