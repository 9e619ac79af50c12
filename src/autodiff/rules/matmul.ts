/** @file Gradients of matrix products: Gemm, and MatMul with NumPy's batching and broadcasting. */
import { int } from "../../onnx/graph.ts";
import type { GradientRule, RuleContext } from "../rule.ts";

/** Y = alpha op(A) op(B) + beta C, with op(X) = X or X^T; A, B are matrices, C broadcasts to Y. */
const gemm: GradientRule = (c) => {
  const dy = c.dy();
  const transA = c.int("transA", 0);
  const transB = c.int("transB", 0);
  const alpha = { alpha: { float: c.float("alpha", 1) } };
  const [A, B] = [c.x(0), c.x(1)];
  const product = (left: string, right: string, transLeft: number, transRight: number) =>
    c.op("Gemm", [left, right], { ...alpha, transA: int(transLeft), transB: int(transRight) });
  const dA = () => (transA ? product(B, dy, transB, 1) : product(dy, B, 0, 1 - transB));
  const dB = () => (transB ? product(dy, A, 1, transA) : product(A, dy, 1 - transA, 0));
  return [c.needs(0) ? dA() : undefined, c.needs(1) ? dB() : undefined, c.needs(2) ? gemmBias(c, dy) : undefined];
};

/**
 * beta times the sum of dY over the axes along which C was repeated. The usual bias, (n) added to (m, n) with m > 1, takes the
 * product of a row of ones with dY: twice as fast in ONNX Runtime as ReduceSum at m = n = 100.
 */
function gemmBias(c: RuleContext, dy: string): string {
  const beta = c.float("beta", 1);
  const shape = c.shape(c.x(2));
  const [m, n] = c.shape(c.y()) as [number, number];
  const perColumn =
    m > 1 && shape.at(-1) === n && shape.every((extent, axis) => axis === shape.length - 1 || extent === 1);
  if (perColumn) {
    const ones = c.op("Expand", [c.scalar(1), c.builder.ints([1, m])]);
    const sum = c.op("Gemm", [ones, dy], { alpha: { float: beta } });
    return shape.length === 2 ? sum : c.reshape(sum, shape);
  }
  const sum = c.sumTo(dy, [m, n], 2);
  return beta === 1 ? sum : c.mul(sum, c.scalar(beta));
}

/** Y = A B over the last two axes; leading axes broadcast; a vector is a row on the left, a column on the right. */
const matmul: GradientRule = (c) => {
  const [a, b] = [c.shape(c.x(0)), c.shape(c.x(1))];
  const rowA = a.length === 1;
  const columnB = b.length === 1;
  // As matrices: (…, m, k), (…, k, n) and dY (…, m, n).
  const A = rowA ? c.reshape(c.x(0), [1, ...a]) : c.x(0);
  const B = columnB ? c.reshape(c.x(1), [...b, 1]) : c.x(1);
  const shapeA = rowA ? [1, ...a] : a;
  const shapeB = columnB ? [...b, 1] : b;
  const m = shapeA.at(-2)!;
  const k = shapeA.at(-1)!;
  const n = shapeB.at(-1)!;
  const y = c.shape(c.y());
  const batch = y.slice(0, y.length - (rowA ? 0 : 1) - (columnB ? 0 : 1));
  const dY = rowA || columnB ? c.reshape(c.dy(), [...batch, m, n]) : c.dy();
  const dA = () => c.reshape(c.sumTo(matmulNT(c, dY, B, shapeB), [...batch, m, k], 0), a);
  const dB = () => {
    if (shapeB.length === 2) return c.reshape(flattenedTN(c, A, dY, [m, k, n], shapeA, batch), b);
    return c.reshape(c.sumTo(c.op("MatMul", [swapLast(c, A, shapeA.length), dY]), [...batch, k, n], 1), b);
  };
  return [c.needs(0) ? dA() : undefined, c.needs(1) ? dB() : undefined];
};

/** dY B^T. */
function matmulNT(c: RuleContext, dY: string, B: string, shapeB: readonly number[]): string {
  return c.op("MatMul", [dY, swapLast(c, B, shapeB.length)]);
}

/** Sum over all leading axes of A^T dY for one shared B: a single product of (k, rows) and (rows, n). */
function flattenedTN(
  c: RuleContext,
  A: string,
  dY: string,
  [m, k, n]: readonly [number, number, number],
  shapeA: readonly number[],
  batch: readonly number[],
): string {
  const rows = batch.reduce((product, extent) => product * extent, m);
  const flatA = shapeA.length === 2 ? A : c.reshape(A, [rows, k]);
  const flatDY = batch.length === 0 ? dY : c.reshape(dY, [rows, n]);
  return c.op("Gemm", [flatA, flatDY], { transA: int(1) });
}

function swapLast(c: RuleContext, name: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return c.op("Transpose", [name], { perm: { ints: perm } });
}

export const matmulRules: Record<string, GradientRule> = { Gemm: gemm, MatMul: matmul };
