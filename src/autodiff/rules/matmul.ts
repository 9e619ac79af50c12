/** @file Gradients of matrix products: Gemm, and MatMul with NumPy's batching and broadcasting. */
import { int } from "../../onnx/graph.ts";
import { sizeOf } from "../../onnx/tensor.ts";
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
  const dC = () => c.scale(c.sumTo(dy, c.shape(c.y()), 2), c.float("beta", 1));
  return [c.needs(0) ? dA() : undefined, c.needs(1) ? dB() : undefined, c.needs(2) ? dC() : undefined];
};

/** Y = A B over the last two axes; leading axes broadcast; a vector is a row on the left, a column on the right. */
const matmul: GradientRule = (c) => {
  const p = asMatrices(c);
  return [c.needs(0) ? leftGradient(c, p) : undefined, c.needs(1) ? rightGradient(c, p) : undefined];
};

/** A (..., m, k), B (..., k, n) and dY (batch..., m, n), with vectors made matrices. */
interface Product {
  readonly A: string;
  readonly B: string;
  readonly dY: string;
  readonly shapeA: readonly number[];
  readonly shapeB: readonly number[];
  readonly batch: readonly number[];
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

function asMatrices(c: RuleContext): Product {
  const [a, b, y] = [c.shape(c.x(0)), c.shape(c.x(1)), c.shape(c.y())];
  const shapeA = a.length === 1 ? [1, ...a] : a;
  const shapeB = b.length === 1 ? [...b, 1] : b;
  const batch = y.slice(0, y.length - Number(a.length > 1) - Number(b.length > 1));
  const [m, k, n] = [shapeA.at(-2)!, shapeA.at(-1)!, shapeB.at(-1)!];
  return {
    A: c.reshape(c.x(0), shapeA, a),
    B: c.reshape(c.x(1), shapeB, b),
    dY: c.reshape(c.dy(), [...batch, m, n], y),
    ...{ shapeA, shapeB, batch, m, k, n },
  };
}

/** dA = dY B^T, summed over the batch axes along which A was repeated; one product over all rows where B is shared. */
function leftGradient(c: RuleContext, { B, dY, shapeA, shapeB, batch, m, k, n }: Product): string {
  const target = c.shape(c.x(0));
  if (shapeB.length === 2 && shapeA.length >= 2 && sizeOf(shapeA) === sizeOf(batch) * m * k) {
    const rows = sizeOf(batch) * m;
    const flat = c.op("Gemm", [c.reshape(dY, [rows, n], [...batch, m, n]), B], { transB: int(1) });
    return c.reshape(flat, target, [rows, k]);
  }
  return c.sumTo(c.op("MatMul", [dY, swapLast(c, B, shapeB.length)]), [...batch, m, k], 0);
}

/** dB = A^T dY, summed over the batch axes along which B was repeated; one product over all rows where B is shared. */
function rightGradient(c: RuleContext, { A, dY, shapeA, shapeB, batch, m, k, n }: Product): string {
  const target = c.shape(c.x(1));
  if (shapeB.length === 2) {
    const rows = sizeOf(batch) * m;
    const flatA = c.reshape(A, [rows, k], shapeA);
    const flat = c.op("Gemm", [flatA, c.reshape(dY, [rows, n], [...batch, m, n])], { transA: int(1) });
    return c.reshape(flat, target, [k, n]);
  }
  return c.sumTo(c.op("MatMul", [swapLast(c, A, shapeA.length), dY]), [...batch, k, n], 1);
}

function swapLast(c: RuleContext, name: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return c.op("Transpose", [name], { perm: { ints: perm } });
}

export const matmulRules: Record<string, GradientRule> = { Gemm: gemm, MatMul: matmul };
