/** @file Images that a network makes at the end of training, drawn from its parameters; training does not change. */
import type { Tensor } from "../onnx/tensor.ts";

export interface Pictures {
  /** @param values every parameter of the network by name */
  of(values: ReadonlyMap<string, Tensor>): readonly DrawnPictures[];
}

export interface DrawnPictures {
  /** What the images are, in a few words. */
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** Images per row of the picture. */
  readonly columns: number;
  /** (count, height * width) from 0, black, to 1, white; values outside are clipped. */
  readonly pixels: Float64Array;
}
