/**
 * @file What studies of runs with and without removal of symmetries share: names, decays that are the same penalty,
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
 * The decay of syre that is the penalty of a plain decay, at rest: behind a step of SGD with momentum m it counts (1 -
 * m) / (1 - lr decay) of what it does in the gradient (theory.md Eq. 119).
 *
 * @param lr where lr decay is above a hundredth; else it matters in no digit that a study shows
 */
export function decayFor(
  decay: number,
  syre: boolean,
  { momentum = 0, lr = 0 }: { momentum?: number; lr?: number },
): number {
  return syre ? Number((decay / (1 - momentum + lr * decay)).toPrecision(6)) : decay;
}

/** The plain decay that a run's is the same penalty as, to the two digits that studies are planned with. */
export function plainDecay(run: StudiedRun): number {
  const decay = numberOf(run, "decay");
  const own = isSyre(run) ? ((1 - numberOf(run, "momentum")) * decay) / (1 - numberOf(run, "lr") * decay) : decay;
  return Number(own.toPrecision(2));
}

export const syreLegend = (theory: boolean): LegendEntry[] => [
  ...hows.map((syre) => ({ text: nameOf(syre), colour: colourOf(syre), samples: ["line", "dot"] as const })),
  ...(theory ? [{ text: "theory of plain decay", colour: "currentColor", samples: ["dashed"] as const }] : []),
];

/** A curve of plain decay and one of syre. */
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
