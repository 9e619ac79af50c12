/** @file Products of matrices, as batches of products: a product for each graph. */
import type { ReplicateContext, ReplicateRule } from "../rule.ts";

/** Y = alpha op(A) op(B) + beta C of each graph: alpha and beta may differ, as a weight decay does. */
const gemm: ReplicateRule = (c) => {
  const [A, B] = [0, 1].map((i) => turned(c, c.x(i), c.isStacked(i), c.int(i === 0 ? "transA" : "transB", 0) === 1));
  const Y = times(c, c.op("MatMul", [A!, B!]), c.floats("alpha", 1));
  if (!c.has(2)) return c.is(Y);
  const C = times(c, c.aligned(2, 2), c.floats("beta", 1));
  c.make([Y, C], {}, "Add");
};

/** A matrix, or that of each graph, transposed where it has to be. */
function turned(c: ReplicateContext, name: string, stacked: boolean, isTurned: boolean): string {
  if (!isTurned) return name;
  return c.op("Transpose", [name], { perm: { ints: stacked ? [0, 2, 1] : [1, 0] } });
}

/** Matrices times a factor for each graph; nothing is added for 1. */
function times(c: ReplicateContext, name: string, factors: readonly number[]): string {
  const [first] = factors as [number];
  if (factors.every((factor) => factor === 1)) return name;
  if (factors.every((factor) => factor === first)) return c.op("Mul", [name, c.constant([first], [])]);
  return c.op("Mul", [name, c.constant(factors, [c.count, 1, 1])]);
}

/** Y = A B over the last two axes, leading axes broadcast; a vector is a row on the left, a column on the right. */
const matmul: ReplicateRule = (c) => {
  const [a, b] = [c.shape(0), c.shape(1)];
  const rank = Math.max(2, a.length, b.length);
  if (a.length > 1 && b.length > 1) return c.make([c.aligned(0, rank), c.aligned(1, rank)]);
  // A stacked vector becomes a matrix; that of a shared one, MatMul makes itself.
  const matrix = (i: number, shape: readonly number[]) => {
    const extents = i === 0 ? [1, ...shape] : [...shape, 1];
    return c.reshape(c.x(i), c.isStacked(i) ? [c.count, ...extents] : extents);
  };
  const left = a.length === 1 ? matrix(0, a) : c.aligned(0, rank);
  const right = b.length === 1 ? matrix(1, b) : c.aligned(1, rank);
  const product = c.op("MatMul", [left, right]);
  c.make([product, c.ints([c.count, ...c.shapeOf(c.node.outputs[0]!)])], { allowzero: { int: 1 } }, "Reshape");
};

export const matmulRules: Readonly<Record<string, ReplicateRule>> = { Gemm: gemm, MatMul: matmul };
