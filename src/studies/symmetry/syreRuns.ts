/** @file What studies of runs with and without removal of symmetries share: names, decays that are the same penalty, curves. */
import type { LegendEntry } from "../../figures/legend.ts";
import { BLUE, ORANGE } from "../colours.ts";
import type { StudiedRun } from "../study.ts";
import { byNumber, meanPoints, numberOf } from "./reads.ts";

export const syreSource =
  'Ziyin, Xu and Chuang, "Remove symmetries to control model expressivity" (arXiv 2408.15495), on models of this project';

export const hows = [false, true] as const;
export const nameOf = (syre: boolean) => (syre ? "syre" : "plain decay");
const colourOf = (syre: boolean) => (syre ? ORANGE : BLUE);
export const isSyre = ({ parameters }: StudiedRun) => parameters.syre === true;

/** The same penalty with and without: behind the step of SGD with momentum decay counts 1 - momentum of what it does in the gradient. */
export const decayFor = (decay: number, syre: boolean, momentum: number) =>
  syre ? Number((decay / (1 - momentum)).toPrecision(12)) : decay;
export const plainDecay = (run: StudiedRun) => {
  const factor = isSyre(run) ? 1 - numberOf(run, "momentum") : 1;
  return Number((numberOf(run, "decay") * factor).toPrecision(6));
};

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
