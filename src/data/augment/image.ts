/** @file Extents of the images of a set, stored plane by plane and row by row: (channels, height, width). */

export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Number of values of an image. */
export function imageSize({ channels, height, width }: ImageShape): number {
  return channels * height * width;
}

/** Mirrors an image left to right, in place. */
export function flip(image: Float32Array | Uint8Array, { width }: Pick<ImageShape, "width">): void {
  for (let row = 0; row + width <= image.length; row += width) image.subarray(row, row + width).reverse();
}
