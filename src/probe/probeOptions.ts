/** @file What a probe is asked to measure. */
import type { NamedLayer } from "../moments/moments.ts";
import type { Objective, OwnLoss } from "../objectives/objective.ts";
import type { Block } from "./maps/blockOutputs.ts";

export interface ProbeOptions {
  readonly objective: Objective | OwnLoss;
  /** Initializers whose values are given at each measurement, because training changes them. */
  readonly parameters?: readonly string[];
  /** Inputs that are the same for all samples: their first axis is none of samples. Default: none. */
  readonly same?: ReadonlySet<string>;
  readonly threads?: number;
  /** As in CompileOptions. Default true; parts of a network (`layers`) go without. */
  readonly planMemory?: boolean;
  /** Which maps are measured, of all there are by their names; the others are listed as skipped. Default: all. */
  readonly select?: (layers: readonly NamedLayer[]) => (name: string) => boolean;
  /**
   * Sides of more values are not measured whole: their moments take d^2 numbers and their ranks d^3 operations.
   * Default: no limit.
   */
  readonly largest?: number;
  /**
   * What becomes of them: the layer is left out, or so many coordinates of the side are drawn at random (Eq. 77).
   * Default "skip".
   */
  readonly beyond?: Beyond;
  /**
   * Rows of each sample that are measured of every map but a classifier's last one, at random: pixels, tokens. Default:
   * all.
   */
  readonly positions?: number;
  /** Seed of what is drawn. Default 0. */
  readonly sampleSeed?: number;
  /**
   * Backward passes a batch for the gradients of the network's outputs (Eq. 72): one for each output, or random
   * directions of more outputs than this. Default 0: none.
   */
  readonly outputPasses?: number;
  /** Outputs of whole blocks that are measured by channel beside the maps. Default: none. */
  readonly blocks?: readonly Block[];
  /** Whether a classifier's features are kept until the nearest class mean is known (Eq. 70). Default true. */
  readonly nearestMean?: boolean;
  /** Whether the cross moments of gradients and activations are summed as well. Default true. */
  readonly cross?: boolean;
  /**
   * Samples that there will be in all; where given, maps with fewer rows than half the values of their wider side keep
   * rows in place of sums: their alignments are the same, and nothing else is measured of them. Default: sums.
   */
  readonly keepRowsOf?: number;
  /** Whether groups of samples are 8 where 16 take long, since measurements are many. Default false. */
  readonly fewGroups?: boolean;
  /** Names of maps and heads in place of those that the graph gives them. Default: none. */
  readonly rename?: ReadonlyMap<string, string>;
  /**
   * Widest representation between two maps for whose symmetry the noise is summed (Eq. 122); 0 finds the pairs alone.
   * Default: pairs are not looked for.
   */
  readonly pairs?: number;
}

export type Beyond = "skip" | "sample";
