/** @file Moments measured in the graph against the plain float64 twin (addRows) on the same rows. */
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments, secondMoment } from "../../src/moments/moments.ts";
import { objective } from "../../src/objectives/objective.ts";
import { int, type Model } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";

/** float32 rounding of activations; relative to the largest entry of a matrix. */
const FLOAT32 = 1e-5;

const dIn = 7;
const dOut = 5;

function normals(random: Random, shape: readonly number[], sd = 1): Tensor {
  const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  random.fillNormal(data, sd);
  return float32(data, shape);
}

/** f = W x + b, one linear map, with its weight stored as PyTorch does or transposed. */
function linearModel(W: Tensor, b: Tensor, form: "gemm" | "matmul"): Model {
  const g = new GraphBuilder("linear");
  const x = g.input("x", "float32", ["n", dIn]);
  const bias = g.initializer("fc.bias", b);
  if (form === "gemm") {
    g.output(g.op("Gemm", [x, g.initializer("fc.weight", W), bias], { transB: int(1) }), "output");
  } else {
    const transposed = new Float32Array(dIn * dOut);
    for (let i = 0; i < dOut; i++)
      for (let j = 0; j < dIn; j++) transposed[j * dOut + i] = (W.data as Float32Array)[i * dIn + j]!;
    const weight = g.initializer("onnx::MatMul_7", float32(transposed, [dIn, dOut]));
    const product = g.op("MatMul", [x, weight], {}, { name: "/fc/MatMul" });
    g.output(g.op("Add", [bias, product]), "output");
  }
  return { graph: g.build(), opset: WORKING_OPSET };
}

/** The same sums from plain arithmetic: g_b = 2 (f - y) / dOut per sample. */
function twin(x: Tensor, y: Tensor, W: Tensor, b: Tensor): LayerMoments {
  const n = x.shape[0]!;
  const [X, Y, w, bias] = [x, y, W, b].map((t) => t.data as Float32Array) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const hb = new Float64Array(n * dOut);
  const gb = new Float64Array(n * dOut);
  for (let s = 0; s < n; s++)
    for (let i = 0; i < dOut; i++) {
      let sum = bias[i]!;
      for (let j = 0; j < dIn; j++) sum += w[i * dIn + j]! * X[s * dIn + j]!;
      hb[s * dOut + i] = sum;
      gb[s * dOut + i] = (2 * (sum - Y[s * dOut + i]!)) / dOut;
    }
  const layer = emptyLayer("fc", "linear", dIn, dOut, matrix(dOut, dIn, w));
  addRows(layer, { ha: X, hb, gb });
  return layer;
}

function expectClose(measured: LayerMoments, expected: LayerMoments): void {
  for (const convention of ["paper", "raw"] as const)
    for (const side of ["a", "b"] as const)
      for (const which of ["H", "G"] as const) {
        const A = secondMoment(measured[side]!, which, convention, measured.n)!.data;
        const B = secondMoment(expected[side]!, which, convention, expected.n)!.data;
        const largest = Math.max(...B.map(Math.abs));
        A.forEach((value, i) => {
          expect(Math.abs(value - B[i]!) / largest, `${convention} ${which}_${side}[${i}]`).toBeLessThan(FLOAT32);
        });
      }
  const cross = Math.max(...expected.gbHa!.map(Math.abs));
  measured.gbHa!.forEach((value, i) => {
    expect(Math.abs(value - expected.gbHa![i]!) / cross).toBeLessThan(FLOAT32);
  });
}

async function measure(model: Model, data: Record<string, Tensor>, batch: number) {
  const probe = new Probe(nodeEngine, model, { objective: objective("mse") });
  try {
    return await probe.measure(sliceBatches(data, batch));
  } finally {
    await probe.dispose();
  }
}

describe("moments measured in the graph", () => {
  test.each([
    [[24], [24]],
    [
      [12, 12],
      [12, 12],
    ],
    [
      [10, 10, 1],
      [10, 10, 1],
    ],
    [Array.from({ length: 17 }, () => 2), [4, ...Array.from({ length: 15 }, () => 2)]],
  ])("batches of %j samples are in groups of %j, none of them empty", async (batches, expected) => {
    const random = new Random(6);
    const model = linearModel(normals(random, [dOut, dIn]), normals(random, [dOut]), "gemm");
    const probe = new Probe(nodeEngine, model, { objective: objective("mse") });
    const { groups, total } = await probe.measure(
      batches.map((n) => ({ x: normals(random, [n, dIn]), [TARGET]: normals(random, [n, dOut]) })),
    );
    await probe.dispose();
    expect(groups.map(({ layers }) => layers[0]!.n)).toEqual(expected);
    expect(total.layers[0]!.n).toBe(batches.reduce((sum, n) => sum + n));
  });

  const random = new Random(3);
  const [W, b] = [normals(random, [dOut, dIn]), normals(random, [dOut])];
  const [x, y] = [normals(random, [101, dIn]), normals(random, [101, dOut])];
  const expected = twin(x, y, W, b);

  test.each(["gemm", "matmul"] as const)(
    "equal the float64 twin, weight stored for %s, last batch smaller",
    async (form) => {
      const { total, samples } = await measure(linearModel(W, b, form), { x, [TARGET]: y }, 40);
      expect(samples).toBe(101);
      expect(total.layers.map(({ name }) => name)).toEqual(["fc"]);
      expectClose(total.layers[0]!, expected);
    },
  );

  test("keep a covariance a millionth of the squared mean (Eq. 10)", async () => {
    const far = float32(
      (x.data as Float32Array).map((value) => 1000 + value),
      x.shape,
    );
    const zero = float32(new Float32Array(dOut), [dOut]);
    const { total } = await measure(linearModel(W, zero, "gemm"), { x: far, [TARGET]: y }, 40);
    const layer = total.layers[0]!;
    const H = secondMoment(layer.a!, "H", "raw", layer.n)!.data;
    const reference = twin(far, y, W, zero);
    const exact = secondMoment(reference.a!, "H", "raw", layer.n)!.data;
    const mean = (k: number) => layer.a!.hSum![k]! / layer.n;
    for (let i = 0; i < dIn; i++)
      for (let j = 0; j < dIn; j++) {
        const covariance = H[i * dIn + j]! - mean(i) * mean(j);
        const truth = exact[i * dIn + j]! - (reference.a!.hSum![i]! / layer.n) * (reference.a!.hSum![j]! / layer.n);
        expect(Math.abs(covariance - truth)).toBeLessThan(1e-4);
      }
  });

  test("do not lose gradients of 1e-20: the paper convention divides before it squares", async () => {
    const output = float32(
      (x.data as Float32Array).map((value) => value * 1e-20),
      x.shape,
    );
    const tiny = float32(new Float32Array(101 * dOut), [101, dOut]);
    const zero = float32(new Float32Array(dOut), [dOut]);
    const { total } = await measure(linearModel(W, zero, "gemm"), { x: output, [TARGET]: tiny }, 40);
    expect(total.layers[0]!.b.keptG).toBe(101);
    const reference = twin(output, tiny, W, zero);
    const A = secondMoment(total.layers[0]!.b, "G", "paper", 101)!.data;
    const B = secondMoment(reference.b, "G", "paper", 101)!.data;
    A.forEach((value, i) => {
      expect(Math.abs(value - B[i]!)).toBeLessThan(1e-4);
    });
  });

  test("drop and count rows whose gradient is zero", async () => {
    const zero = float32(new Float32Array(dOut), [dOut]);
    const exact = await exactTargets(W, x);
    const { total } = await measure(linearModel(W, zero, "gemm"), { x, [TARGET]: exact }, 40);
    expect(total.layers[0]!.b.keptG).toBe(0);
    expect(total.layers[0]!.b.keptH).toBe(101);
  });

  test("a model without a linear map is an error that says so", async () => {
    const g = new GraphBuilder("none");
    g.output(g.op("Relu", [g.input("x", "float32", ["n", dIn])]), "output");
    const model = { graph: g.build(), opset: WORKING_OPSET };
    await expect(measure(model, { x, [TARGET]: x }, 40)).rejects.toThrow(/probe: expected a linear map/);
  });

  test("targets that do not fit the output are refused with both shapes", async () => {
    const model = linearModel(W, b, "gemm");
    await expect(measure(model, { x, [TARGET]: x }, 101)).rejects.toThrow(
      /targets of shape \(51, 5\).*got float32 \(51, 7\)/,
    );
  });
});

/** W x as ONNX Runtime itself computes it, so that the error is exactly zero. */
async function exactTargets(W: Tensor, x: Tensor): Promise<Tensor> {
  const zero = float32(new Float32Array(dOut), [dOut]);
  const program = await nodeEngine.compile(linearModel(W, zero, "gemm"));
  const parts: number[] = [];
  for (const batch of sliceBatches({ x }, 40)) parts.push(...((await program.run(batch)).output!.data as Float32Array));
  await program.dispose();
  return float32(parts, [101, dOut]);
}
