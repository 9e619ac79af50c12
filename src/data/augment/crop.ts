/**
 * @file Two crops: a window of the image's size from the zero-padded image (torchvision's RandomCrop with padding), and
 * a rectangle resized to the image's size (RandomResizedCrop, bilinear).
 */
import type { Random } from "../../random/random.ts";
import { type ImageShape, imageSize } from "./image.ts";

/** A rectangle of pixels in an image. */
export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The window of the image's size whose upper left corner is pixel (top - padding, left - padding) of the image; outside
 * is 0.
 *
 * @param top, left 0 to 2 * padding
 * @param out (channels, height, width) overwritten
 */
export function paddedCrop(
  image: Uint8Array,
  { height, width, channels }: ImageShape,
  { top, left, padding }: { top: number; left: number; padding: number },
  out: Uint8Array,
): void {
  out.fill(0);
  const [down, right] = [top - padding, left - padding];
  const [from, to] = [Math.max(0, -right), Math.min(width, width - right)];
  for (let plane = 0; plane < channels * height * width; plane += height * width)
    for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
      const source = plane + (y + down) * width + right;
      out.set(image.subarray(source + from, source + to), plane + y * width + from);
    }
}

/**
 * Draws a rectangle of an area uniform in `scale` (shares of the image) and an aspect ratio (width by height)
 * log-uniform in `ratio`: at most ten tries, then the largest central rectangle within the ratios. As torchvision's
 * RandomResizedCrop.get_params.
 */
export function randomRectangle(
  random: Random,
  { height, width }: Pick<ImageShape, "height" | "width">,
  scale: readonly [number, number],
  ratio: readonly [number, number],
): Rectangle {
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = height * width * between(scale[0], scale[1]);
    const aspect = Math.exp(between(Math.log(ratio[0]), Math.log(ratio[1])));
    const [w, h] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return { top: random.below(height - h + 1), left: random.below(width - w + 1), height: h, width: w };
  }
  const own = width / height;
  const w = own > ratio[1] ? Math.round(height * ratio[1]) : width;
  const h = own < ratio[0] ? Math.round(width / ratio[0]) : height;
  return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
}

/**
 * A rectangle of an image, resized to the image's own size: bilinear, pixel centres at (i + 1/2), edges clamped
 * (torch's interpolate with align_corners=False; a rectangle is never larger than the result, so that antialiasing
 * changes nothing).
 *
 * @param image bytes 0..255
 * @param out (channels, height, width) receives values in [0, 1]
 */
export function resizedCrop(image: Uint8Array, shape: ImageShape, rectangle: Rectangle, out: Float32Array): void {
  const { height, width } = shape;
  const [ys, xs] = [
    samplePoints(rectangle.height, height, rectangle.top),
    samplePoints(rectangle.width, width, rectangle.left),
  ];
  for (let plane = 0; plane < imageSize(shape); plane += height * width)
    for (let y = 0; y < height; y++) {
      const [above, below, down] = [plane + ys.low[y]! * width, plane + ys.high[y]! * width, ys.share[y]!];
      for (let x = 0; x < width; x++) {
        const [left, right, across] = [xs.low[x]!, xs.high[x]!, xs.share[x]!];
        const upper = image[above + left]! * (1 - across) + image[above + right]! * across;
        const lower = image[below + left]! * (1 - across) + image[below + right]! * across;
        out[plane + y * width + x] = (upper * (1 - down) + lower * down) / 255;
      }
    }
}

/**
 * For each of `to` points along an axis, the two pixels of [start, start + from) around it and the weight of the
 * second.
 */
function samplePoints(from: number, to: number, start: number) {
  const [low, high, share] = [new Int32Array(to), new Int32Array(to), new Float64Array(to)];
  for (let i = 0; i < to; i++) {
    const at = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const first = Math.min(from - 1, Math.floor(at));
    low[i] = start + first;
    high[i] = start + Math.min(from - 1, first + 1);
    share[i] = at - first;
  }
  return { low, high, share };
}
