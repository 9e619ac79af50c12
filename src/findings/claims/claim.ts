/**
 * @file A claim of the paper as a row of a table: the statement, what was measured for it, the threshold for agreement
 * with its reason, and the verdict with its numbers. Plain data, so that runs can be collected.
 */
import type { Snapshot } from "../../measure/snapshot.ts";
import type { MetricPoint } from "../lastHalf.ts";

/**
 * - not at this scale: it does not hold, and network or batch are smaller than the paper's
 * - too early: it does not hold, and training was not over
 * - undecided: the numbers allow both, or could not have come out otherwise
 */
export const claimVerdicts = ["holds", "does not hold", "not at this scale", "too early", "undecided"] as const;
export type ClaimVerdict = (typeof claimVerdicts)[number];

export interface Claim {
  /** "Fig. 8". */
  readonly figure: string;
  /** The paper's statement, in its words where possible. */
  readonly statement: string;
  /** The measured quantity, its convention, and what it is taken over. */
  readonly measured: string;
  /** The threshold for agreement, and its reason. */
  readonly threshold: string;
  readonly verdict: ClaimVerdict;
  /** The deciding numbers, as text. */
  readonly numbers: string;
  /** Why scale, training or neither is the reason if it does not hold; why it is undecided. */
  readonly because?: string;
}

/** The data that claims are tested on. */
export interface ClaimData {
  /** All measurements, in any order. */
  readonly snapshots: readonly Snapshot[];
  /** The network before training, if it is not among the measurements. */
  readonly initial?: Snapshot;
  /** Parameters of a run; absent where nothing was trained. `decay`, `steps`, `smaller` and `preset` are read. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Losses and learning rates of the run. */
  readonly metrics?: readonly MetricPoint[];
  /** Steps done and planned. */
  readonly step?: number;
  readonly steps?: number;
}

/** A claim before its verdict. */
export interface Tested extends Omit<Claim, "verdict" | "because"> {
  /** Whether the numbers agree, or text on why they do not decide. */
  readonly agrees: boolean | { readonly undecided: string };
  /** Whether the claim itself is that training converged. */
  readonly isOnConvergence?: true;
}
