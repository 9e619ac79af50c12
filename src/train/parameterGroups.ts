/**
 * @file How parameters travel through the training loop: each matrix (or larger tensor) on its own, all vectors
 * (biases) together in one flat vector. One update of many small vectors costs one node instead of many. Joining
 * matrices as well would copy all of them twice a step, and their updates would no longer fit in a core's first cache.
 */
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32, sizeOf, type Tensor } from "../onnx/tensor.ts";

export interface ParameterGroup {
  /** Name of the parameter, or "vectors". */
  readonly name: string;
  readonly shape: readonly number[];
  readonly members: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

const VECTORS = "vectors";

/** @param shapes shape of each parameter, in the network's order */
export function groupParameters(shapes: ReadonlyMap<string, readonly number[]>): ParameterGroup[] {
  const all = [...shapes].map(([name, shape]) => ({ name, shape }));
  const vectors = groupVectors(VECTORS, new Map([...shapes].filter(([, shape]) => shape.length < 2)));
  const others = all.filter(({ shape }) => shape.length >= 2);
  const groups: ParameterGroup[] = others.map((member) => ({ ...member, members: [member] }));
  return vectors === undefined ? groups : [...groups, vectors];
}

/** One flat vector of all values of the given shapes, in order; undefined for no shapes. */
export function groupVectors(name: string, shapes: ReadonlyMap<string, readonly number[]>): ParameterGroup | undefined {
  if (shapes.size === 0) return undefined;
  const members = [...shapes].map(([member, shape]) => ({ name: member, shape }));
  return { name, shape: [members.reduce((sum, { shape }) => sum + sizeOf(shape), 0)], members };
}

/** The values of each group by its name, from values by parameter. */
export function pack(
  groups: readonly ParameterGroup[],
  values: ReadonlyMap<string, ArrayLike<number>>,
): Map<string, Float32Array> {
  return new Map(
    groups.map(({ name, shape, members }) => {
      const packed = new Float32Array(sizeOf(shape));
      let offset = 0;
      for (const member of members) {
        packed.set(values.get(member.name)!, offset);
        offset += sizeOf(member.shape);
      }
      return [name, packed];
    }),
  );
}

/** Each parameter as a view into its group's values. */
export function unpack(
  groups: readonly ParameterGroup[],
  packed: ReadonlyMap<string, Float32Array>,
): Map<string, Tensor> {
  const views = new Map<string, Tensor>();
  for (const { name, members } of groups) {
    let offset = 0;
    for (const member of members) {
      const size = sizeOf(member.shape);
      views.set(member.name, float32(packed.get(name)!.subarray(offset, offset + size), member.shape));
      offset += size;
    }
  }
  return views;
}

/** chosen: a shader of WebGPU binds eight buffers or a few more; the input of a Split is one of them. */
const SPLIT_OUTPUTS = 6;

/** Gives the members of a group their own names, by a tree of splits with few outputs each. */
export function nameMembers(g: GraphBuilder, { members }: ParameterGroup, value: string): void {
  const outputs = members.map(({ name }) => name);
  if (members.length === 1) g.ops("Identity", [value], {}, { outputs });
  else
    splitInto(
      g,
      value,
      members.map(({ name, shape }) => ({ name, size: sizeOf(shape) })),
    );
}

function splitInto(g: GraphBuilder, value: string, pieces: readonly { name: string; size: number }[]): void {
  const each = Math.ceil(pieces.length / SPLIT_OUTPUTS);
  const runs = Array.from({ length: Math.ceil(pieces.length / each) }, (_, i) =>
    pieces.slice(i * each, (i + 1) * each),
  );
  const sizes = runs.map((run) => run.reduce((sum, { size }) => sum + size, 0));
  const outputs = runs.map((run) => (run.length === 1 ? run[0]!.name : `${value}/from/${run[0]!.name}`));
  g.ops("Split", [value, g.ints(sizes)], {}, { outputs });
  runs.forEach((run, i) => {
    if (run.length > 1) splitInto(g, outputs[i]!, run);
  });
}
