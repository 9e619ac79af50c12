/**
 * @file The nodes that sum squared gradients of weights over examples (docs/theory.md Eq. 122), inside the graph. With
 * G = sum_t g_t h_t^T over the rows t of an example, G^T G = sum_tt' (g_t . g_t') h_t h_t'^T. For few rows the
 * gradients themselves are never formed; for many rows of few values they are.
 */

import { lowerCuts } from "../../moments/accumulate/lowerBlocks.ts";
import type { NoiseBlocks, NoiseSums } from "../../moments/noiseSums.ts";
import { int } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { addLowerProduct } from "../../onnx/lowerProduct.ts";
import { asExamples, type ExampleRows } from "../maps/exampleRows.ts";
import type { Measurable } from "../maps/linearMap.ts";

/** The noise sums of a map. */
export interface NoisePlan {
  readonly rows: ExampleRows;
  /** Losses of one example. */
  readonly losses: number;
  readonly a?: Omit<NoiseBlocks, "sum">;
  readonly b?: Omit<NoiseBlocks, "sum">;
}

/** Rows of one map in the graph. gb may be divided by a number; ha is to be divided by `scale` if there is one. */
export interface NoiseRows {
  readonly ha: string;
  readonly gb: string;
  readonly scale?: string | undefined;
}

/**
 * chosen: the most numbers that one map's gradients, or products of its rows, may take in the graph; beyond, there is
 * no noise.
 */
const MOST = 2 ** 28;

/**
 * Names of the outputs: `noise.a`, `noise.b`; where h_a is scaled also the divisor of each, `noise.a.scale`,
 * `noise.b.scale`.
 */
export function addNoiseNodes(
  builder: GraphBuilder,
  map: Measurable,
  { ha, gb, scale }: NoiseRows,
  { rows, a, b }: NoisePlan,
): Record<string, string> {
  if (scale === undefined) return addSums(builder, map, { ha, gb }, { rows, ...(a && { a }), ...(b && { b }) });
  // The input of a bias is 1; activations smaller than that are not scaled up.
  const one = builder.scalar(1);
  const ofB = map.input!.bias === null ? scale : builder.op("Max", [scale, one]);
  const sums = (by: string, blocks: Pick<NoisePlan, "a" | "b">) =>
    addSums(
      builder,
      map,
      { ha: builder.op("Div", [ha, by]), gb, unit: builder.op("Div", [one, by]) },
      { rows, ...blocks },
    );
  return {
    ...(a && { ...sums(scale, { a }), "noise.a.scale": scale }),
    ...(b && { ...sums(ofB, { b }), "noise.b.scale": ofB }),
  };
}

/** @param unit the input 1 of a bias, in the units of ha; default 1 */
function addSums(
  builder: GraphBuilder,
  { dOut, input, rows: count }: Measurable,
  { ha, gb, unit }: { readonly ha: string; readonly gb: string; readonly unit?: string },
  { rows, a, b }: Pick<NoisePlan, "rows" | "a" | "b">,
): Record<string, string> {
  const dIn = input!.dIn;
  const hasBias = input!.bias !== null;
  const names: Record<string, string> = {};
  const T = rows.outer * rows.inner;
  const offset = () => (unit === undefined ? builder.scalar(1) : builder.op("Mul", [unit, unit]));
  const withOffset = (x: string, isGiven: boolean) => (isGiven ? builder.op("Add", [x, offset()]) : x);
  // Columns of patches have the positions of the kernel first.
  const inA = a && input!.columnOrder ? { ...a, outer: a.outer * a.inner, inner: 1 } : a;
  if (T === 1) {
    const weighted = (x: string, y: string, isGiven: boolean) => {
      const square = builder.op("ReduceSumSquare", [y, builder.ints([1])], { keepdims: int(1) });
      return builder.op("Mul", [x, withOffset(square, isGiven)]);
    };
    if (inA) names["noise.a"] = blockProduct(builder, weighted(ha, gb, false), ha, count, dIn, inA);
    if (b) names["noise.b"] = blockProduct(builder, weighted(gb, ha, hasBias), gb, count, dOut, b);
    return names;
  }
  const [h, g] = [asExamples(builder, ha, rows, dIn), asExamples(builder, gb, rows, dOut)];
  const turned = (x: string) => builder.op("Transpose", [x], { perm: { ints: [0, 2, 1] } });
  const flat = (x: string, d: number) => builder.op("Reshape", [x, builder.ints([-1, d])]);
  if (way(rows, dIn, dOut) === "rows") {
    const side = (x: string, y: string, d: number, isGiven: boolean, blocks: Omit<NoiseBlocks, "sum">) => {
      const kernel = withOffset(builder.op("MatMul", [y, turned(y)]), isGiven);
      return blockProduct(builder, flat(builder.op("MatMul", [kernel, x]), d), flat(x, d), count, d, blocks);
    };
    if (inA) names["noise.a"] = side(h, g, dIn, false, inA);
    if (b) names["noise.b"] = side(g, h, dOut, hasBias, b);
    return names;
  }
  if (inA) {
    const G = flat(builder.op("MatMul", [turned(g), h]), dIn);
    names["noise.a"] = blockProduct(builder, G, G, rows.n * dOut, dIn, inA);
  }
  if (b) {
    const transposed = builder.op("MatMul", [turned(h), g]);
    const sum = () => builder.op("ReduceSum", [g, builder.ints([1])], { keepdims: int(1) });
    const bias = hasBias ? [unit === undefined ? sum() : builder.op("Mul", [sum(), unit])] : [];
    const G = flat(bias.length > 0 ? builder.op("Concat", [transposed, ...bias], { axis: int(1) }) : transposed, dOut);
    names["noise.b"] = blockProduct(builder, G, G, rows.n * (dIn + bias.length), dOut, b);
  }
  return names;
}

/** Whether products of rows or gradients cost less; undefined where both take too much memory. */
export function way({ n, outer, inner }: ExampleRows, dIn: number, dOut: number): "rows" | "gradients" | undefined {
  const T = outer * inner;
  const byRows = n * T * Math.max(T, dIn, dOut);
  const byGradients = n * dIn * dOut;
  const costs = {
    rows: T * (dIn + dOut) + dIn * dIn + dOut * dOut,
    gradients: 2 * dIn * dOut + (dIn * dOut * (dIn + dOut)) / T,
  };
  const allowed = [byRows <= MOST ? "rows" : undefined, byGradients <= MOST ? "gradients" : undefined] as const;
  if (allowed[0] && allowed[1]) return costs.rows <= costs.gradients ? "rows" : "gradients";
  return allowed[0] ?? allowed[1];
}

/** left^T right, which is symmetric, within each block; rows (n, d). */
function blockProduct(
  builder: GraphBuilder,
  left: string,
  right: string,
  n: number,
  d: number,
  { width, outer, inner }: Omit<NoiseBlocks, "sum">,
): string {
  const blocks = d / (width * outer * inner);
  const both = (change: (x: string) => string) => (left === right ? [change(left)] : [change(left), change(right)]);
  if (blocks === 1) {
    const asRows = (x: string) => {
      if (outer * inner === 1) return x;
      if (inner === 1) return builder.op("Reshape", [x, builder.ints([-1, width])]);
      const apart = builder.op("Reshape", [x, builder.ints([n * outer, width, inner])]);
      const last = builder.op("Transpose", [apart], { perm: { ints: [0, 2, 1] } });
      return builder.op("Reshape", [last, builder.ints([-1, width])]);
    };
    const [x, y] = both(asRows);
    return addLowerProduct(builder, x!, y ?? x!, lowerCuts(width));
  }
  const apart = (x: string, perm: readonly number[]) =>
    builder.op("Transpose", [builder.op("Reshape", [x, builder.ints([n, blocks, width])])], { perm: { ints: perm } });
  return builder.op("MatMul", [apart(left, [1, 2, 0]), apart(right, [1, 0, 2])]);
}

/** Sums over no examples. */
export function emptyNoiseSums({ dOut, input }: Measurable, { losses, a, b }: NoisePlan): NoiseSums {
  const empty = (blocks: Omit<NoiseBlocks, "sum">, d: number): NoiseBlocks => ({
    ...blocks,
    sum: new Float64Array((d / (blocks.width * blocks.outer * blocks.inner)) * blocks.width ** 2),
  });
  return { examples: 0, losses, ...(a && { a: empty(a, input!.dIn) }), ...(b && { b: empty(b, dOut) }) };
}
