/**
 * @file In-place colour changes of one image with three planes of values in [0, 1]: torchvision's formulas for
 * float images (ColorJitter, RandomGrayscale). Every result stays in [0, 1].
 */
import type { Random } from "../../random/random.ts";

/** Weights of red, green and blue in a pixel's grey (torchvision's rgb_to_grayscale; ITU-R BT.601). */
const [RED, GREEN, BLUE] = [0.2989, 0.587, 0.114] as const;

/** Largest change of each kind: factors are uniform in 1 ± value, the shift of hue (in turns) in ± hue. */
export interface Jitter {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

/** v becomes factor * v. */
export function brighten(image: Float32Array, factor: number): void {
  for (let i = 0; i < image.length; i++) image[i] = clamp(factor * image[i]!);
}

/** v becomes factor * v + (1 - factor) * m, m the mean grey of the image. */
export function changeContrast(image: Float32Array, factor: number): void {
  const pixels = image.length / 3;
  let sum = 0;
  for (let i = 0; i < pixels; i++) sum += grey(image, i, pixels);
  const rest = (1 - factor) * (sum / pixels);
  for (let i = 0; i < image.length; i++) image[i] = clamp(factor * image[i]! + rest);
}

/** v becomes factor * v + (1 - factor) * g, g the grey of its pixel. */
export function saturate(image: Float32Array, factor: number): void {
  const pixels = image.length / 3;
  for (let i = 0; i < pixels; i++) {
    const rest = (1 - factor) * grey(image, i, pixels);
    for (let at = i; at < image.length; at += pixels) image[at] = clamp(factor * image[at]! + rest);
  }
}

/** The grey of each pixel in all three planes. */
export function desaturate(image: Float32Array): void {
  const pixels = image.length / 3;
  for (let i = 0; i < pixels; i++) {
    const value = grey(image, i, pixels);
    for (let at = i; at < image.length; at += pixels) image[at] = value;
  }
}

/**
 * Rotates the hue of every pixel in HSV space.
 *
 * @param turns -1/2 to 1/2 of a full turn
 */
export function turnHue(image: Float32Array, turns: number): void {
  const pixels = image.length / 3;
  for (let i = 0; i < pixels; i++) {
    const [r, g, b] = [image[i]!, image[i + pixels]!, image[i + 2 * pixels]!];
    const value = Math.max(r, g, b);
    const spread = value - Math.min(r, g, b);
    if (spread === 0) continue;
    const sixth = value === r ? (g - b) / spread : value === g ? 2 + (b - r) / spread : 4 + (r - g) / spread;
    const hue = (((sixth / 6 + turns) % 1) + 1) % 1;
    image[i] = channel(5, hue, value, spread);
    image[i + pixels] = channel(3, hue, value, spread);
    image[i + 2 * pixels] = channel(1, hue, value, spread);
  }
}

/**
 * One RGB channel of a hue (in turns): the value minus the share of the chroma given by the distance from the channel's
 * own hue.
 */
function channel(offset: number, hue: number, value: number, spread: number): number {
  const k = (offset + 6 * hue) % 6;
  return clamp(value - spread * Math.max(0, Math.min(k, 4 - k, 1)));
}

/** Draws the four changes and their order, and applies them. */
export function jitter(image: Float32Array, { brightness, contrast, saturation, hue }: Jitter, random: Random): void {
  const factor = (most: number): number => {
    const low = Math.max(0, 1 - most);
    return low + (1 + most - low) * random.uniform();
  };
  const order = random.permutation(4);
  const [b, c, s, h] = [factor(brightness), factor(contrast), factor(saturation), hue * (2 * random.uniform() - 1)];
  const changes = [
    () => brighten(image, b),
    () => changeContrast(image, c),
    () => saturate(image, s),
    () => turnHue(image, h),
  ];
  for (const index of order) changes[index]!();
}

function grey(image: Float32Array, i: number, pixels: number): number {
  return RED * image[i]! + GREEN * image[i + pixels]! + BLUE * image[i + 2 * pixels]!;
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}
