/**
 * @file The layers of a network in parts whose sums fit in memory. Each part is measured by a pass of its own over the
 * data, and its sums are released before the next.
 */
import { type LayerOutline, PART_BYTES } from "../moments/accumulate/layerOutline.ts";
import { isMap } from "../moments/moments.ts";
import type { Measurable } from "./maps/linearMap.ts";
import type { MapSample } from "./maps/sampledCoordinates.ts";
import type { NoisePlan } from "./nodes/noiseNodes.ts";
import { bytesOfRows } from "./nodes/rowOutputs.ts";

/** Share of a symmetric sum's entries in its lower blocks. */
const LOWER = 0.6;

/**
 * Numbers held at once for each sum of a network measured whole: float64 for two groups, and float32 for the current
 * batch.
 */
const WHOLE = (8 + 8 + LOWER * 4) / 8;

/**
 * The same for parts, whose sums stay lower blocks: float32 for each group's last batch, and float64 where a group has
 * other batches. The engine holds those of the current batch once more.
 */
function heldInParts(batches: number): number {
  const ofGroup = batches <= 2 ? 4 : 8 + 4;
  return (LOWER * (2 * ofGroup + 4)) / 8;
}

/** Whether the sums of all layers fit in memory together. */
export function isWhole(layers: readonly Pick<LayerOutline, "bytes">[], bytes = PART_BYTES): boolean {
  return layers.reduce((sum, layer) => sum + WHOLE * layer.bytes, 0) <= bytes;
}

export function outlineOf(
  { name, kind, dOut, input }: Measurable,
  sample: MapSample | undefined,
  { cross = true, outputPasses = 0 }: { readonly cross?: boolean; readonly outputPasses?: number },
  { noise, keptRows }: { readonly noise?: NoisePlan | undefined; readonly keptRows?: number | undefined } = {},
): LayerOutline {
  const b = { d: sample?.b?.coordinates.length ?? dOut };
  const a = input && { d: sample?.a?.coordinates.length ?? input.dIn };
  const isCrossed = cross && sample === undefined;
  const side = ({ d }: { readonly d: number }) => 4 * (d * d + d) + (isCrossed ? d * d : 0); // and gh
  const between = isCrossed && a ? a.d * b.d : 0;
  const outputs = outputPasses > 0 && isMap({ kind }) ? dOut ** 2 : 0;
  const blocks = (noise?.a ? a!.d * noise.a.width : 0) + (noise?.b ? b.d * noise.b.width : 0);
  const size = { name, kind, dIn: input?.dIn ?? dOut, dOut, ...(a && { a }), b };
  // Numbers for all groups together, at least two.
  if (keptRows !== undefined) return { ...size, bytes: bytesOfRows(size, keptRows) / 2 };
  const bytes = 8 * (side(b) + (a ? side(a) : 0) + between + outputs + blocks);
  return { ...size, bytes };
}

/**
 * Layers in parts, in their order. Parts contain neighbours, whose gradients share most of the backward pass.
 *
 * @param bytes memory of a part; a larger layer is a part of its own
 * @param batches of the measurement
 */
export function inParts<T extends Pick<LayerOutline, "bytes">>(
  layers: readonly T[],
  bytes: number,
  batches: number,
): T[][] {
  const parts: T[][] = [];
  const copies = heldInParts(batches);
  let taken = 0;
  for (const layer of layers) {
    const more = copies * layer.bytes;
    if (parts.length === 0 || taken + more > bytes) {
      parts.push([]);
      taken = 0;
    }
    parts.at(-1)!.push(layer);
    taken += more;
  }
  return parts;
}
