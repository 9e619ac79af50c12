/**
 * @file The origin of a loss that is not finite: the first sample with such a loss and, traced backwards from there,
 * the value that is not finite although its inputs are. Minus infinity alone is not traced from NaN, because attention
 * masks contain it.
 */
import type { Engine } from "../engine/engine.ts";
import { int, type Model, type Node } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { sizeOf, type Tensor } from "../onnx/tensor.ts";
import type { Feeds } from "./feeds.ts";
import { moduleNames } from "./maps/moduleName.ts";
import { lossGraph } from "./nodes/lossGraph.ts";
import type { ProbeOptions } from "./probeOptions.ts";

/** The kinds of floats in a value that is not finite. */
type Kind = "NaN" | "Infinity" | "-Infinity";
const kinds: readonly Kind[] = ["NaN", "Infinity", "-Infinity"];

export interface NotFinite {
  /** Index in the batch, from 0. */
  readonly sample: number;
  readonly kind: Kind;
  /** "the output y of Exp in blocks.0.act", or "the weight blocks.0.up.weight". */
  readonly where: string;
}

/** @returns undefined where every loss of the batch is finite */
export async function findNotFinite(
  engine: Engine,
  model: Model,
  { objective, parameters = [], same = new Set() }: Pick<ProbeOptions, "objective" | "parameters" | "same">,
  feeds: Feeds,
): Promise<NotFinite | undefined> {
  const { graph, values, perSample } = await lossGraph(engine, model, objective, parameters, feeds);
  const losses = await run(engine, { ...model, graph: { ...graph, outputs: [{ name: perSample }] } }, feeds);
  const found = losses[perSample]!.data as Float32Array;
  const at = found.findIndex((loss) => !Number.isFinite(loss));
  if (at < 0) return undefined;
  const sample = Math.floor((at * (values.get(perSample)!.shape[0] ?? 1)) / found.length);
  const flags = await flagsOf(engine, model, graph, values, copies(feeds, sample, same));
  const kindOf = (name: string) => kinds.find((kind) => flags.get(name)?.has(kind));
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  let name = perSample;
  for (;;) {
    const kind = kindOf(name);
    const inputs = makers.get(name)?.inputs ?? [];
    const next = kinds.flatMap((one) => inputs.filter((input) => kindOf(input) === one))[0];
    if (next === undefined || (kindOf(next) === "-Infinity" && kind === "NaN"))
      return { sample, kind: kind ?? "NaN", where: inWords(model, name, makers.get(name)) };
    name = next;
  }
}

function inWords({ graph }: Model, name: string, node: Node | undefined): string {
  if (node === undefined) return graph.initializers.has(name) ? `the weight ${name}` : `the input ${name}`;
  const weight = node.inputs.find((input) => graph.initializers.has(input)) ?? "";
  const module = moduleNames(graph)(node, weight);
  return `the output ${name} of ${node.op}${module === "" ? "" : ` in ${module}`}`;
}

/** The kinds of floats in each value, one flag per kind. */
async function flagsOf(
  engine: Engine,
  model: Model,
  graph: Model["graph"],
  values: ReadonlyMap<string, { readonly dtype: string; readonly shape: readonly number[] }>,
  feeds: Feeds,
): Promise<Map<string, Set<Kind>>> {
  const flags = new Map<string, Set<Kind>>();
  const note = (name: string, kind: Kind) => flags.set(name, (flags.get(name) ?? new Set()).add(kind));
  for (const [name, { data }] of [...graph.initializers, ...Object.entries(feeds)])
    if (data instanceof Float32Array)
      for (const value of data) if (!Number.isFinite(value)) note(name, String(value) as Kind);
  const builder = new GraphBuilder("not finite", graph);
  const outputs = new Map<string, readonly [string, Kind]>();
  const add = (name: string, kind: Kind, mask: string) => {
    const most = builder.op("ReduceMax", [builder.op("Cast", [mask], { to: int(1) })], { keepdims: int(0) });
    outputs.set(builder.output(most), [name, kind]);
  };
  for (const name of graph.nodes.flatMap((node) => node.outputs)) {
    const value = values.get(name);
    if (value?.dtype !== "float32" || sizeOf(value.shape) === 0) continue;
    add(name, "NaN", builder.op("IsNaN", [name]));
    add(name, "Infinity", builder.op("IsInf", [name], { detect_negative: int(0) }));
    add(name, "-Infinity", builder.op("IsInf", [name], { detect_positive: int(0) }));
  }
  const found = await run(engine, { ...model, graph: builder.build() }, feeds);
  for (const [output, [name, kind]] of outputs) if ((found[output]!.data as Float32Array)[0] === 1) note(name, kind);
  return flags;
}

async function run(engine: Engine, model: Model, feeds: Feeds): Promise<Record<string, Tensor>> {
  const program = await engine.compile(model, { optimize: false });
  try {
    return await program.run(Object.fromEntries(program.inputNames.map((name) => [name, feeds[name]!])));
  } finally {
    await program.dispose();
  }
}

/** The batch with one of its samples repeated in every position, so that its shapes stay. */
function copies(feeds: Feeds, sample: number, same: ReadonlySet<string>): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => {
      if (same.has(name) || tensor.shape.length === 0) return [name, tensor];
      const size = tensor.data.length / tensor.shape[0]!;
      const data = tensor.data.slice() as Float32Array;
      const one = data.slice(sample * size, (sample + 1) * size);
      for (let at = 0; at < data.length; at += size) data.set(one, at);
      return [name, { ...tensor, data } as Tensor];
    }),
  );
}
