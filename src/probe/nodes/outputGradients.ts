/**
 * @file Gradients of the network's outputs (not of its loss) at every map: sum over samples and outputs k of
 * (df_k/dh_b)(df_k/dh_b)^T. The average gradient outer product of the map's input follows as W^T .. W (docs/theory.md
 * Eq. 72).
 *
 * One backward pass per output. With more outputs than passes, random sign vectors replace the outputs; the mean is the
 * same.
 */
import { addGradients } from "../../autodiff/gradient.ts";
import type { Engine, Program } from "../../engine/engine.ts";
import type { OutputGradients } from "../../moments/moments.ts";
import { int, type Model } from "../../onnx/graph.ts";
import { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { float32 } from "../../onnx/tensor.ts";
import { Random } from "../../random/random.ts";
import type { Feeds } from "../feeds.ts";
import { gradientAt, type Measurable } from "../maps/linearMap.ts";
import type { LossGraph } from "./lossGraph.ts";

const DIRECTION = "outputs/direction";

/** A program that takes one direction v of the outputs and gives the Gram matrices of d(v f)/dh_b of every map. */
export interface OutputGradientProgram {
  readonly program: Program;
  readonly outputs: number;
  /** Names of the Gram matrices by index of the map; undefined where f does not depend on it. */
  readonly grams: readonly (string | undefined)[];
  /** Maps whose Gram matrices were zero with every factor; they are skipped from then on. */
  readonly zeros: Set<string>;
}

/** @returns undefined where the output is not one row of values per sample */
export async function compileOutputGradients(
  engine: Engine,
  model: Model,
  loss: LossGraph,
  maps: readonly Measurable[],
  threads: number,
): Promise<OutputGradientProgram | undefined> {
  const output = loss.pair?.output;
  if (output === undefined || output.shape.length !== 2) return undefined;
  const [n, outputs] = output.shape as [number, number];
  const builder = new GraphBuilder("outputs", loss.graph);
  const direction = builder.input(DIRECTION, "float32", [outputs]);
  const along = builder.op("Mul", [output.name, direction]);
  const graph = { ...loss.graph, nodes: [...loss.graph.nodes, builder.build().nodes.at(-1)!] };
  const values = new Map(loss.values).set(along, { dtype: "float32", shape: [n, outputs] });
  values.set(direction, { dtype: "float32", shape: [outputs] });
  const gradients = addGradients(builder, graph, { of: along, wrt: [...new Set(maps.map(gradientAt))], values });
  const grams = maps.map((map) => {
    const gradient = gradients.get(gradientAt(map));
    if (gradient === undefined) return undefined;
    const rows = map.outputRows(builder, gradient);
    const gram = builder.op("Gemm", [rows, rows], { transA: int(1) });
    builder.output(gram);
    return gram;
  });
  const program = await engine.compile({ ...model, graph: builder.build() }, { threads });
  return { program, outputs, grams, zeros: new Set() };
}

/** chosen: squares of gradients from 1e-37 to 1e37 are within float32 for one of the three. */
const FACTORS = [1, 2 ** 60, 2 ** -60] as const;
const LEAST = 2 ** -90;

/**
 * Whether float32 has held the squares: they may underflow to 0. @param gram (d, d), whose largest entry is on its
 * diagonal
 */
function isInRange(gram: Float32Array): boolean {
  const d = Math.sqrt(gram.length);
  let largest = 0;
  for (let i = 0; i < gram.length; i += d + 1) largest = Math.max(largest, gram[i]!);
  return largest > LEAST && largest < Number.POSITIVE_INFINITY;
}

/** Adds one batch to the sums of every map, with at most `passes` backward passes. */
export async function addOutputGradients(
  { program, outputs, grams, zeros }: OutputGradientProgram,
  into: readonly (OutputGradients | undefined)[],
  feeds: Feeds,
  { passes, seed }: { passes: number; seed: string },
): Promise<void> {
  const exact = outputs <= passes;
  const random = new Random(0).split(`output directions ${seed}`);
  const used: Record<string, Feeds[string]> = {};
  for (const name of program.inputNames) if (feeds[name] !== undefined) used[name] = feeds[name];
  for (let pass = 0; pass < Math.min(outputs, passes); pass++) {
    const direction = new Float32Array(outputs);
    if (exact) direction[pass] = 1;
    else for (let k = 0; k < outputs; k++) direction[k] = random.below(2) === 0 ? -1 : 1;
    const along = (factor: number) =>
      program.run({
        ...used,
        [DIRECTION]: float32(factor === 1 ? direction : direction.map((v) => factor * v), [outputs]),
      });
    const [usual, ...others] = FACTORS;
    const found = [{ factor: usual as number, outputs: await along(usual) }];
    const isOut = (name: string | undefined, i: number) =>
      name !== undefined &&
      into[i] !== undefined &&
      !zeros.has(name) &&
      !found.some(({ outputs: of }) => isInRange(of[name]!.data as Float32Array));
    for (const factor of others) if (grams.some(isOut)) found.push({ factor, outputs: await along(factor) });
    grams.forEach((name, i) => {
      const sum = into[i];
      if (name === undefined || sum === undefined) return;
      if (isOut(name, i) && (found[0]!.outputs[name]!.data as Float32Array).every((value) => value === 0))
        zeros.add(name);
      const best = found.find(({ outputs: of }) => isInRange(of[name]!.data as Float32Array)) ?? found[0]!;
      const gram = best.outputs[name]!.data as Float32Array;
      const weight = (exact ? 1 : 1 / passes) / best.factor ** 2;
      for (let e = 0; e < gram.length; e++) sum.sum[e]! += weight * gram[e]!;
      sum.exact &&= exact;
    });
  }
}
