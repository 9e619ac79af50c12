/** @file Extents of the images of one set, planes one after the other: (channels, height, width), row by row. */

export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Values of one image. */
export function imageSize({ channels, height, width }: ImageShape): number {
  return channels * height * width;
}

/** Mirrors an image left to right, in place. */
export function flip(image: Float32Array | Uint8Array, { width }: Pick<ImageShape, "width">): void {
  for (let row = 0; row + width <= image.length; row += width) image.subarray(row, row + width).reverse();
}
