/**
 * @file Rotary position embedding: pairs of entries of each head rotated by an angle that grows with the position, (a,
 * b) -> (a cos - b sin, a sin + b cos). The standard operator (opset 23) and that of com.microsoft.
 */
import { int } from "../graph.ts";
import type { Lowering, Site } from "./loweringSite.ts";

/** Inputs X, cos, sin, positions: cos and sin by position, or already picked for each token. */
export const rotaryEmbedding: Lowering = (s) => {
  const [cos, sin] = [1, 2].map((i) => (s.has(3) ? s.op("Gather", [s.x(i), s.x(3)]) : s.x(i)));
  return [rotated(s, cos!, sin!, s.int("num_heads", 0), s.shape(1).at(-1)!)];
};

/** Inputs X, positions (one per token, or the first one), cos, sin. */
export const microsoftRotaryEmbedding: Lowering = (s) => {
  if (s.float("scale", 1) !== 1 || s.int("is_packed_batching", 0) === 1) return undefined;
  const shape = s.shape(0);
  const [batch, length] = [shape[0]!, shape.length === 3 ? shape[1]! : shape[2]!];
  const tokens = s.g.constant({
    dtype: "int64",
    shape: [1, length],
    data: BigInt64Array.from({ length }, (_, i) => BigInt(i)),
  });
  const first = s.shape(1).length < 2;
  const positions = first ? s.expand(s.add(tokens, s.x(1)), [batch, length]) : s.x(1);
  const [cos, sin] = [2, 3].map((i) => s.op("Gather", [s.x(i), positions]));
  const half = s.shape(2).at(-1)!;
  const heads = s.int("num_heads", 0) || (shape.length === 3 ? shape[2]! / (2 * half) : shape[1]!);
  return [rotated(s, cos!, sin!, heads, half)];
};

/** @param half entries of cos and sin for each token: half of the rotated part */
function rotated(s: Site, cos: string, sin: string, numHeads: number, cached: number): string {
  const shape = s.shape(0);
  const flat = shape.length === 3;
  const [batch, length] = [shape[0]!, flat ? shape[1]! : shape[2]!];
  const heads = flat ? numHeads : shape[1]!;
  const width = flat ? shape[2]! / heads : shape[3]!;
  const half = (s.int("rotary_embedding_dim", 0) || width) / 2;
  const X = flat ? s.reshape(s.x(0), [batch, length, heads, width]) : s.transpose(s.x(0), [0, 2, 1, 3]);
  const angle = (name: string) => s.unsqueeze(cached === half ? name : s.slice(name, 0, half, 2), [2]);
  const part = 2 * half === width ? X : s.slice(X, 0, 2 * half, 3);
  const pairs = s.int("interleaved", 0) === 1 ? s.reshape(part, [batch, length, heads, half, 2]) : undefined;
  const [a, b] = pairs === undefined ? halves(s, part, half) : neighbours(s, pairs, [batch, length, heads, half]);
  const [c, d] = [angle(cos), angle(sin)];
  const real = s.op("Sub", [s.mul(a, c), s.mul(b, d)]);
  const imaginary = s.add(s.mul(a, d), s.mul(b, c));
  const joined =
    pairs === undefined
      ? s.concat([real, imaginary], 3)
      : s.reshape(s.concat([s.unsqueeze(real, [4]), s.unsqueeze(imaginary, [4])], 4), [batch, length, heads, 2 * half]);
  const whole = 2 * half === width ? joined : s.concat([joined, s.slice(X, 2 * half, width, 3)], 3);
  return flat ? s.reshape(whole, shape) : s.transpose(whole, [0, 2, 1, 3]);
}

function halves(s: Site, X: string, half: number): [string, string] {
  return s.g.ops("Split", [X, s.g.ints([half, half])], { axis: int(3) }, { outputs: 2 }) as [string, string];
}

function neighbours(s: Site, pairs: string, shape: readonly number[]): [string, string] {
  const parts = s.g.ops("Split", [pairs, s.g.ints([1, 1])], { axis: int(4) }, { outputs: 2 });
  return parts.map((name) => s.reshape(name, shape)) as [string, string];
}
