/**
 * @file Which example of a batch, an entry of the first axis of its inputs, each row of a map belongs to. Rows of one
 * example (pixels, tokens) are consecutive, or strided in a network whose first axis runs over tokens.
 */
import { intAttribute, type Node } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { scanParts } from "../../onnx/scan.ts";
import { einsumLetters } from "./einsumLetters.ts";
import type { GraphContext, Measurable } from "./linearMap.ts";
import { type Axis, byAxis, type Layout, plain, relaid, reshapedAlike } from "./valueLayout.ts";

/** Row (o * n + e) * inner + i belongs to example e of n. */
export interface ExampleRows {
  readonly n: number;
  readonly outer: number;
  readonly inner: number;
}

/** Follows the examples through the graph. @param n examples per batch @param same inputs without an example axis */
export class ExampleLayouts {
  private readonly layouts = new Map<string, Layout>();
  private readonly n: number;
  private readonly s: GraphContext;

  constructor(n: number, s: GraphContext, same: ReadonlySet<string> = new Set()) {
    this.n = n;
    this.s = s;
    for (const { name } of s.graph.inputs) {
      const shape = s.values.get(name)?.shape;
      if (shape?.[0] === n && !s.isWeight(name) && !same.has(name))
        this.layouts.set(name, { offset: 0, axes: [{ extent: n, step: 1 }, ...shape.slice(1).map(plain)] });
    }
    for (const node of s.graph.nodes)
      for (const [i, layout] of this.outputLayouts(node).entries())
        if (layout) this.layouts.set(node.outputs[i]!, layout);
  }

  /** How the rows of a map belong to examples; undefined where not known. */
  rowsOf({ rows, hb, layout }: Measurable): ExampleRows | undefined {
    const { n } = this;
    if (rows === n || n === 1) return { n, outer: 1, inner: rows / n };
    const of = this.layouts.get(hb);
    const both = of && layout && inCommon(of.axes, layout);
    if (both === undefined) return undefined;
    const samples = both.filter(([, output]) => output.step === null).map(([example]) => example);
    const at = samples.findIndex(({ step }) => step !== null);
    const size = (axes: readonly Axis[]) => axes.reduce((product, { extent }) => product * extent, 1);
    if (
      at < 0 ||
      samples[at]!.extent !== n ||
      both.some(([example, output]) => example.step !== null && output.step !== null)
    )
      return undefined;
    const [outer, inner] = [size(samples.slice(0, at)), size(samples.slice(at + 1))];
    return n * outer * inner === rows ? { n, outer, inner } : undefined;
  }

  /** The known layouts of a node's outputs. */
  private outputLayouts(node: Node): (Layout | undefined)[] {
    const { values, isWeight } = this.s;
    const source = node.inputs.find((name) => this.layouts.has(name));
    if (source === undefined || node.domain !== "" || !values.has(node.outputs[0]!)) return [];
    if (node.op === "Scan") return this.afterScan(node);
    const layout = this.layouts.get(source)!;
    const [from, to] = [values.get(source)!.shape, values.get(node.outputs[0]!)!.shape];
    const groups = byAxis(layout.axes, from);
    if (node.op === "Gather" && source === node.inputs[1] && intAttribute(node, "axis", 0) === 0)
      return [{ offset: 0, axes: [...layout.axes, ...to.slice(from.length).map(plain)] }];
    const known = source === node.inputs[0] ? relaid(node, layout, this.s) : undefined;
    if (known !== undefined) return known;
    if (node.op === "MatMul" || node.op === "Gemm") {
      const isPlain = source === node.inputs[0] && !intAttribute(node, "transA", 0) && groups !== undefined;
      const isOuter = isPlain && (isWeight(node.inputs[1]!) || from.length === to.length);
      return isOuter ? [{ ...layout, axes: [...groups.slice(0, -1).flat(), plain(to.at(-1)!)] }] : [];
    }
    if (node.op === "Einsum") {
      const letters = einsumLetters(node);
      if (letters === undefined || groups === undefined) return [];
      const own = letters[node.inputs.indexOf(source)]!;
      const axes = [...letters[2]].map((letter, axis) => groups[own.indexOf(letter)] ?? [plain(to[axis]!)]);
      return [{ ...layout, axes: axes.flat() }];
    }
    const alike = from.length === to.length ? reshapedAlike(layout, from, to) : undefined;
    return node.outputs.map((_, i) => (i === 0 ? alike : undefined));
  }

  /** Outputs of a Scan over time: examples keep the layout that they have in a slice of its inputs. */
  private afterScan(node: Node): (Layout | undefined)[] {
    const { body, states, inputs, outputs } = scanParts(node);
    const { values } = this.s;
    const read = inputs.find(({ name }) => this.layouts.has(name));
    if (read === undefined || read.axis !== 0 || body.nodes.some(({ op }) => MOVES.has(op))) return [];
    const [, ...slice] = values.get(read.name)!.shape;
    const layout = this.layouts.get(read.name)!;
    const [time, ...groups] = byAxis(layout.axes, [values.get(read.name)!.shape[0]!, ...slice]) ?? [];
    if (time === undefined || time.some(({ step }) => step !== null)) return [];
    const within = { ...layout, axes: groups.flat() };
    const alike = (inner: string) => reshapedAlike(within, slice, values.get(inner)?.shape ?? []);
    return [
      ...states.map(({ made }) => alike(made)),
      ...outputs.map(({ name, inner, axis }) => {
        const own = axis === 0 ? alike(inner) : undefined;
        return own && { ...own, axes: [plain(values.get(name)!.shape[0]!), ...own.axes] };
      }),
    ];
  }
}

/** Operators that may move an axis of their inputs. */
const MOVES: ReadonlySet<string> = new Set([
  ...["Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Einsum", "Gather", "GatherND", "ScatterND", "Tile"],
  ...["DepthToSpace", "SpaceToDepth", "Loop", "Scan", "If"],
]);

/** Two partitions of the same memory, refined to common axes; undefined where one cuts through a step of the other. */
function inCommon(x: readonly Axis[], y: readonly Axis[]): (readonly [Axis, Axis])[] | undefined {
  const finer = byAxis(
    x,
    y.map(({ extent }) => extent),
  );
  if (finer === undefined) return undefined;
  return finer.flatMap((group, i) => {
    const { step } = y[i]!;
    return group.map((axis, j) => {
      const inner = group.slice(j + 1).reduce((product, { extent }) => product * extent, 1);
      return [axis, { extent: axis.extent, step: step === null ? null : step * inner }] as const;
    });
  });
}

/** Rows (rows, d) as (n, rows of an example, d). */
export function asExamples(builder: GraphBuilder, rows: string, { n, outer, inner }: ExampleRows, d: number): string {
  if (outer === 1) return builder.op("Reshape", [rows, builder.ints([n, inner, d])]);
  const apart = builder.op("Reshape", [rows, builder.ints([outer, n, inner, d])]);
  const together = builder.op("Transpose", [apart], { perm: { ints: [1, 0, 2, 3] } });
  return builder.op("Reshape", [together, builder.ints([n, outer * inner, d])]);
}
