/** @file Two points with given distances of inputs and targets. */
import { float32 } from "../../onnx/tensor.ts";
import type { Random } from "../../random/random.ts";
import type { FollowedPoints } from "../../train/follow.ts";

export interface TwoPointOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Squared distance of the inputs. */
  readonly dx2: number;
  /** Squared distance of the targets. */
  readonly dy2: number;
  /**
   * "offset", the authors': x_1 = -1 and x_2 = -1 + |dx|, y_1 = 0.6 and y_2 = 0.6 + |dy|, the same in every
   * coordinate over the root of their number. "centred": plus and minus half the distance along a random direction.
   */
  readonly points: "offset" | "centred";
}

export function twoPoints({ inputs, outputs, dx2, dy2, points }: TwoPointOptions, random: Random): FollowedPoints {
  const place = (d: number, square: number, origin: number) => {
    const along = points === "offset" ? new Float64Array(d).fill(1 / Math.sqrt(d)) : direction(d, random);
    const distance = Math.sqrt(square);
    const [first, second] = points === "offset" ? [origin, origin + distance] : [-distance / 2, distance / 2];
    return float32([...along.map((value) => first * value), ...along.map((value) => second * value)], [2, d]);
  };
  const x = place(inputs, dx2, -1);
  const target = place(outputs, dy2, 0.6);
  return { names: ["0", "1"], x, target, wanted: target };
}

function direction(d: number, random: Random): Float64Array {
  const values = Float64Array.from({ length: d }, () => random.normal());
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.map((value) => value / norm);
}
