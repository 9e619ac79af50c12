/**
 * @file The paper's claims about its figures, tested on this network: one row for each claim that the network can
 * answer. The thresholds are chosen here, each with its reason; the paper gives none.
 */
import { changeSettles } from "./change.ts";
import type { Claim, ClaimData, Tested } from "./claim.ts";
import { lastBlockAligned, lastLayersAligned, outputAligned, weakerInConvolutions } from "./convolutional.ts";
import { allSixAtLargeDecay, oneOfEachSide, strongestAtSmallDecay } from "./fullyConnected.ts";
import { aboveBaselines, highThroughout, meansNegligible, momentsAsCovariances, sameSpectra } from "./heads.ts";
import { type Reading, readingOf } from "./reading.ts";
import { withVerdict } from "./verdict.ts";

/**
 * The claims in the order of the table. Each gives a row, or none where the network cannot answer. A new claim is
 * listed here.
 */
const list: readonly ((reading: Reading) => Tested | undefined)[] = [
  lastLayersAligned,
  weakerInConvolutions,
  outputAligned,
  lastBlockAligned,
  aboveBaselines,
  momentsAsCovariances,
  meansNegligible,
  sameSpectra,
  highThroughout,
  allSixAtLargeDecay,
  oneOfEachSide,
  strongestAtSmallDecay,
  changeSettles,
];

/**
 * Every claim that can be judged from the data.
 *
 * @param data measurements and, for a run, its parameters, losses and rates
 */
export function claims(data: ClaimData): Claim[] {
  const reading = readingOf(data);
  if (reading === undefined) return [];
  return list.flatMap((claim) => {
    const tested = claim(reading);
    return tested ? [withVerdict(tested, data)] : [];
  });
}
