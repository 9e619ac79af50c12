/**
 * @file The contents of a folder of captures (docs/formats.md, "Capture folder"): files `step-00000500.safetensors`, or
 * shards of a step, `step-00000500.rank-0.safetensors`, `step-00000500-0-of-2.safetensors`; an empty file `finished`
 * once nothing more will come; `setting.json`, where a setting of this program was trained; and, while something is
 * written, files under temporary names.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { StepCaptures } from "../analysisFolder.ts";
import { SETTING_FILE } from "./settingFile.ts";

/** Name of the file that marks a finished capture. */
export const FINISHED = "finished";

export interface CaptureFolder {
  readonly dir: string;
  /** Captures by ascending step, files in alphabetical order. */
  readonly captures: readonly StepCaptures[];
  /** Names of other files. */
  readonly others: readonly string[];
  readonly isFinished: boolean;
}

const NAME = /^step-(\d{8,})([.-].+)?\.safetensors$/;
const TEMPORARY = /^\.|\.(writing|tmp)$/;

/** Whether the path names a folder. */
export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** @throws RangeError naming two files of one step, one of which is by its name not a shard */
export function captureFolder(dir: string): CaptureFolder {
  const steps = new Map<number, string[]>();
  const others: string[] = [];
  let isFinished = false;
  for (const name of readdirSync(dir).sort()) {
    if (TEMPORARY.test(name)) continue;
    const step = stepOf(name);
    if (name === SETTING_FILE) continue;
    if (name === FINISHED) isFinished = true;
    else if (step === undefined) others.push(name);
    else steps.set(step, [...(steps.get(step) ?? []), name]);
  }
  const captures = [...steps].map(([step, files]) => ({ step, files })).sort((x, y) => x.step - y.step);
  for (const { step, files } of captures) {
    const whole = files.find((name) => shardOf(name) === "");
    if (whole === undefined || files.length === 1) continue;
    const shard = files.find((name) => name !== whole)!;
    throw new RangeError(
      `ingest: expected one file of step ${step}, or its shards, got ${join(dir, whole)} beside ${join(dir, shard)}; leave one of them out`,
    );
  }
  return { dir, captures, others, isFinished };
}

/** The step in a file's name, of at least eight digits; undefined if the name is not of a capture. */
function stepOf(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  const step = Number(digits);
  return Number.isSafeInteger(step) && digits === String(step).padStart(8, "0") ? step : undefined;
}

/** The part of the name that identifies a shard within its step: ".rank-0"; "" for a file that holds a whole step. */
export function shardOf(name: string): string {
  return NAME.exec(name)?.[2] ?? "";
}

/** chosen: names in a message. */
const NAMED = 3;

/** "notes.txt, plot.png, run.log and 4 more" */
export function someFiles(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return `${names.slice(0, NAMED).join(", ")}${more}`;
}

/** @throws RangeError where there is no capture */
export function requireCaptures({ dir, captures, others }: CaptureFolder): void {
  if (captures.length > 0) return;
  const found = others.length === 0 ? "an empty folder" : `other files alone (${someFiles(others)})`;
  throw new RangeError(
    `ingest: expected captures, step-00000000.safetensors and on, in ${resolve(dir)}, got ${found}; name the folder that captures are written to, or --live to wait for them`,
  );
}
