/**
 * @file Removal of symmetries (Ziyin et al., arXiv 2408.15495, "syre"): weight decay towards a fixed random point
 * instead of 0, by a factor that differs slightly from parameter to parameter (docs/theory.md Eq. 119). No symmetry of
 * the loss is a symmetry of that penalty, so decay no longer makes ranks fall or neurons equal. It is a step of its own
 * after the optimizer's, like AdamW's decay.
 */
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32, sizeOf } from "../onnx/tensor.ts";
import type { Random } from "../random/random.ts";
import type { ParameterGroup } from "./parameterGroups.ts";

export interface Syre {
  /** lambda, of theta - lr lambda D (theta - theta0). */
  readonly decay: number;
  /** theta0 ~ N(0, (size / sqrt(fan in))^2). */
  readonly size: number;
  /** D ~ U(1 - spread, 1 + spread). */
  readonly spread: number;
  /** A stream of its own. Each parameter has a child by its name, so that a resumed run draws the same values. */
  readonly random: Random;
}

/** The point that one parameter decays towards, and its factor. */
export interface Anchor {
  /** theta0 */
  readonly point: Float32Array;
  /** Diagonal of D. */
  readonly factor: Float32Array;
}

/** @param member a parameter of that shape, with `fanIn` inputs to each of its neurons */
export function drawAnchor(
  { size, spread, random }: Syre,
  member: { name: string; shape: readonly number[] },
  fanIn: number,
): Anchor {
  const stream = random.split(member.name);
  const point = new Float32Array(sizeOf(member.shape));
  const factor = new Float32Array(point.length);
  stream.split("point").fillNormal(point, size / Math.sqrt(fanIn));
  stream.split("factor").fillUniform(factor, 1 - spread, 1 + spread);
  return { point, factor };
}

/**
 * Inputs to each neuron. Of a matrix or a convolution's kernel: the product of all axes but the first. Of a bias: those
 * of the matrix with it ("layers.0.weight" with "layers.0.bias"). Of any other vector: its own length.
 *
 * @param shapes of all parameters by name
 */
export function fanInOf(name: string, shapes: ReadonlyMap<string, readonly number[]>): number {
  const own = shapes.get(name)!;
  if (own.length >= 2) return inputs(own);
  const matrix = shapes.get(name.replace(/bias$/, "weight"));
  return matrix !== undefined && matrix.length >= 2 ? inputs(matrix) : Math.max(1, sizeOf(own));
}

const inputs = (shape: readonly number[]) => Math.max(1, sizeOf(shape.slice(1)));

/**
 * Adds theta - strength D (theta - theta0) for one parameter group   (theory.md Eq. 119).
 *
 * @param parameters name of the group's values after the optimizer's step
 * @param strength name of the scalar lr lambda
 * @returns the name of the new values
 *
 * Four passes over the group, and two constants of its size.
 */
export function addSyre(
  g: GraphBuilder,
  syre: Syre,
  group: ParameterGroup,
  {
    parameters,
    strength,
    shapes,
  }: { parameters: string; strength: string; shapes: ReadonlyMap<string, readonly number[]> },
): string {
  const [factor, offset] = [new Float32Array(sizeOf(group.shape)), new Float32Array(sizeOf(group.shape))];
  let at = 0;
  for (const member of group.members) {
    const anchor = drawAnchor(syre, member, fanInOf(member.name, shapes));
    factor.set(anchor.factor, at);
    offset.set(
      anchor.factor.map((value, i) => value * anchor.point[i]!),
      at,
    );
    at += anchor.point.length;
  }
  const pull = g.op("Mul", [parameters, g.constant(float32(factor, group.shape))]);
  const move = g.op("Sub", [pull, g.constant(float32(offset, group.shape))]);
  return g.op("Sub", [parameters, g.op("Mul", [move, strength])]);
}
