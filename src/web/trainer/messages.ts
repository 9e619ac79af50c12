/** @file Messages between the page and the worker that trains: plain data, with matrices as transferred arrays. */
import type { WebDevice } from "../../engineWeb/webEngine.ts";
import type { MatrixName } from "../../figures/layerMatrices.ts";
import type { Cost, Snapshot } from "../../measure/snapshot.ts";
import type { Convention, Moments, Side } from "../../moments/moments.ts";
import type { FollowedStep } from "../../train/follow.ts";
import type { Metric } from "../../train/trainOptions.ts";
import type { WatchedGroup } from "../../train/watch.ts";

/** A requested training. */
export interface TrainRequest {
  /** Name of a setting (src/settings). */
  readonly setting: string;
  /** Parameters that differ from the defaults; training ends at `steps`. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly options?: TrainerOptions;
  /**
   * Parameter changes during training, ascending. If given, even empty, further changes can be made by hand (`adjust`).
   */
  readonly changes?: readonly ParameterChange[];
}

/** New values from a step on: the step, counted from 0, is the first one taken with them. */
export interface ParameterChange {
  readonly step: number;
  readonly values: Readonly<Record<string, string>>;
}

export interface TrainerOptions {
  /**
   * Steps between measurements, "log", or the steps themselves. Step 0 and the end are always measured. Default "log".
   */
  readonly measure?: number | "log" | readonly number[];
  /**
   * How much each measurement contains. Default, as in `crh run`: everything except laws, which only the last one has.
   */
  readonly cost?: Cost;
  /** Steps per second; undefined for no limit. */
  readonly speed?: number | undefined;
  /** Whether training pauses after its first measurement. */
  readonly paused?: boolean;
  /** Whether the second moments of each measurement are sent. Default false. */
  readonly moments?: boolean;
  /** A layer whose matrices are sent at each measurement. When it changes, those of all kept measurements are sent. */
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

/** The layer and convention to look at. */
export interface Look {
  readonly layer: string;
  readonly convention: Convention;
}

/** From the page to the worker. */
export type Command =
  /** `run` numbers the trainings of a worker; its events carry the number. */
  | { readonly type: "start"; readonly run: number; readonly request: TrainRequest }
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  /** Takes the given number of steps, then measures and pauses. */
  | { readonly type: "step"; readonly steps: number }
  | { readonly type: "stop" }
  | { readonly type: "speed"; readonly speed: number | undefined }
  /** Changes adjustable parameters as soon as possible; `changed` reports from which step. */
  | { readonly type: "adjust"; readonly values: Readonly<Record<string, string>> }
  /** Sends the matrices of the last measurement at once, then those of earlier ones. */
  | { readonly type: "look"; readonly look: Look | undefined };

/** The points that the experiment follows, with what the theory needs about them. */
export interface FollowedMeta {
  readonly points: readonly string[];
  /** |dx|² of inputs and |dy*|² of targets by pair, in lexical order. */
  readonly pairs: readonly { readonly pair: string; readonly dx2: number; readonly dy2: number }[];
  /** Names of the hidden representations, from the first. */
  readonly layers: readonly string[];
  /** Number of values in an output. */
  readonly outputs: number;
  readonly every: number;
}

/** The built experiment, before its first step. */
export interface Built {
  readonly setting: string;
  /** Every parameter, including defaults. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly steps: number;
  readonly objective: string;
  /** The samples that are measured, in words. */
  readonly evaluationName: string;
  readonly notes: readonly string[];
  /** Name of the engine. */
  readonly engine: string;
  /** The watched quantities, metrics `watch/<quantity>`. */
  readonly watched: readonly WatchedGroup[];
  /** Parameters that may be changed during training. */
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
  /** (d, d) row-major. */
  readonly values: Float32Array<ArrayBuffer>;
}

export type TrainerState =
  /** Loading the engine and compiling graphs. */
  "preparing" | "running" | "paused" | "finished" | "stopped" | "failed";

/** From the worker to the page: the number of the training, and an event. */
export interface Told {
  readonly run: number;
  readonly event: TrainerEvent;
}

export type TrainerEvent =
  | { readonly type: "built"; readonly built: Built }
  | { readonly type: "state"; readonly state: TrainerState }
  /** Of a training of device "automatic", before it is built. */
  | { readonly type: "timed"; readonly times: StepTimes }
  /** Why WebGPU was not used: training begins anew on WebAssembly, and what was told of its steps is void. */
  | { readonly type: "fallback"; readonly problem: string }
  /** At most ten times a second: the last completed step, its batch's loss, and steps per second. */
  | {
      readonly type: "progress";
      readonly step: number;
      readonly loss: number | undefined;
      readonly rate: number | undefined;
      readonly metrics: readonly Metric[];
      readonly followed: readonly FollowedStep[];
    }
  | { readonly type: "snapshot"; readonly snapshot: Snapshot }
  /** All parameter changes, including those requested beforehand. */
  | { readonly type: "changed"; readonly changes: readonly ParameterChange[] }
  | { readonly type: "moments"; readonly step: number; readonly moments: Moments }
  | {
      readonly type: "matrices";
      readonly step: number;
      readonly look: Look;
      /** Steps whose matrices are kept. */
      readonly kept: readonly number[];
      readonly matrices: readonly SharedMatrix[];
    }
  /** Training ended with an error, in one line; `diverged` is the step at which the loss was not finite. */
  | { readonly type: "failed"; readonly message: string; readonly diverged?: number };
