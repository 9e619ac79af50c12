/** @file One play: what is known of a training so far. Plain values; each event yields the next one. */
import type { Snapshot } from "../../measure/snapshot.ts";
import type {
  Built,
  Look,
  ParameterChange,
  SharedMatrix,
  StepTimes,
  TrainerEvent,
  TrainerState,
  WantedDevice,
} from "../trainer/messages.ts";
import type { Given, PlaySetting } from "./defaults.ts";

export interface LossPoint {
  readonly step: number;
  readonly value: number;
}

export interface Matrices {
  readonly step: number;
  readonly look: Look;
  readonly matrices: readonly SharedMatrix[];
}

export interface PlayData {
  /** From 1, in the order in which plays began. */
  readonly number: number;
  readonly setting: PlaySetting;
  readonly given: Given;
  /** Past and future changes during training, ascending. */
  readonly changes: readonly ParameterChange[];
  /** What it was to run on; `built` says what it does run on. */
  readonly device: WantedDevice;
  /** Where engines were timed before it began. */
  readonly times?: StepTimes;
  /** Why it does not run on WebGPU, where it was to. */
  readonly fallback?: string;
  readonly state: TrainerState;
  readonly built?: Built;
  readonly step: number;
  readonly loss?: number;
  /** Steps per second. */
  readonly rate?: number;
  /** Training losses, each the mean since the previous point. */
  readonly training: readonly LossPoint[];
  /** On unseen samples. */
  readonly unseen: readonly LossPoint[];
  readonly snapshots: readonly Snapshot[];
  /** Matrices of the chosen layer at the last measurement and at the earlier ones that are kept; ascending steps. */
  readonly matrices: readonly Matrices[];
  /** Why it ended, in one line. */
  readonly problem?: string;
}

/** What to play. */
export type Played = Pick<PlayData, "setting" | "given" | "changes" | "device">;

export function newPlay(number: number, played: Played): PlayData {
  return { ...played, number, state: "preparing", step: 0, training: [], unseen: [], snapshots: [], matrices: [] };
}

export function told(play: PlayData, event: TrainerEvent): PlayData {
  switch (event.type) {
    case "timed":
      return { ...play, times: event.times };
    case "fallback": {
      const { number, setting, given, changes, device, times } = play;
      const anew = newPlay(number, { setting, given, changes, device });
      return { ...anew, ...(times && { times }), fallback: event.problem };
    }
    case "built":
      return { ...play, built: event.built };
    case "state":
      return { ...play, state: event.state };
    case "progress": {
      const rows = (name: string): LossPoint[] => event.metrics.filter((row) => row.name === name);
      const [training, unseen] = [rows("train/loss"), rows("eval/loss")];
      return {
        ...play,
        step: event.step,
        ...(event.loss !== undefined && { loss: event.loss }),
        ...(event.rate !== undefined && { rate: event.rate }),
        ...(training.length > 0 && { training: [...play.training, ...training] }),
        ...(unseen.length > 0 && { unseen: [...play.unseen, ...unseen] }),
      };
    }
    case "snapshot":
      return { ...play, snapshots: [...play.snapshots, event.snapshot] };
    case "changed":
      return { ...play, changes: event.changes };
    case "matrices":
      return { ...play, matrices: withMatrices(play.matrices, event) };
    case "failed":
      return { ...play, problem: event.message };
    default:
      return play;
  }
}

/** Drops matrices of another layer or convention, and those no longer kept. */
function withMatrices(known: readonly Matrices[], event: Extract<TrainerEvent, { type: "matrices" }>): Matrices[] {
  const { step, look, matrices, kept } = event;
  const others = known.filter(
    (one) =>
      one.step !== step &&
      one.look.layer === look.layer &&
      one.look.convention === look.convention &&
      kept.includes(one.step),
  );
  return [...others, { step, look, matrices }].sort((x, y) => x.step - y.step);
}

/** Parameters at the current step of a play. */
export const givenNow = ({ given, changes, step }: Pick<PlayData, "given" | "changes" | "step">): Given =>
  Object.assign({}, given, ...changes.filter((change) => change.step <= step).map(({ values }) => values));

/** Whether it trains or is about to. */
export const isUnderWay = ({ state }: PlayData): boolean => state === "preparing" || state === "running";
/** Whether it can be resumed. */
export const isWaiting = ({ state }: PlayData): boolean => state === "paused";
