/** @file Cases for rules/matmul.ts. */
import { float, int } from "../../../src/onnx/graph.ts";
import { broadcastable, type GradientCase, normals, pick, shapeOf } from "./case.ts";

export const matmulCases: readonly GradientCase[] = [
  {
    op: "Gemm",
    name: "with transposes, factors and every shape of bias",
    draw: (random) => {
      const [m, k, n] = [1 + random.below(4), 1 + random.below(4), 1 + random.below(4)];
      const [transA, transB] = [random.below(2), random.below(2)];
      const bias = pick(random, [undefined, [], [1], [n], [m, n], [1, n], [m, 1], [1, 1]]);
      const [alpha, beta] = [pick(random, [1, 0.5]), pick(random, [1, -2])];
      return {
        inputs: {
          A: normals(random, transA ? [k, m] : [m, k]),
          B: normals(random, transB ? [n, k] : [k, n]),
          ...(bias === undefined ? {} : { C: normals(random, bias) }),
        },
        build: (g) => {
          const attributes = { transA: int(transA), transB: int(transB), alpha: float(alpha), beta: float(beta) };
          return [g.op("Gemm", bias === undefined ? ["A", "B"] : ["A", "B", "C"], attributes)];
        },
      };
    },
  },
  {
    op: "MatMul",
    name: "of matrices and vectors, batched, both sides broadcast",
    draw: (random) => {
      const batch = shapeOf(random, 0, 2);
      const [m, k, n] = [1 + random.below(4), 1 + random.below(4), 1 + random.below(4)];
      const left = random.uniform() < 0.25 ? [k] : [...broadcastable(random, batch), m, k];
      const right = random.uniform() < 0.25 ? [k] : [...broadcastable(random, batch), k, n];
      return {
        inputs: { A: normals(random, left), B: normals(random, right) },
        build: (g) => [g.op("MatMul", ["A", "B"])],
      };
    },
  },
  {
    op: "MatMul",
    name: "of a batch with one shared matrix, and the other way round",
    draw: (random) => {
      const batch = shapeOf(random, 1, 2);
      const [many, one] = [
        [...batch, 3, 2],
        [2, 3],
      ];
      const shared = random.uniform() < 0.5;
      return {
        inputs: { A: normals(random, shared ? many : [2, 3]), B: normals(random, shared ? one : many) },
        build: (g) => [g.op("MatMul", ["A", "B"])],
      };
    },
  },
];
