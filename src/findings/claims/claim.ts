/**
 * @file A claim of the paper as a row of a table: what it says, what was measured for it, from where on it counts as
 * agreed and why, and the verdict with its numbers. Plain data, so that runs can be collected.
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
  /** The paper's words, as far as it has any. */
  readonly statement: string;
  /** The quantity, in which convention, over what. */
  readonly measured: string;
  /** From where on it agrees, and why from there. */
  readonly threshold: string;
  readonly verdict: ClaimVerdict;
  /** The numbers that decided, in words. */
  readonly numbers: string;
  /** Why scale, training or neither is the reason where it does not hold; why it is undecided. */
  readonly because?: string;
}

/** What is judged, as plain data. */
export interface ClaimData {
  /** All measurements, in any order. */
  readonly snapshots: readonly Snapshot[];
  /** The network before training, where it is none of them. */
  readonly initial?: Snapshot;
  /** Parameters of a run; absent where nothing was trained. `decay`, `steps`, `smaller` and `preset` are read. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Its losses and rates. */
  readonly metrics?: readonly MetricPoint[];
  /** Its steps done and planned. */
  readonly step?: number;
  readonly steps?: number;
}

/** A claim before its verdict. */
export interface Tested extends Omit<Claim, "verdict" | "because"> {
  /** Whether the numbers agree; in words why they do not decide. */
  readonly agrees: boolean | { readonly undecided: string };
  /** Whether it is itself about training having come to rest. */
  readonly isOnRest?: true;
}
