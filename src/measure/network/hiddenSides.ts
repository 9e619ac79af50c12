/**
 * @file Which sides of which layers are hidden representations, as in the paper's Fig. 8: side a of maps 1 to D and
 * side b of maps 0 to D - 1 of a chain of D + 1 maps. Side a of map 0 is the data and side b of map D the output; both
 * are kept apart.
 */
import { isMap, type LayerKind, type Side } from "../../moments/moments.ts";

/** The input of the selection; layers of snapshots and of moments have it. */
export interface Placed {
  readonly kind: LayerKind;
  readonly dIn: number;
  readonly dOut: number;
}

/** One side of one layer. */
export interface LayerSide<L, S extends Side = Side> {
  readonly layer: L;
  readonly side: S;
}

export interface HiddenSides<L> {
  /** Side a of maps 1 to D, side b of maps 0 to D - 1, in the order of the maps; empty for a single map. */
  readonly hidden: readonly LayerSide<L>[];
  /** Side a of map 0. */
  readonly data: LayerSide<L, "a">;
  /** Side b of map D. */
  readonly output: LayerSide<L, "b">;
}

/**
 * Hidden representations of a chain of maps.
 *
 * @param layers in order of execution
 * @returns undefined where the layers are no chain: the list is empty; a head or a block is among them (neither is a
 *   map, and such a network branches); or a map's inputs are not the outputs of the map before it. dIn must be a
 *   multiple of that dOut (patches of a convolution, or all positions of its channels)
 *
 * Only widths are compared: parallel maps of equal widths pass for a chain.
 */
export function hiddenSides<L extends Placed>(layers: readonly L[]): HiddenSides<L> | undefined {
  const [first, last] = [layers[0], layers.at(-1)];
  if (first === undefined || last === undefined || !layers.every(isMap)) return undefined;
  if (layers.some(({ dIn }, i) => i > 0 && dIn % layers[i - 1]!.dOut !== 0)) return undefined;
  const hidden = layers.flatMap((layer, i): LayerSide<L>[] => [
    ...(i > 0 ? [{ layer, side: "a" as const }] : []),
    ...(i < layers.length - 1 ? [{ layer, side: "b" as const }] : []),
  ]);
  return { hidden, data: { layer: first, side: "a" }, output: { layer: last, side: "b" } };
}
