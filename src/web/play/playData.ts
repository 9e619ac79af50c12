/** @file One play: what a training has told so far. Pure values: each event gives the next one. */
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
  /** From 1 on, in the order in which plays began. */
  readonly number: number;
  readonly setting: PlaySetting;
  readonly given: Given;
  /** What changes, or changed, while it trains; ascending. */
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
  /** Steps a second. */
  readonly rate?: number;
  /** Mean training losses since the point before. */
  readonly training: readonly LossPoint[];
  /** On unseen samples. */
  readonly unseen: readonly LossPoint[];
  readonly snapshots: readonly Snapshot[];
  /** Of the layer that is looked at, at the last measurement and as many before as are kept; ascending steps. */
  readonly matrices: readonly Matrices[];
  /** Why it ended, in one line. */
  readonly problem?: string;
}

/** What is to be played. */
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

/** Those of another look go, and those that are kept no more. */
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

/** Parameters as they are at the step that a play is at. */
export const givenNow = ({ given, changes, step }: Pick<PlayData, "given" | "changes" | "step">): Given =>
  Object.assign({}, given, ...changes.filter((change) => change.step <= step).map(({ values }) => values));

/** Whether it trains, or will. */
export const isUnderWay = ({ state }: PlayData): boolean => state === "preparing" || state === "running";
/** Whether it can go on. */
export const isWaiting = ({ state }: PlayData): boolean => state === "paused";
