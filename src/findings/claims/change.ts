/** @file The paper's Fig. 21: representations converge. */
import { fluctuates, type RepresentationChange, rateAtZero, representationChanges } from "../lastHalf.ts";
import { grouped } from "../numbers.ts";
import { changeInWords, percent } from "../stationarity.ts";
import type { Tested } from "./claim.ts";
import type { Reading } from "./reading.ts";

/**
 * chosen: a relative change over the last half of the steps that counts as nearly zero; B log t still changes by 6 % at
 * 1e5 steps.
 */
export const nearlyZero = 0.05;

/** chosen: largest ratio of the last change over a factor of two to the greatest such change. */
const fallen = 0.1;

/**
 * chosen: least factor of time over which the change must have fallen; a shorter course does not show convergence.
 */
const leastFactor = 16;

/** chosen: a change that is as large over this share of the last half counts as a fluctuation. */
const shortTime = 1 / 4;

/** chosen: a sum of more changes than this cannot distinguish a fluctuation from a random walk. */
const fewParts = 3;

/**
 * Whether representations converge (theory.md Eq. 64): the change over the last half is small, and it is either small
 * compared with earlier factors of two or no larger than over a shorter time.
 *
 * Per step, every change falls with time. Over a factor of two, a drift in log t keeps its change, and that of a random
 * walk grows. Both are larger over a longer time; a fluctuation about a fixed point is not.
 */
function hasConverged(found: readonly RepresentationChange[]): Tested["agrees"] {
  const end = found[0]!;
  if (end.least > nearlyZero) return false;
  if (end.most <= nearlyZero && fluctuates(end, shortTime)) return true;
  const limit = Math.min(nearlyZero, fallen * greatestOf(found));
  if (end.most <= Math.max(limit, fallen * nearlyZero)) return true;
  if (end.parts > fewParts)
    return { undecided: "changes between consecutive measurements alone do not distinguish fluctuation from drift" };
  if (!reachesBack(found))
    return { undecided: "there are too few measurements to distinguish convergence from a slow, steady drift" };
  return end.least > limit ? false : { undecided: "the summed changes do not decide" };
}

function greatestOf(found: readonly RepresentationChange[]): number {
  return Math.max(...found.map(({ least }) => least));
}

function reachesBack(found: readonly RepresentationChange[]): boolean {
  return found[0]!.step / found.at(-1)!.since >= leastFactor;
}

/** The row of Fig. 21. */
export function changeSettles({ data, last: { step } }: Reading): Tested | undefined {
  if (data.config === undefined) return undefined;
  const found = representationChanges(data.snapshots);
  const end = found[0];
  if (end === undefined || end.step !== step) return undefined;
  const rest = hasConverged(found);
  const since = end.shorter ? `, ${percent(end.shorter.value)} % since step ${grouped(end.shorter.since)}` : "";
  const how = end.parts > 1 ? `, summed over ${grouped(end.parts)} changes between measurements` : "";
  const beside = `; the greatest over a factor of two${reachesBack(found) ? "" : " that was measured"} is ${percent(greatestOf(found))} %`;
  const still =
    rest === false && fluctuates(end)
      ? "; it fluctuates, as expected from gradient noise at a nonzero rate, without drift"
      : "";
  return {
    figure: "Fig. 21",
    statement: "the change in the representation covariance converges to (near) zero at the end of training",
    measured:
      "relative change of cov(h, h) over the last factor of two of the steps, paper's convention, median over hidden representations",
    threshold: `at most ${100 * nearlyZero} % and either a tenth of the greatest over any factor of two or no more than over a shorter time: over a fixed factor of time a drift in log t and a random walk do not fall, and they grow with it`,
    agrees:
      rest === true && rateAtZero(data)
        ? { undecided: "the learning rate ends at zero, where every network stops changing" }
        : rest,
    numbers: `${changeInWords(end)} from step ${grouped(end.since)} to ${grouped(step)}${since}${how}${beside}${still}`,
    isOnConvergence: true,
  };
}
