/**
 * @file Shared by the studies of runs with and without removal of symmetries: names, decays with the same penalty,
 * curves.
 */
import type { LegendEntry } from "../../figures/legend.ts";
import { byNumber, meanPoints, numberOf } from "../byNumber.ts";
import { BLUE, ORANGE } from "../colours.ts";
import type { StudiedRun } from "../study.ts";

export const syreSource =
  'Ziyin, Xu and Chuang, "Remove symmetries to control model expressivity" (arXiv 2408.15495), on models of this project';

export const hows = [false, true] as const;
export const nameOf = (syre: boolean) => (syre ? "syre" : "plain decay");
const colourOf = (syre: boolean) => (syre ? ORANGE : BLUE);
export const isSyre = ({ parameters }: StudiedRun) => parameters.syre === true;

/**
 * The syre decay with the same penalty, at rest, as a plain decay. Applied after a step of SGD with momentum m, decay
 * has (1 - m) / (1 - lr decay) times the effect that it has in the gradient (theory.md Eq. 119).
 *
 * @param lr needed if lr decay is above a hundredth; otherwise it changes no digit that a study shows
 */
export function decayFor(
  decay: number,
  syre: boolean,
  { momentum = 0, lr = 0 }: { momentum?: number; lr?: number },
): number {
  return syre ? Number((decay / (1 - momentum + lr * decay)).toPrecision(6)) : decay;
}

/** The plain decay with the same penalty as a run's decay, to the two digits that the studies use. */
export function plainDecay(run: StudiedRun): number {
  const decay = numberOf(run, "decay");
  const own = isSyre(run) ? ((1 - numberOf(run, "momentum")) * decay) / (1 - numberOf(run, "lr") * decay) : decay;
  return Number(own.toPrecision(2));
}

export const syreLegend = (theory: boolean): LegendEntry[] => [
  ...hows.map((syre) => ({ text: nameOf(syre), colour: colourOf(syre), samples: ["line", "dot"] as const })),
  ...(theory ? [{ text: "theory of plain decay", colour: "currentColor", samples: ["dashed"] as const }] : []),
];

/** One curve for plain decay and one for syre. */
export function bothWays(
  runs: readonly StudiedRun[],
  x: (run: StudiedRun) => number,
  read: (run: StudiedRun) => number | null,
) {
  return hows.map((syre) => ({
    ...{ name: nameOf(syre), colour: colourOf(syre), dots: "full" as const },
    points: meanPoints(
      byNumber(
        runs.filter((run) => isSyre(run) === syre),
        x,
      ),
      read,
    ),
  }));
}
