/** @file Pictures of the matrices of one side of a layer, beside each other: before and after, or layer by layer. */
import { layerMatrices } from "../../figures/layerMatrices.ts";
import { matrices } from "../../figures/matrices.ts";
import type { LayerMoments, Side } from "../../moments/moments.ts";
import type { StudiedRun, StudyFigure } from "../study.ts";

/** One picture: H and G of one side, without Z, of a layer of a run. */
export function pictureOf(
  layer: LayerMoments | undefined,
  side: Side,
  { name, caption }: Pick<StudyFigure, "name" | "caption">,
): StudyFigure[] {
  if (layer === undefined) return [];
  const all = layerMatrices(layer);
  const sides = all.sides.filter((one) => one.side === side).map((one) => ({ ...one, Z: undefined }));
  const figure = matrices({ ...all, sides });
  return figure === undefined ? [] : [{ name, caption, figure }];
}

/** The layer of a name among the moments of a run, or the last that fits. */
export const layerOf = (
  run: StudiedRun | undefined,
  fits: (layer: LayerMoments) => boolean,
): LayerMoments | undefined => run?.moments()?.layers.findLast(fits);
