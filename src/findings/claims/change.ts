/** @file The paper's Fig. 21: representations come to rest. */
import { fluctuates, type RepresentationChange, rateAtZero, representationChanges } from "../lastHalf.ts";
import { grouped } from "../numbers.ts";
import { changeInWords, percent } from "../stationarity.ts";
import type { Tested } from "./claim.ts";
import type { Reading } from "./reading.ts";

/**
 * chosen: a relative change over the last half of the steps that is nearly zero; B log t still changes by 6 % at 1e5
 * steps.
 */
export const nearlyZero = 0.05;

/** chosen: what the change over a factor of two may still be of the greatest over any. */
const fallen = 0.1;

/**
 * chosen: the factor of time over which it has to have fallen; with less the course does not say whether it converges.
 */
const leastFactor = 16;

/** chosen: the share of the last half over which a change has to be as large to be taken for a fluctuation. */
const shortTime = 1 / 4;

/** chosen: more changes than this, put together, do not tell a fluctuation from a walk. */
const fewParts = 3;

/**
 * Whether representations come to rest   (theory.md Eq. 64): the change over the last half is small, and either small
 * beside what it was over earlier factors of two or no larger than over a shorter time.
 *
 * Per step every change falls in time. Over a factor of two a drift in log t keeps its change, and a random walk's
 * grows. Both are larger over a longer time; a fluctuation about a rest is not.
 */
function comesToRest(found: readonly RepresentationChange[]): Tested["agrees"] {
  const end = found[0]!;
  if (end.least > nearlyZero) return false;
  if (end.most <= nearlyZero && fluctuates(end, shortTime)) return true;
  const limit = Math.min(nearlyZero, fallen * greatestOf(found));
  if (end.most <= Math.max(limit, fallen * nearlyZero)) return true;
  if (end.parts > fewParts)
    return { undecided: "measurements compared with the one before alone do not tell fluctuation from drift" };
  if (!reachesBack(found))
    return { undecided: "there are too few measurements to tell rest from a slow drift that was as fast before" };
  return end.least > limit ? false : { undecided: "what was put together leaves both open" };
}

function greatestOf(found: readonly RepresentationChange[]): number {
  return Math.max(...found.map(({ least }) => least));
}

function reachesBack(found: readonly RepresentationChange[]): boolean {
  return found[0]!.step / found.at(-1)!.since >= leastFactor;
}

/** The figure's row. */
export function changeSettles({ data, last: { step } }: Reading): Tested | undefined {
  if (data.config === undefined) return undefined;
  const found = representationChanges(data.snapshots);
  const end = found[0];
  if (end === undefined || end.step !== step) return undefined;
  const rest = comesToRest(found);
  const since = end.shorter ? `, ${percent(end.shorter.value)} % since step ${grouped(end.shorter.since)}` : "";
  const how = end.parts > 1 ? `, put together from ${grouped(end.parts)} changes between measurements` : "";
  const beside = `; the greatest over a factor of two${reachesBack(found) ? "" : " that was measured"} is ${percent(greatestOf(found))} %`;
  const still =
    rest === false && fluctuates(end)
      ? "; it fluctuates, as the noise of steps has it at a rate that is not zero, and does not move on"
      : "";
  return {
    figure: "Fig. 21",
    statement: "the change in the representation covariance converges to (near) zero at the end of training",
    measured:
      "relative change of cov(h, h) over the last factor of two of the steps, paper's convention, median over hidden representations",
    threshold: `at most ${100 * nearlyZero} % and either a tenth of the greatest over any factor of two or no more than over a shorter time: over a fixed factor of time a drift in log t and a random walk do not fall, and they grow with it`,
    agrees:
      rest === true && rateAtZero(data)
        ? { undecided: "the schedule's rate is at zero at the end, where every network stands still" }
        : rest,
    numbers: `${changeInWords(end)} from step ${grouped(end.since)} to ${grouped(step)}${since}${how}${beside}${still}`,
    isOnRest: true,
  };
}
