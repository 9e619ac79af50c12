/** @file How large the sums of a layer will be, before there are any. */
import type { LayerKind } from "../moments.ts";

/** What a layer's sums will be. */
export interface LayerOutline {
  readonly name: string;
  readonly kind: LayerKind;
  readonly dIn: number;
  readonly dOut: number;
  /** Values that are measured of each side. */
  readonly a?: { readonly d: number };
  readonly b: { readonly d: number };
  /** Memory of its sums over one group of samples. */
  readonly bytes: number;
}

/** chosen: memory of the sums of a network that is measured whole, or else of a part. */
export const PART_BYTES = 2 ** 32;
