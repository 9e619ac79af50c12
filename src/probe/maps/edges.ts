/**
 * @file Which map of a graph feeds which, and which symmetry of the loss survives between them (docs/theory.md Eq.
 * 122). The search follows the outputs of each map through the operators after it, to the next map, a normalization, or
 * an operator that breaks every symmetry.
 */
import type { BrokenEdge, EdgeEnd, Edges, MapEdge, PairSymmetry } from "../../moments/edges.ts";
import { readsOf } from "../../onnx/branches.ts";
import { intAttribute, intsAttribute, type Node, stringAttribute } from "../../onnx/graph.ts";
import { sizeOf } from "../../onnx/tensor.ts";
import { type AttentionNodes, findAttentions, type Operand } from "./attentionNodes.ts";
import { einsumLetters } from "./einsumLetters.ts";
import { type GraphContext, gradientAt, type Measurable } from "./linearMap.ts";
import { type Axis, byAxis, isCut, type Layout, plain, relaid, reshapedAlike } from "./valueLayout.ts";

/** A value on the path from a map. */
interface Place {
  readonly value: string;
  /** The output of the map that each entry belongs to. */
  readonly layout: Layout;
  readonly symmetry: Exclude<PairSymmetry, "scale">;
  readonly through: readonly string[];
  /** After the weighted sum of an attention: the first output of each head, and the number of its outputs. */
  readonly heads?: HeadOutputs;
}

interface HeadOutputs {
  readonly from: readonly number[];
  readonly width: number;
}

/** The end of a path. */
type End =
  | { readonly kind: "map"; readonly place: Place; readonly map: Measurable }
  | { readonly kind: "normalization"; readonly place: Place; readonly node: Node; readonly together: number }
  | { readonly kind: "scores"; readonly place: Place; readonly node: Node; readonly operand: Operand }
  | { readonly kind: "broken"; readonly value: string; readonly reason: string };

const POSITIVELY_HOMOGENEOUS: Readonly<Record<string, string>> = {
  ...{ Relu: "ReLU", LeakyRelu: "leaky ReLU", PRelu: "PReLU", Abs: "absolute value" },
  ...{ MaxPool: "max pooling", GlobalMaxPool: "max pooling" },
};
/** Operators that are linear over positions alone. */
const AVERAGES: ReadonlySet<string> = new Set(["AveragePool", "GlobalAveragePool"]);
/** Operators over positions. */
const REDUCTIONS: Readonly<Record<string, string>> = {
  ...{ ReduceMean: "average pooling", ReduceSum: "sum over positions", ReduceMax: "max pooling" },
};
const NORMALIZATIONS: ReadonlySet<string> = new Set([
  ...["BatchNormalization", "InstanceNormalization", "GroupNormalization"],
  ...["LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"],
]);
/** chosen: no longer paths between two maps are known. */
const MOST_STEPS = 64;

/**
 * The edges between maps of a graph.
 *
 * @param maps those of a graph, in their order
 * @param options.loss the losses; values that they do not depend on are ignored
 * @param options.nameOf name of a normalization
 */
export function findEdges(
  maps: readonly Measurable[],
  s: GraphContext,
  { loss, nameOf }: { readonly loss: string; readonly nameOf: (node: Node) => string },
): Edges {
  const pairs: MapEdge[] = [];
  const broken: BrokenEdge[] = [];
  const add = (found: readonly MapEdge[] | string, first: string, second: string | null): void => {
    if (typeof found === "string") broken.push({ first, second, reason: found });
    else pairs.push(...found);
  };
  const walker = new Walker(maps, s, loss);
  const scores = new Map<Node, Partial<Record<Operand, { map: Measurable; place: Place }>>>();
  for (const map of maps) {
    if (map.input === undefined) continue;
    const ends = endsOf(map, walker);
    if (typeof ends === "string") {
      add(ends, map.name, null);
      continue;
    }
    for (const end of ends) {
      if (end.kind === "map" && walker.sharesWeights(end.map))
        add("the weights of the map above are used more than once", map.name, end.map.name);
      else if (end.kind === "map") add(adjacent(map, end.place, end.map, s), map.name, end.map.name);
      else if (end.kind === "broken") add(end.reason, map.name, walker.nearest(end.value));
      else if (end.kind === "normalization") add(normalized(map, end, nameOf(end.node)), map.name, nameOf(end.node));
      else scores.set(end.node, { ...scores.get(end.node), [end.operand]: { map, place: end.place } });
    }
  }
  for (const [node, { queries, keys }] of scores) {
    const found =
      queries && keys
        ? attentionScores(node, queries, keys, s)
        : "the other factor of the scores comes by another path";
    add(found, (queries ?? keys!).map.name, queries ? (keys?.map.name ?? null) : null);
  }
  const order = new Map(maps.map(({ name }, i) => [name, i]));
  const at = ({ first }: { readonly first: string }) => order.get(first)!;
  return { pairs: pairs.sort((x, y) => at(x) - at(y)), broken: broken.sort((x, y) => at(x) - at(y)) };
}

/** The ends of all paths from a map, or the reason why it shares no symmetry with any other. */
function endsOf(map: Measurable, walker: Walker): readonly End[] | string {
  const { layout, input } = map;
  if (layout === undefined) return "its weights are part of an operator's weights, or scaled";
  if (walker.sharesWeights(map)) return "its weights are used more than once";
  const ends = walker.ends({
    value: gradientAt(map),
    layout: { offset: 0, axes: layout },
    symmetry: "rotation",
    through: [],
  });
  return ends.length > 0 && input!.bias === undefined
    ? "the constant added to its outputs is not one value for each"
    : ends;
}

class Walker {
  private readonly s: GraphContext;
  private readonly users = new Map<string, Node[]>();
  private readonly byNode: ReadonlyMap<Node, Measurable>;
  private readonly attentions: AttentionNodes;

  constructor(maps: readonly Measurable[], s: GraphContext, loss: string) {
    this.s = s;
    for (const node of liveNodes(s, loss))
      for (const name of new Set(valueInputs(node))) this.users.set(name, [...(this.users.get(name) ?? []), node]);
    this.byNode = new Map(maps.flatMap((map) => (map.input?.reads ? [[map.input.reads.node, map] as const] : [])));
    this.attentions = findAttentions(s);
  }

  /** The ends of all paths from a place; empty where they lead to the loss. */
  ends(place: Place, steps = 0): End[] {
    const users = this.users.get(place.value) ?? [];
    const broken = (reason: string): End[] => [{ kind: "broken", value: place.value, reason }];
    if (users.length === 0) return [];
    if (steps > MOST_STEPS) return broken("the path to the next map is too long");
    if (users.length > 1 && !users.every(isCut)) return this.leadsToMaps(place.value) ? broken(branch(users)) : [];
    return users.flatMap((node) => this.step(node, place, steps));
  }

  /** The first map that a value leads to. */
  nearest(value: string): string | null {
    const seen = new Set([value]);
    for (const name of seen)
      for (const node of this.users.get(name) ?? []) {
        const map = this.byNode.get(node);
        if (map !== undefined) return map.name;
        for (const output of node.outputs) seen.add(output);
      }
    return null;
  }

  /** Whether another node reads the weights of a map as well. */
  sharesWeights({ input }: Measurable): boolean {
    const weights =
      input!.reads?.node.inputs.filter((name) => name !== input!.reads!.value && this.s.isWeight(name)) ?? [];
    // A map that the loss does not depend on has none of the nodes considered.
    const uses = (name: string) => this.users.get(name)?.length ?? 0;
    return weights.some((name) => uses(name) > 1 && this.s.values.get(name)!.shape.length > 1);
  }

  private leadsToMaps(value: string): boolean {
    return this.nearest(value) !== null;
  }

  /** The ends of the path through one node that reads the place. */
  private step(node: Node, place: Place, steps: number): End[] {
    const broken = (reason: string) => this.broken(place, reason);
    const map = this.byNode.get(node);
    if (map !== undefined && map.input!.reads!.value === place.value) return [{ kind: "map", place, map }];
    const isSeen = node.inputs.includes(place.value) && this.s.values.has(node.outputs[0]!);
    if (node.domain !== "" || !isSeen || node.inputs.filter((name) => name === place.value).length > 1)
      return broken(`${node.op} stands in between`);
    const operand = this.attentions.operandOf(node, place.value);
    if (operand === "queries" || operand === "keys") return [{ kind: "scores", place, node, operand }];
    if (operand === "values") {
      const summed = afterAttention(node, place, this.s);
      return summed
        ? this.on(place, steps, node.outputs[0]!, summed.layout, summed.change)
        : broken("an attention whose heads share values");
    }
    const ends = this.throughFirstInput(node, place, steps) ?? this.throughFactor(node, place, steps);
    if (ends !== undefined) return ends;
    if (node.op === "Scan") return broken("a recurrence over time stands in between");
    if (node.op === "Add" || node.op === "Sub" || node.op === "Sum") {
      const isConstant = node.inputs.some((name) => this.s.isWeight(name));
      return broken(isConstant ? "a constant is added after it" : "another branch is added (residual)");
    }
    if (node.op === "Concat") return broken("its outputs are joined with other values (Concat)");
    return broken(`${node.op} is not positively homogeneous, or mixes its outputs`);
  }

  private broken(place: Place, reason: string): End[] {
    return this.leadsToMaps(place.value) ? [{ kind: "broken", value: place.value, reason }] : [];
  }

  /** The ends of the path from the next value on. */
  private on(place: Place, steps: number, value: string, layout: Layout, change: Partial<Place> = {}): End[] {
    return this.ends({ ...place, ...change, value, layout }, steps + 1);
  }

  /** Through operators that rearrange, normalize, rectify or pool their first input; undefined for any other. */
  private throughFirstInput(node: Node, place: Place, steps: number): End[] | undefined {
    if (node.inputs[0] !== place.value) return undefined;
    const { values } = this.s;
    const [output] = node.outputs as [string];
    const parts = relaid(node, place.layout, this.s);
    if (parts !== undefined)
      return node.outputs.flatMap((name, i) =>
        parts[i] ? this.on(place, steps, name, parts[i]) : this.broken(place, `${node.op} cuts through its outputs`),
      );
    if (NORMALIZATIONS.has(node.op)) {
      const together = normalizedTogether(node, place.layout, this.s);
      if (together !== undefined) return [{ kind: "normalization", place, node, together }];
    }
    const alike = reshapedAlike(place.layout, values.get(place.value)!.shape, values.get(output)!.shape);
    const homogeneous = Object.hasOwn(POSITIVELY_HOMOGENEOUS, node.op) ? POSITIVELY_HOMOGENEOUS[node.op] : undefined;
    if (alike && homogeneous)
      return this.on(place, steps, output, alike, { symmetry: "rescaling", through: [...place.through, homogeneous] });
    if (alike && AVERAGES.has(node.op))
      return this.on(place, steps, output, alike, { through: [...place.through, "average pooling"] });
    if (alike && node.op === "Pad" && isZeroPad(node, this.s)) return this.on(place, steps, output, alike);
    const reduction = Object.hasOwn(REDUCTIONS, node.op) ? REDUCTIONS[node.op] : undefined;
    const reduced = reduction && afterReduction(node, place, this.s);
    if (!reduced) return undefined;
    const isMax = node.op === "ReduceMax";
    const through = [...place.through, reduction];
    return this.on(place, steps, output, reduced, { through, ...(isMax && { symmetry: "rescaling" as const }) });
  }

  /** Through a product with, or quotient by, a value that does not depend on the place; undefined for others. */
  private throughFactor(node: Node, place: Place, steps: number): End[] | undefined {
    if (node.op !== "Mul" && !(node.op === "Div" && node.inputs[0] === place.value)) return undefined;
    const { values } = this.s;
    const [output] = node.outputs as [string];
    const factor = node.inputs.find((name) => name !== place.value)!;
    const keepsShape = String(values.get(output)!.shape) === String(values.get(place.value)!.shape);
    const isConstant = this.s.isWeight(factor);
    if (!keepsShape || (!isConstant && this.dependsOn(factor, place.value))) return undefined;
    if (sizeOf(values.get(factor)!.shape) === 1) return this.on(place, steps, output, place.layout);
    const through = [...place.through, isConstant ? "factors" : "gate"];
    return this.on(place, steps, output, place.layout, { symmetry: "rescaling", through });
  }

  private dependsOn(value: string, on: string): boolean {
    const seen = new Set([on]);
    for (const node of this.s.graph.nodes)
      if (valueInputs(node).some((name) => seen.has(name))) for (const output of node.outputs) seen.add(output);
    return seen.has(value);
  }
}

/** The nodes that a value is computed from. */
function liveNodes({ graph }: GraphContext, value: string): Node[] {
  const needed = new Set([value]);
  const live: Node[] = [];
  for (const node of [...graph.nodes].reverse())
    if (node.outputs.some((output) => needed.has(output))) {
      live.unshift(node);
      for (const name of readsOf(node)) needed.add(name);
    }
  return live;
}

/** The inputs whose values a node uses, not only their type or shape. */
function valueInputs(node: Node): readonly string[] {
  if (node.op === "Shape" || node.op === "Size") return [];
  return node.op === "CastLike" ? node.inputs.slice(0, 1) : readsOf(node);
}

function branch(users: readonly Node[]): string {
  return `its output branches, to ${users.map(({ op }) => op).join(", ")}`;
}

/** The pairs of two consecutive maps, or the reason where their values have no simple order. */
function adjacent(map: Measurable, place: Place, above: Measurable, s: GraphContext): MapEdge[] | string {
  const reads = above.input!.reads!;
  const columns = columnChannels(place, reads.axes, s);
  if (columns === undefined) return "its outputs are not the columns of the map above";
  const through = place.through.length > 0 ? [...new Set(place.through)].join(", ") : "nothing";
  const edge = { first: map.name, second: above.name, through, symmetry: place.symmetry };
  if (place.heads === undefined) {
    const channels = [...new Set(columns)].sort((x, y) => x - y);
    const [from, width] = [channels[0]!, channels.length];
    const shape = blocksOf(columns, from, width);
    if (shape === undefined || from % width !== 0 || map.dOut % width !== 0)
      return "its outputs reach the map above in another order";
    const secondEnd = { side: "a" as const, from: 0, outer: shape.outer, inner: shape.inner * reads.inner };
    return [{ ...edge, width, firstEnd: rows(from), secondEnd }];
  }
  const { from, width } = place.heads;
  const pairs: MapEdge[] = [];
  for (const [head, first] of from.entries()) {
    const at = columns.indexOf(first);
    const isInOrder =
      at >= 0 && at % width === 0 && Array.from({ length: width }).every((_, i) => columns[at + i] === first + i);
    if (!isInOrder || first % width !== 0 || reads.inner !== 1)
      return "the outputs of its heads reach the map above in another order";
    const secondEnd = { side: "a" as const, from: at, outer: 1, inner: 1 };
    pairs.push({
      ...edge,
      through: ["attention values", ...place.through].join(", "),
      head,
      width,
      firstEnd: rows(first),
      secondEnd,
    });
  }
  return pairs;
}

function rows(from: number): EdgeEnd {
  return { side: "b", from, outer: 1, inner: 1 };
}

/** The output that each column of the map above is, without the positions of its kernel. */
function columnChannels(
  { value, layout }: Place,
  axes: readonly number[],
  { values }: GraphContext,
): number[] | undefined {
  const groups = byAxis(layout.axes, values.get(value)!.shape);
  if (groups === undefined) return undefined;
  const others = groups.filter((_, axis) => !axes.includes(axis)).flat();
  if (others.some(({ step }) => step !== null)) return undefined;
  return indices(
    layout.offset,
    axes.flatMap((axis) => groups[axis]!),
  );
}

/** The followed index of all entries over some axes, in row-major order. */
function indices(offset: number, axes: readonly Axis[]): number[] {
  return axes.reduce<number[]>(
    (all, { extent, step }) => all.flatMap((at) => Array.from({ length: extent }, (_, i) => at + i * (step ?? 0))),
    [offset],
  );
}

/** The form (o * width + c) * inner + i of columns; undefined where they have another form. */
function blocksOf(
  columns: readonly number[],
  from: number,
  width: number,
): { outer: number; inner: number } | undefined {
  const change = columns.findIndex((channel) => channel !== columns[0]);
  const inner = change < 0 ? columns.length : change;
  const isSo = columns.every((channel, j) => channel === from + (Math.floor(j / inner) % width));
  return isSo && columns.length % (inner * width) === 0
    ? { outer: columns.length / (inner * width), inner }
    : undefined;
}

function normalized(
  map: Measurable,
  { place, node, together }: Extract<End, { kind: "normalization" }>,
  second: string,
): MapEdge[] | string {
  if (place.heads !== undefined) return `${node.op} after an attention`;
  const channels = place.layout.axes.filter(({ step }) => step !== null);
  const width = channels.reduce((product, { extent }) => product * extent, 1);
  const from = place.layout.offset;
  if (from % width !== 0 || map.dOut % width !== 0) return "a part of its outputs is normalized";
  const through = [...new Set([...place.through, node.op])].join(", ");
  return [{ first: map.name, second, through, symmetry: "scale", width, firstEnd: rows(from), together }];
}

/**
 * How many consecutive outputs a normalization divides by one number; undefined where it normalizes over other values.
 */
function normalizedTogether(node: Node, layout: Layout, { values }: GraphContext): number | undefined {
  const { shape } = values.get(node.inputs[0]!)!;
  const groups = byAxis(layout.axes, shape);
  const at = groups?.findIndex((group) => group.some(({ step }) => step !== null)) ?? -1;
  if (groups === undefined || at < 0 || groups[at]!.length !== 1 || groups[at]![0]!.step !== 1) return undefined;
  const width = shape[at]!;
  switch (node.op) {
    case "BatchNormalization":
    case "InstanceNormalization":
      return at === 1 ? 1 : undefined;
    case "GroupNormalization":
      return at === 1 ? width / intAttribute(node, "num_groups", 1) : undefined;
    default: {
      const axis = intAttribute(node, "axis", -1);
      return at >= (axis < 0 ? axis + shape.length : axis) ? width : undefined;
    }
  }
}

/** The place after the weighted sum of values in an attention: samples of the queries replace those of the values. */
function afterAttention(
  node: Node,
  place: Place,
  { values }: GraphContext,
): { layout: Layout; change: Partial<Place> } | undefined {
  const axes = attentionAxes(node, values.get(place.value)!.shape, values.get(node.outputs[0]!)!.shape);
  const groups = axes && byAxis(place.layout.axes, values.get(place.value)!.shape);
  if (axes === undefined || groups === undefined || place.heads !== undefined) return undefined;
  const width = groups[axes.width]!;
  if (width.length !== 1 || width[0]!.step !== 1) return undefined;
  const to = values.get(node.outputs[0]!)!.shape;
  const resultAxes = axes.output.map((from, axis) => (from === undefined ? [plain(to[axis]!)] : groups[from]!));
  if (resultAxes.some((group, axis) => group.reduce((product, { extent }) => product * extent, 1) !== to[axis]))
    return undefined;
  const heads = groups.flatMap((group, axis) => (axis === axes.width ? [] : group.filter(({ step }) => step !== null)));
  const from = indices(place.layout.offset, heads);
  return {
    layout: { offset: place.layout.offset, axes: resultAxes.flat() },
    change: { heads: { from, width: width[0]!.extent } },
  };
}

/** The axis of V that runs over a head's values, and the axis of V that each axis of the result is. */
function attentionAxes(
  node: Node,
  V: readonly number[],
  Y: readonly number[],
): { width: number; output: (number | undefined)[] } | undefined {
  if (node.op === "MatMul") {
    if (V.length !== Y.length) return undefined;
    return { width: V.length - 1, output: Y.map((_, axis) => (axis === Y.length - 2 ? undefined : axis)) };
  }
  const letters = einsumLetters(node);
  if (letters === undefined) return undefined;
  const [P, values, result] = letters;
  const width = [...values].findIndex((letter) => result.includes(letter) && !P.includes(letter));
  const output = [...result].map((letter) => (values.includes(letter) ? values.indexOf(letter) : undefined));
  return width < 0 ? undefined : { width, output };
}

type Factor = { readonly map: Measurable; readonly place: Place };

/** The pairs of queries and keys, head by head. */
function attentionScores(node: Node, queries: Factor, keys: Factor, { values }: GraphContext): MapEdge[] | string {
  const ends = [queries, keys].map(({ place }, i) => headEnds(node, place, i as 0 | 1, values.get(place.value)!.shape));
  const [Q, K] = ends;
  if (Q === undefined || K === undefined || Q.width !== K.width || Q.from.length !== K.from.length)
    return "an attention whose heads share keys, or have no simple order";
  const isRotation = queries.place.symmetry === "rotation" && keys.place.symmetry === "rotation";
  const through = [...new Set(["attention scores", ...queries.place.through, ...keys.place.through])].join(", ");
  return Q.from.map((from, head) => ({
    ...{ first: queries.map.name, second: keys.map.name, through, head, width: Q.width },
    symmetry: isRotation ? "rotation" : "rescaling",
    ...{ firstEnd: rows(from), secondEnd: rows(K.from[head]!) },
  }));
}

/** The first output of each head, for one factor of the scores. */
function headEnds(
  node: Node,
  { layout, heads }: Place,
  operand: 0 | 1,
  shape: readonly number[],
): HeadOutputs | undefined {
  const groups = byAxis(layout.axes, shape);
  const at = contractedAxis(node, operand, shape.length);
  if (groups === undefined || at === undefined || heads !== undefined) return undefined;
  const [width, ...rest] = groups[at]!;
  if (width === undefined || rest.length > 0 || width.step !== 1) return undefined;
  const others = groups.flatMap((group, axis) => (axis === at ? [] : group.filter(({ step }) => step !== null)));
  const from = indices(layout.offset, others);
  return from.every((first) => first % width.extent === 0) ? { from, width: width.extent } : undefined;
}

function contractedAxis(node: Node, operand: 0 | 1, rank: number): number | undefined {
  if (node.op === "MatMul") return operand === 0 ? rank - 1 : rank - 2;
  const letters = einsumLetters(node);
  if (letters === undefined) return undefined;
  const [own, other] = operand === 0 ? [letters[0], letters[1]] : [letters[1], letters[0]];
  const found = [...own].findIndex((letter) => other.includes(letter) && !letters[2].includes(letter));
  return found < 0 ? undefined : found;
}

function isZeroPad(node: Node, { graph }: GraphContext): boolean {
  if (stringAttribute(node, "mode", "constant") !== "constant") return false;
  const value = node.inputs[2] ? graph.initializers.get(node.inputs[2]) : undefined;
  return !node.inputs[2] || (value !== undefined && Number((value.data as Float32Array)[0]) === 0);
}

/** The place after a mean or maximum over axes that do not run over the map's outputs. */
function afterReduction(node: Node, place: Place, { graph, values }: GraphContext): Layout | undefined {
  const { shape } = values.get(place.value)!;
  const given = node.inputs[1] ? graph.initializers.get(node.inputs[1]) : undefined;
  const axes = given ? Array.from(given.data as ArrayLike<number | bigint>, Number) : intsAttribute(node, "axes");
  if (axes === undefined) return undefined;
  const over = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  return reshapedAlike(
    place.layout,
    shape,
    shape.map((extent, axis) => (over.has(axis) ? 1 : extent)),
  );
}
