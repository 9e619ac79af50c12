/** @file Options of a probe. */
import type { NamedLayer } from "../moments/moments.ts";
import type { Objective, OwnLoss } from "../objectives/objective.ts";
import type { Block } from "./maps/blockOutputs.ts";

export interface ProbeOptions {
  readonly objective: Objective | OwnLoss;
  /** Initializers whose values are passed to each measurement, because training changes them. */
  readonly parameters?: readonly string[];
  /** Inputs that are the same for all samples: their first axis does not run over samples. Default: none. */
  readonly same?: ReadonlySet<string>;
  readonly threads?: number;
  /** As in CompileOptions. Default true; parts of a network (`layers`) go without. */
  readonly planMemory?: boolean;
  /** Selects maps by name among all maps; the others are listed as skipped. Default: all. */
  readonly select?: (layers: readonly NamedLayer[]) => (name: string) => boolean;
  /**
   * Sides with more values are not measured whole: their moments take d^2 numbers and their ranks d^3 operations.
   * Default: no limit.
   */
  readonly largest?: number;
  /**
   * Treatment of such a side: "skip" leaves the layer out, "sample" measures that many random coordinates (Eq. 77).
   * Default "skip".
   */
  readonly beyond?: Beyond;
  /**
   * Rows of each sample measured of every map except a classifier's last one, at random: pixels, tokens. Default: all.
   */
  readonly positions?: number;
  /** Seed of the random samples. Default 0. */
  readonly sampleSeed?: number;
  /**
   * Backward passes per batch for the gradients of the network's outputs (Eq. 72): one for each output, or random
   * directions where the outputs are more. Default 0: none.
   */
  readonly outputPasses?: number;
  /** Outputs of whole blocks to measure by channel, besides the maps. Default: none. */
  readonly blocks?: readonly Block[];
  /** Whether a classifier's features are kept until the nearest class mean is known (Eq. 70). Default true. */
  readonly nearestMean?: boolean;
  /** Whether the cross moments of gradients and activations are summed as well. Default true. */
  readonly cross?: boolean;
  /**
   * Expected number of samples. If given, maps with few rows keep them instead of sums (`keepsRows`): their alignments
   * are the same, and nothing else is measured of them. Default: sums.
   */
  readonly keepRowsOf?: number;
  /** Whether 8 groups of samples are made where 16 take long, since measurements are many. Default false. */
  readonly fewGroups?: boolean;
  /** Names of maps and heads that replace those from the graph. Default: none. */
  readonly rename?: ReadonlyMap<string, string>;
  /**
   * Widest representation between two maps for which the noise is summed (Eq. 122); 0 finds the pairs only. Default:
   * pairs are not looked for.
   */
  readonly pairs?: number;
}

export type Beyond = "skip" | "sample";
