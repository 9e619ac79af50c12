/** @file What a gradient case is, and random data for it. */
import { float64, sizeOf, type Tensor } from "../../../src/onnx/tensor.ts";
import type { Random } from "../../../src/random/random.ts";
import type { Sample } from "../finiteDifference.ts";

/** A family of random graphs around one operator. */
export interface GradientCase {
  /** The operator whose rule is tested. */
  readonly op: string;
  /** What varies or is special. */
  readonly name: string;
  /** Draws shapes, attributes and data. */
  readonly draw: (random: Random) => Sample;
}

export function normals(random: Random, shape: readonly number[]): Tensor {
  return float64(
    Array.from({ length: sizeOf(shape) }, () => random.normal()),
    shape,
  );
}

/** Values in [low, high]. */
export function between(random: Random, shape: readonly number[], low: number, high: number): Tensor {
  return float64(
    Array.from({ length: sizeOf(shape) }, () => low + (high - low) * random.uniform()),
    shape,
  );
}

/** Values of both signs at least 0.1 from 0, where functions with a kink there are smooth. */
export function awayFromZero(random: Random, shape: readonly number[]): Tensor {
  const draw = () => (0.1 + 2 * random.uniform()) * (random.uniform() < 0.5 ? -1 : 1);
  return float64(Array.from({ length: sizeOf(shape) }, draw), shape);
}

/** Distinct values at least 0.05 apart, so that the order of entries is the same at both ends of a difference. */
export function distinct(random: Random, shape: readonly number[]): Tensor {
  const order = random.permutation(sizeOf(shape));
  return float64(
    Array.from(order, (rank) => 0.1 * (rank - order.length / 2) + 0.05 * random.uniform()),
    shape,
  );
}

/** A shape of rank low..high with extents 1..4. */
export function shapeOf(random: Random, low: number, high: number): number[] {
  return Array.from({ length: low + random.below(high - low + 1) }, () => 1 + random.below(4));
}

export function pick<T>(random: Random, options: readonly T[]): T {
  return options[random.below(options.length)]!;
}

/** A shape that broadcasts to `shape`: leading axes dropped, others made 1, at random; down to a scalar. */
export function broadcastable(random: Random, shape: readonly number[]): number[] {
  const dropped = random.below(shape.length + 1);
  return shape.slice(dropped).map((extent) => (random.uniform() < 0.4 ? 1 : extent));
}

/** Two shapes that broadcast against each other, each possibly the smaller one. */
export function broadcastPair(random: Random): [number[], number[]] {
  const whole = shapeOf(random, 0, 3);
  const small = broadcastable(random, whole);
  return random.uniform() < 0.5 ? [whole, small] : [small, whole.map((n) => (random.uniform() < 0.2 ? 1 : n))];
}
