/**
 * @file What the page and the worker that trains say to each other: plain data, matrices as arrays that change hands.
 */
import type { WebDevice } from "../../engineWeb/webEngine.ts";
import type { MatrixName } from "../../figures/layerMatrices.ts";
import type { Cost, Snapshot } from "../../measure/snapshot.ts";
import type { Convention, Moments, Side } from "../../moments/moments.ts";
import type { FollowedStep } from "../../train/follow.ts";
import type { Metric } from "../../train/trainOptions.ts";
import type { WatchedGroup } from "../../train/watch.ts";

/** A training that is wanted. */
export interface TrainRequest {
  /** Name of a setting (src/settings). */
  readonly setting: string;
  /** Those that differ from the defaults; `steps` is where training ends. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly options?: TrainerOptions;
  /** Parameters that change while it trains, ascending; given at all, others may be changed by hand (`adjust`). */
  readonly changes?: readonly ParameterChange[];
}

/** Values from a step on, which that step is the first to be taken with, counted from 0. */
export interface ParameterChange {
  readonly step: number;
  readonly values: Readonly<Record<string, string>>;
}

export interface TrainerOptions {
  /** Steps between measurements, "log" or the steps themselves; 0 and the end always. Default "log". */
  readonly measure?: number | "log" | readonly number[];
  /**
   * What each measurement holds. Default: as `crh run`, all but laws, which the last one has.
   */
  readonly cost?: Cost;
  /** Steps a second; as fast as they go where it is undefined. */
  readonly speed?: number | undefined;
  /** Whether training pauses after its first measurement. */
  readonly paused?: boolean;
  /** Whether the second moments of each measurement are sent. Default false. */
  readonly moments?: boolean;
  /** A layer whose matrices are handed over at each measurement, and of all kept ones when it becomes another. */
  readonly look?: Look | undefined;
  /** Default "wasm". */
  readonly device?: WantedDevice;
}

/** "automatic" takes WebGPU where it is there and was found to be faster (automatic.ts). */
export type WantedDevice = WebDevice | "automatic";

/** Microseconds of a step, where engines were timed. */
export interface StepTimes {
  readonly wasm: number;
  /** undefined where WebAssembly is so fast that it was not tried, or where it failed. */
  readonly webgpu?: number;
  /** Why WebGPU could not be timed. */
  readonly problem?: string;
}

/** A layer to be looked at. */
export interface Look {
  readonly layer: string;
  readonly convention: Convention;
}

/** From the page to the worker. */
export type Command =
  /** `run` numbers the trainings of a worker: what it tells carries it. */
  | { readonly type: "start"; readonly run: number; readonly request: TrainRequest }
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  /** So many steps, then a measurement and a pause. */
  | { readonly type: "step"; readonly steps: number }
  | { readonly type: "stop" }
  | { readonly type: "speed"; readonly speed: number | undefined }
  /** Adjustable parameters change as soon as they can; `changed` says from which step on. */
  | { readonly type: "adjust"; readonly values: Readonly<Record<string, string>> }
  /** The matrices of the last measurement are handed over at once, then those of earlier ones. */
  | { readonly type: "look"; readonly look: Look | undefined };

/** Points that the experiment follows, and what the theory needs of them. */
export interface FollowedMeta {
  readonly points: readonly string[];
  /** |dx|² of inputs and |dy*|² of targets by pair, in lexical order. */
  readonly pairs: readonly { readonly pair: string; readonly dx2: number; readonly dy2: number }[];
  /** Hidden representations, from the first on. */
  readonly layers: readonly string[];
  /** Values of an output. */
  readonly outputs: number;
  readonly every: number;
}

/** What is trained, before its first step. */
export interface Built {
  readonly setting: string;
  /** Every parameter, defaults filled in. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly steps: number;
  readonly objective: string;
  /** What is measured on, in words. */
  readonly evaluationName: string;
  readonly notes: readonly string[];
  /** Name of the engine. */
  readonly engine: string;
  /** Quantities that are watched: metrics `watch/<quantity>`. */
  readonly watched: readonly WatchedGroup[];
  /** Parameters that may be changed while it trains. */
  readonly adjustable: readonly string[];
  readonly followed?: FollowedMeta;
  /** Steps at which moments are measured. */
  readonly measure: readonly number[];
}

/** A matrix of one side of a layer, divided by its mean diagonal entry. */
export interface SharedMatrix {
  readonly side: Side;
  readonly name: MatrixName;
  readonly d: number;
  /** (d, d) row after row. */
  readonly values: Float32Array<ArrayBuffer>;
}

export type TrainerState =
  /** The engine is loading, graphs are compiled. */
  "preparing" | "running" | "paused" | "finished" | "stopped" | "failed";

/** From the worker to the page: of which training, and what. */
export interface Told {
  readonly run: number;
  readonly event: TrainerEvent;
}

export type TrainerEvent =
  | { readonly type: "built"; readonly built: Built }
  | { readonly type: "state"; readonly state: TrainerState }
  /** Of a training of device "automatic", before it is built. */
  | { readonly type: "timed"; readonly times: StepTimes }
  /** Why WebGPU was not used: training is on WebAssembly, from step 0 on, and what was told of its steps is void. */
  | { readonly type: "fallback"; readonly problem: string }
  /** Ten times a second at most: the step that is done, its batch's loss, and steps a second. */
  | {
      readonly type: "progress";
      readonly step: number;
      readonly loss: number | undefined;
      readonly rate: number | undefined;
      readonly metrics: readonly Metric[];
      readonly followed: readonly FollowedStep[];
    }
  | { readonly type: "snapshot"; readonly snapshot: Snapshot }
  /** All changes of parameters, those that were asked for beforehand too. */
  | { readonly type: "changed"; readonly changes: readonly ParameterChange[] }
  | { readonly type: "moments"; readonly step: number; readonly moments: Moments }
  | {
      readonly type: "matrices";
      readonly step: number;
      readonly look: Look;
      /** Steps whose matrices can be looked at again. */
      readonly kept: readonly number[];
      readonly matrices: readonly SharedMatrix[];
    }
  /** Training ended by an error, said in one line; `diverged` is the step at which the loss was no number. */
  | { readonly type: "failed"; readonly message: string; readonly diverged?: number };
