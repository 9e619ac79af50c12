/**
 * @file Sums by class of a classifier's last map, inside the graph: a product with one-hot labels (docs/theory.md Eq.
 * 66). Rows are centred as for the other sums (momentNodes.ts); float64 restores the mean outside (`addClasses`).
 */
import { IGNORED, type Objective, type OwnLoss } from "../../objectives/objective.ts";
import { int } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { float32, int64, sizeOf } from "../../onnx/tensor.ts";
import type { Measurable } from "../maps/linearMap.ts";
import type { LossGraph } from "./lossGraph.ts";

/** The map whose outputs are the classes, and the value with the labels of its rows. */
export interface Classifier {
  readonly map: Measurable;
  readonly target: string;
  readonly classes: number;
}

/** chosen: sums over more classes cost more memory than they are worth; a vocabulary is no set of classes. */
const MOST_CLASSES = 1024;

/** The last linear map with one output per class and one row per label; undefined without one. */
export function findClassifier(
  maps: readonly Measurable[],
  { pair }: LossGraph,
  objective: Objective | OwnLoss,
): Classifier | undefined {
  if (pair === undefined || objective.lossOutput !== undefined || objective.classAxis === undefined) return undefined;
  const { output, target } = pair;
  const axis = objective.classAxis(output.shape, target.shape);
  const classes = output.shape[axis]!;
  if (axis !== output.shape.length - 1 || classes > MOST_CLASSES) return undefined;
  const map = maps.findLast(
    ({ kind, dOut, rows }) => kind === "linear" && dOut === classes && rows === sizeOf(target.shape),
  );
  return map && { map, target: target.name, classes };
}

/**
 * Adds the sums by class.
 *
 * @param rows centred rows (n, d) of h_a and h_b by key "ha", "hb"
 * @returns output names `class.counts` (classes), and for X in ha, hb `class.X` (classes, d), `class.X2` (classes, 1)
 */
export function addClassNodes(
  builder: GraphBuilder,
  { target, classes }: Omit<Classifier, "map">,
  rows: Readonly<Record<"ha" | "hb", string>>,
): Record<string, string> {
  const labels = builder.op("Reshape", [target, builder.ints([-1])]);
  const isIgnored = builder.op("Equal", [labels, builder.constant(int64([IGNORED], []))]);
  // One beyond the last class: a row of zeros.
  const kept = builder.op("Where", [isIgnored, builder.constant(int64([classes], [])), labels]);
  const depth = builder.constant(int64([classes], []));
  const oneHot = builder.op("OneHot", [kept, depth, builder.constant(float32(Float32Array.of(0, 1), [2]))]);
  const names: Record<string, string> = {
    "class.counts": builder.op("ReduceSum", [oneHot, builder.ints([0])], { keepdims: int(0) }),
  };
  for (const key of ["ha", "hb"] as const) {
    const squares = builder.op("ReduceSumSquare", [rows[key], builder.ints([1])], { keepdims: int(1) });
    names[`class.${key}`] = builder.op("Gemm", [oneHot, rows[key]], { transA: int(1) });
    names[`class.${key}2`] = builder.op("Gemm", [oneHot, squares], { transA: int(1) });
  }
  return names;
}
