/**
 * @file Tables of the ziggurat for the normal distribution with 256 layers of equal area.
 *
 * Marsaglia and Tsang, "The Ziggurat Method for Generating Random Variables", J. Stat. Softw. 5(8), 2000. Layer i >= 1
 * is the rectangle |x| < edge[i] between the heights height[i] and height[i + 1] of f(x) = exp(-x^2/2); layer 0 is the
 * rectangle |x| < R below f(R) together with the tail beyond R. The layer's index and the position inside it come from
 * disjoint bits of the draw, which avoids the correlation that Doornik (2005) found in the original code.
 */

export const layers = 256;

/** Start of the tail, and the common area of the layers, for 256 layers. Source: Marsaglia and Tsang, section 2. */
const R = 3.654152885361009;
const area = 0.00492867323397466;

const f = (x: number): number => Math.exp(-0.5 * x * x);

/** edge[0] = area / f(R) is the width layer 0 would have as a rectangle, edge[1] = R, ..., edge[256] = 0. */
export const edge = new Float64Array(layers + 1);
/** height[i] = f(edge[i]). */
export const height = new Float64Array(layers + 1);

edge[0] = area / f(R);
edge[1] = R;
for (let i = 2; i < layers; i++) edge[i] = Math.sqrt(-2 * Math.log(area / edge[i - 1]! + f(edge[i - 1]!)));
for (let i = 0; i <= layers; i++) height[i] = f(edge[i]!);

/**
 * Positions inside a layer have 23 bits in the float32 path: x = (m + 1/2) step[i], and m < inside[i] needs no further
 * test.
 */
export const positions = 2 ** 23;
export const step = Float64Array.from({ length: layers }, (_, i) => edge[i]! / positions);
export const inside = Int32Array.from({ length: layers }, (_, i) => Math.floor((edge[i + 1]! / edge[i]!) * positions));

/**
 * Decides the 1.2 % of the draws that fall outside the inner rectangle of their layer.
 *
 * @param layer index of the layer, 0 to 255
 * @param x     position inside the layer, edge[layer + 1] <= x < edge[layer]
 * @param uniform source of numbers in [0, 1)
 * @returns the absolute value of the normal, or -1 where the draw is rejected and must be repeated with a new layer
 */
export function beyond(layer: number, x: number, uniform: () => number): number {
  if (layer === 0) return tail(uniform);
  const y = height[layer]! + uniform() * (height[layer + 1]! - height[layer]!);
  return y < f(x) ? x : -1;
}

/** A normal conditioned on exceeding R (Marsaglia 1964); 1 - uniform() lies in (0, 1], so no logarithm of 0. */
function tail(uniform: () => number): number {
  for (;;) {
    const x = -Math.log(1 - uniform()) / R;
    const y = -Math.log(1 - uniform());
    if (2 * y > x * x) return R + x;
  }
}
