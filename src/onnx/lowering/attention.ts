/**
 * @file Attention (opsets 23, 24) as matrix products and a softmax, Y = softmax(scale Q K^T + mask) V per head, by the
 * operator's definition in the ONNX standard. In this form its heads can be measured and differentiated.
 */
import type { Lowering, Site } from "./loweringSite.ts";

const FULLY_MASKED = Number.NEGATIVE_INFINITY;

export const attention: Lowering = (s) => {
  const flat = s.shape(0).length === 3;
  const Q = flat ? split(s, 0, s.int("q_num_heads", 0)) : s.x(0);
  const [K, V] = [1, 2].map((i) => withPast(s, flat ? split(s, i, s.int("kv_num_heads", 0)) : s.x(i), i + 3));
  const form = sizes(s, flat);
  const scale = s.float("scale", 0) || 1 / Math.sqrt(form.width);
  const keys = s.transpose(repeated(s, K!, form, form.width), [0, 1, 3, 2]);
  // The root of the scale on both sides, as in the standard: the same rounding.
  const raw = s.op("MatMul", [s.scale(Q, Math.sqrt(scale)), s.scale(keys, Math.sqrt(scale))]);
  const cap = s.float("softcap", 0);
  const capped = cap === 0 ? raw : s.scale(s.op("Tanh", [s.scale(raw, 1 / cap)]), cap);
  const { bias, empty } = maskOf(s, form);
  const scores = bias === undefined ? capped : s.add(capped, bias);
  const P = s.op("Softmax", [scores], { axis: { int: -1 } });
  const heads = s.op("MatMul", [P, repeated(s, V!, form, form.valueWidth)]);
  const clear = (name: string) => (empty === undefined ? name : s.op("Where", [empty, s.scalar(0), name]));
  const Y = clear(heads);
  const outputs = [flat ? merged(s, Y, form) : Y, K!, V!];
  if (s.wants(3)) outputs.push([raw, capped, scores, clear(P)][s.int("qk_matmul_output_mode", 0)]!);
  return outputs;
};

interface Sizes {
  readonly batch: number;
  readonly qHeads: number;
  readonly kvHeads: number;
  readonly queries: number;
  /** Number of keys, including past ones. */
  readonly keys: number;
  readonly past: number;
  /** Width of a head of Q and K, and of V. */
  readonly width: number;
  readonly valueWidth: number;
}

function sizes(s: Site, flat: boolean): Sizes {
  const [q, k, v] = [s.shape(0), s.shape(1), s.shape(2)];
  const past = s.has(4) ? s.shape(4)[2]! : 0;
  const qHeads = flat ? s.int("q_num_heads", 1) : q[1]!;
  const kvHeads = flat ? s.int("kv_num_heads", 1) : k[1]!;
  const common = { batch: q[0]!, qHeads, kvHeads, queries: q.at(-2)!, keys: k.at(-2)! + past, past };
  const [width, valueWidth] = flat ? [q[2]! / qHeads, v[2]! / kvHeads] : [q[3]!, v[3]!];
  return { ...common, width, valueWidth };
}

/** (batch, length, heads width) to (batch, heads, length, width). */
function split(s: Site, i: number, heads: number): string {
  const [batch, length, width] = s.shape(i) as [number, number, number];
  return s.transpose(s.reshape(s.x(i), [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

function merged(s: Site, Y: string, { batch, queries, qHeads, valueWidth }: Sizes): string {
  return s.reshape(s.transpose(Y, [0, 2, 1, 3]), [batch, queries, qHeads * valueWidth]);
}

function withPast(s: Site, now: string, i: number): string {
  return s.has(i) ? s.concat([s.x(i), now], 2) : now;
}

/** Keys or values with fewer heads, each shared by several heads of queries. */
function repeated(s: Site, name: string, { batch, qHeads, kvHeads, keys }: Sizes, width: number): string {
  if (qHeads === kvHeads) return name;
  const shared = s.expand(s.unsqueeze(name, [2]), [batch, kvHeads, qHeads / kvHeads, keys, width]);
  return s.reshape(shared, [batch, qHeads, keys, width]);
}

/** The bias of the scores, and the queries that see no key at all (their result is 0). */
function maskOf(s: Site, form: Sizes): { bias?: string; empty?: string } {
  const parts = [given(s, form), causal(s, form), padding(s, form)].filter((part) => part !== undefined);
  if (parts.length === 0) return {};
  const bias = parts.reduce((left, right) => s.add(left, right));
  if (parts.length === 1 && !s.has(3) && !s.has(6)) return { bias }; // causal: the first key is always seen
  const best = s.op("ReduceMax", [bias, s.g.ints([-1])]);
  const empty = s.op("Equal", [best, s.scalar(FULLY_MASKED)]);
  return { bias: s.op("Where", [empty, s.scalar(0), bias]), empty };
}

const where = (s: Site, seen: string) => s.op("Where", [seen, s.scalar(0), s.scalar(FULLY_MASKED)]);

/** Input 3: true for visible keys, or numbers to add; keys beyond its end are hidden. */
function given(s: Site, { keys }: Sizes): string | undefined {
  if (!s.has(3)) return undefined;
  const shape = s.shape(3);
  const bias = s.dtype(3) === "bool" ? where(s, s.x(3)) : s.x(3);
  const missing = keys - shape.at(-1)!;
  if (missing === 0) return bias;
  return s.op("Pad", [bias, s.g.ints([0, missing]), s.scalar(FULLY_MASKED), s.g.ints([-1])]);
}

/** Query i sees the keys up to i, counted after the past; where lengths are given, the last query sees the last key. */
function causal(s: Site, { queries, keys, past, batch }: Sizes): string | undefined {
  if (s.int("is_causal", 0) === 0) return undefined;
  if (s.has(6)) {
    const rows = s.g.constant({ dtype: "int64", shape: [1, 1, queries, 1], data: range(queries, -queries) });
    const offset = s.reshape(s.x(6), [batch, 1, 1, 1]);
    return where(s, s.op("LessOrEqual", [columns(s, keys), s.add(rows, offset)]));
  }
  const seen = (at: number) => at % keys <= Math.floor(at / keys) + past;
  const mask = Array.from({ length: queries * keys }, (_, at) => (seen(at) ? 0 : FULLY_MASKED));
  return s.constant(mask, [queries, keys]);
}

/** Input 6: the number of valid keys of each sample. */
function padding(s: Site, { keys, batch }: Sizes): string | undefined {
  if (!s.has(6)) return undefined;
  return where(s, s.op("Less", [columns(s, keys), s.reshape(s.x(6), [batch, 1, 1, 1])]));
}

const range = (length: number, from = 0) => BigInt64Array.from({ length }, (_, i) => BigInt(i + from));
const columns = (s: Site, keys: number) => s.g.constant({ dtype: "int64", shape: [1, 1, 1, keys], data: range(keys) });
