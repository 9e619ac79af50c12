/**
 * @file Why a claim does not hold: training was not over, the network is smaller than the paper's, or neither. Numbers
 * decide.
 */
import { fluctuates, lossChange, rateAtZero, representationChanges, stillFalls } from "../lastHalf.ts";
import { grouped, listed } from "../numbers.ts";
import { changeInWords, percent } from "../stationarity.ts";
import { nearlyZero } from "./change.ts";
import type { Claim, ClaimData, Tested } from "./claim.ts";

/** A claim with its verdict. */
export function withVerdict({ agrees, isOnConvergence, ...claim }: Tested, data: ClaimData): Claim {
  if (agrees === true) return { ...claim, verdict: "holds" };
  if (agrees !== false) return { ...claim, verdict: "undecided", because: agrees.undecided };
  return { ...claim, ...reasonAgainst(data, isOnConvergence === true) };
}

/**
 * Checks signs of unfinished training first, then the size, then a number of steps below the paper's although training
 * converged.
 *
 * @param onConvergence whether the claim itself is that representations converge
 */
function reasonAgainst(data: ClaimData, onConvergence: boolean): Pick<Claim, "verdict" | "because"> {
  if (data.config === undefined) return { verdict: "does not hold" };
  const moving = unrest(data, onConvergence);
  if (moving.length > 0) return { verdict: "too early", because: listed(moving) };
  const smaller = smallerIn(data.config);
  const sizes = smaller.filter((key) => key !== "steps");
  if (sizes.length > 0) return { verdict: "not at this scale", because: `smaller than the paper's: ${listed(sizes)}` };
  if (smaller.length > 0) return { verdict: "too early", because: "fewer steps than the paper's" };
  return { verdict: "does not hold" };
}

/** Signs that training was not over. */
function unrest(data: ClaimData, onConvergence: boolean): string[] {
  const { step, steps } = data;
  const loss = lossChange(data);
  const change = representationChanges(data.snapshots)[0];
  const moves =
    !onConvergence && change !== undefined && change.least > nearlyZero && !fluctuates(change) && !rateAtZero(data);
  return [
    ...(step !== undefined && steps !== undefined && step < steps
      ? [`the run is at step ${grouped(step)} of ${grouped(steps)}`]
      : []),
    ...(loss && stillFalls(loss)
      ? [`the loss fell by ${percent(-loss.change)} % over the last half of the steps`]
      : []),
    ...(moves ? [`representations changed by ${changeInWords(change)} since step ${grouped(change.since)}`] : []),
  ];
}

/** What is smaller than the paper's; runs of earlier versions record only their preset. */
function smallerIn({ smaller, preset }: Readonly<Record<string, unknown>>): string[] {
  if (Array.isArray(smaller)) return smaller.map(String);
  return preset === undefined || preset === "paper" ? [] : [`preset ${String(preset)}`];
}
