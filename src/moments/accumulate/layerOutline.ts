/** @file The size of a layer's sums, known before any are made. */
import type { LayerKind } from "../moments.ts";

/** Description of a layer's sums. */
export interface LayerOutline {
  readonly name: string;
  readonly kind: LayerKind;
  readonly dIn: number;
  readonly dOut: number;
  /** Number of values measured on each side. */
  readonly a?: { readonly d: number };
  readonly b: { readonly d: number };
  /** Bytes of its sums over one group of samples. */
  readonly bytes: number;
}

/** chosen: most bytes of sums of a network measured whole, or of one part. */
export const PART_BYTES = 2 ** 32;
