/** @file What is trained, measured and followed. */
import type { Engine } from "../engine/engine.ts";
import type { Network } from "../networks/network.ts";
import type { Objective } from "../objectives/objective.ts";
import type { Feeds } from "../probe/feeds.ts";
import type { Follow } from "./follow.ts";
import type { LinearProbeOptions } from "./linearProbe.ts";
import type { Optimizer } from "./optimizer.ts";
import type { Pictures } from "./pictures.ts";
import type { Schedule } from "./schedule.ts";
import type { Syre } from "./syre.ts";
import type { TrainingData } from "./trainingData.ts";
import type { Watch } from "./watch.ts";

/** Everything that is trained and measured; what a setting builds. */
export interface Experiment {
  readonly network: Network;
  readonly objective: Objective;
  readonly optimizer: Optimizer;
  /** Decay towards a fixed random point, instead of the optimizer's own. Default: none. */
  readonly syre?: Syre;
  readonly schedule: Schedule;
  readonly data: TrainingData;
  /**
   * The samples on which the moments are measured, in batches (at least two, for their error). Empty: nothing is
   * measured.
   */
  readonly evaluation: (engine: Engine) => Promise<readonly Feeds[]>;
  /** Held-out samples for loss and accuracy, where they differ from `evaluation` (the whole test set). */
  readonly test?: () => readonly Feeds[];
  /** Whether the loss is in nats per token of a text. Its exponential, the perplexity, is then recorded too. */
  readonly perplexity?: boolean;
  /** The data a linear classifier is fitted on at each measurement, where training sees no labels. */
  readonly linearProbe?: LinearProbeOptions;
  /**
   * Sides with more values than this are measured on that many random coordinates (theory.md Eq. 77). Default: no
   * limit.
   */
  readonly largestSide?: number;
  /** Widest representation between two maps whose noise balance is measured (theory.md Eq. 122). Default 1,024. */
  readonly widestPair?: number;
  /** Rows measured of each sample (pixels, tokens); 0, the default: all. */
  readonly positions?: number;
  /** Most steps of one call, where steps are slow: progress is shown and an interruption takes effect between calls. */
  readonly callSteps?: number;
  /** Number of parts in which a batch is taken (batchGradients.ts). Default: by the size of the network's values. */
  readonly parts?: number;
  /** Points whose distances are followed during training. Default: none. */
  readonly follow?: Follow;
  /** Numbers computed from the parameters during training. Default: none. */
  readonly watch?: Watch;
  /** Images that the network makes at the end of training. Default: none. */
  readonly pictures?: Pictures;
  /** What a reader of the numbers must know beyond the parameters, one sentence each. Default: nothing. */
  readonly notes?: readonly string[];
  /** What `evaluation` is, in words: "3000 held-out samples". */
  readonly evaluationName: string;
}
