/**
 * @file The layers of a network in parts whose sums fit in memory: each part is measured by a pass over the data of its own, and its sums
 * are let go before the next.
 */
import type { LayerKind } from "../moments/moments.ts";
import { isMap } from "../moments/moments.ts";
import type { Measurable } from "./linearMap.ts";
import type { MapSample } from "./sampledCoordinates.ts";

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

/** chosen: memory of a part, of which networks up to some 100 M parameters have one or a few. */
export const PART_BYTES = 2 ** 32;

/** Numbers held at once for each sum: float64 for two groups of samples, and the float32 lower blocks of the batch that leaves the engine. */
const COPIES = (8 + 8 + 0.6 * 4) / 8;

export function outlineOf(
  { name, kind, dOut, input }: Measurable,
  sample: MapSample | undefined,
  { cross = true, outputPasses = 0 }: { readonly cross?: boolean; readonly outputPasses?: number },
): LayerOutline {
  const b = { d: sample?.b?.coordinates.length ?? dOut };
  const a = input && { d: sample?.a?.coordinates.length ?? input.dIn };
  const isCrossed = cross && sample === undefined;
  const side = ({ d }: { readonly d: number }) => 4 * (d * d + d) + (isCrossed ? d * d : 0); // and gh
  const between = isCrossed && a ? a.d * b.d : 0;
  const outputs = outputPasses > 0 && isMap({ kind }) ? dOut ** 2 : 0;
  const bytes = 8 * (side(b) + (a ? side(a) : 0) + between + outputs);
  return { name, kind, dIn: input?.dIn ?? dOut, dOut, ...(a && { a }), b, bytes };
}

/**
 * Layers in parts, in their order: neighbours, so that a part's gradients have most of their way in common.
 *
 * @param bytes memory of a part; a layer that takes more is a part of its own
 */
export function inParts<T extends Pick<LayerOutline, "bytes">>(
  layers: readonly T[],
  bytes: number = PART_BYTES,
): T[][] {
  const parts: T[][] = [];
  let taken = 0;
  for (const layer of layers) {
    const more = COPIES * layer.bytes;
    if (parts.length === 0 || taken + more > bytes) {
      parts.push([]);
      taken = 0;
    }
    parts.at(-1)!.push(layer);
    taken += more;
  }
  return parts;
}
