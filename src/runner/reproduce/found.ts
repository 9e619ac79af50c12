/** @file A run that a study needs, and its folder. */
import type { CapturedSetting } from "../../runs/capturedSetting.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import type { RunInfo } from "../../runs/runInfo.ts";
import type { Setting } from "../../settings/setting.ts";
import type { StudyRun } from "../../studies/study.ts";

export interface Planned {
  readonly run: StudyRun;
  readonly setting: Setting;
  /** Defaults and preset filled in. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly command: string;
  readonly seconds: number;
}

/** A planned run with its folder, if it exists. */
export interface Found {
  readonly planned: Planned;
  /**
   * done: finished; diverged: its loss became non-finite, as it would again; begun: interrupted or failed, to be
   * continued; running: a process is writing it; missing: there is none
   */
  readonly state: "done" | "diverged" | "begun" | "running" | "missing";
  readonly folder?: RunFolder;
  readonly info?: RunInfo;
  /** Of a run that was made of captures: what trained it. */
  readonly captured?: CapturedSetting;
}

/** The runs of a folder, read once. */
export type Existing = readonly {
  readonly folder: RunFolder;
  readonly info: RunInfo;
  readonly config: Readonly<Record<string, unknown>>;
  /** Of a run that was made of captures. */
  readonly captured?: CapturedSetting;
}[];
