/** @file Images that a network makes, drawn when training ends: from its parameters, without a change to training. */
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
  /** Images beside each other. */
  readonly columns: number;
  /** (count, height * width) from 0, black, to 1, white; what lies beyond is drawn as these. */
  readonly pixels: Float64Array;
}
