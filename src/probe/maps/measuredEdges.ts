/** @file The edges among the measured maps, and the noise sums that they need (docs/theory.md Eq. 122). */
import type { BrokenEdge, EdgeEnd, Edges, MapEdge } from "../../moments/edges.ts";
import type { Side } from "../../moments/moments.ts";
import type { NoiseBlocks } from "../../moments/noiseSums.ts";
import { type NoisePlan, way } from "../nodes/noiseNodes.ts";
import { findEdges } from "./edges.ts";
import { ExampleLayouts } from "./exampleRows.ts";
import type { GraphContext, Measurable } from "./linearMap.ts";

/** The noise sums of each map, by name. */
export type NoisePlans = ReadonlyMap<string, NoisePlan>;

interface Taken {
  readonly map: Measurable;
  readonly sample: object | undefined;
}

/**
 * The edges of a graph. A pair with a map that is not measured whole is among the broken ones.
 *
 * @param all maps of the graph
 * @param taken the measured maps
 * @param loss name of the losses
 */
export function edgesOf(all: readonly Measurable[], taken: readonly Taken[], s: GraphContext, loss: string): Edges {
  const { pairs, broken } = findEdges(all, s, { loss, nameOf: (node) => s.moduleName(node, node.inputs[1] ?? "") });
  const names = new Set(taken.filter(({ sample }) => sample === undefined).map(({ map }) => map.name));
  const isTaken = ({ first, second, secondEnd }: MapEdge) => names.has(first) && (!secondEnd || names.has(second));
  const left = pairs.filter((edge) => !isTaken(edge) && (edge.head ?? 0) === 0);
  const notTaken = left.map(
    ({ first, second }): BrokenEdge => ({ first, second, reason: "one of the two is not measured whole" }),
  );
  return { pairs: pairs.filter(isTaken), broken: [...broken, ...notTaken] };
}

/**
 * The noise sums of each map for its pairs.
 *
 * @param options.same inputs that are the same for all examples
 * @param options.examples per batch
 * @param options.losses per example
 * @param options.widest representation that is summed
 */
export function noisePlans(
  pairs: readonly MapEdge[],
  taken: readonly Taken[],
  {
    context,
    same,
    examples,
    losses,
    widest,
  }: {
    readonly context: GraphContext;
    readonly same: ReadonlySet<string> | undefined;
    readonly examples: number;
    readonly losses: number;
    readonly widest: number;
  },
): NoisePlans {
  const blocks = new Map<string, Partial<Record<Side, Omit<NoiseBlocks, "sum">>>>();
  for (const { first, second, firstEnd, secondEnd, width, symmetry } of pairs) {
    if (symmetry === "scale" || width > widest) continue;
    for (const [name, end] of [
      [first, firstEnd],
      [second, secondEnd!],
    ] as const satisfies readonly (readonly [string, EdgeEnd])[]) {
      const known = blocks.get(name) ?? {};
      known[end.side] ??= { width, outer: end.outer, inner: end.inner };
      blocks.set(name, known);
    }
  }
  const plans = new Map<string, NoisePlan>();
  if (blocks.size === 0) return plans;
  const layouts = new ExampleLayouts(examples, context, same);
  for (const { map } of taken) {
    const wanted = blocks.get(map.name);
    const rows = wanted && layouts.rowsOf(map);
    if (!wanted || !rows || map.input === undefined) continue;
    if (rows.outer * rows.inner > 1 && way(rows, map.input.dIn, map.dOut) === undefined) continue;
    plans.set(map.name, { rows, losses, ...wanted });
  }
  return plans;
}
