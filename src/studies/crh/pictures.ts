/**
 * @file Pictures of the matrices of one side of a layer, side by side: before and after training, or layer by layer.
 */
import { layerMatrices } from "../../figures/layerMatrices.ts";
import { matrices } from "../../figures/matrices.ts";
import type { LayerMoments, Side } from "../../moments/moments.ts";
import type { StudiedRun, StudyFigure } from "../study.ts";

/** One picture: H and G of one side of a layer of a run, without Z. */
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

/** The last layer in the moments of a run whose name fits. */
export const layerOf = (
  run: StudiedRun | undefined,
  fits: (layer: LayerMoments) => boolean,
): LayerMoments | undefined => run?.moments()?.layers.findLast(fits);

/**
 * Side b of a layer before and after training. Moments of a first measurement are not kept, so a run of one step stands
 * for the network before training.
 *
 * @param fits whether this is the layer; the last that fits is taken
 * @param before caption of the picture before training
 */
export function beforeAndAfter(
  done: readonly StudiedRun[],
  fits: (layer: LayerMoments) => boolean,
  before: string,
): StudyFigure[] {
  const untrained = done.find(({ parameters }) => parameters.steps === 1);
  const trained = done.find(({ parameters, seed }) => parameters.steps !== 1 && seed === 0);
  const after = "The same at the end of training, seed 0, with a colour scale of its own.";
  return [
    ...pictureOf(layerOf(untrained, fits), "b", { name: "untrained", caption: before }),
    ...pictureOf(layerOf(trained, fits), "b", { name: "trained", caption: after }),
  ];
}

/** The basis of `beforeAndAfter`, for a study's notes. */
export const BEFORE_NOTE =
  "Moments of the first measurement are not kept; a run of one step stands for the network before training.";
