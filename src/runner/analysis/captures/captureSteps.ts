/**
 * @file The steps of a folder of captures in the order in which they are measured: those that are there, or, live,
 * each as soon as it is complete, until the folder is finished or the user stops.
 */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { safetensorsHead } from "../../../disk/safetensorsHead.ts";
import type { Watcher } from "../../observer.ts";
import type { StepCaptures } from "../analysisFolder.ts";
import { type CaptureFolder, captureFolder, requireCaptures, shardOf, someFiles } from "./captureFolder.ts";

/** chosen: milliseconds between two looks at a folder; captures come every few seconds at most. */
const LOOK_MS = 500;

export interface CaptureStep extends StepCaptures {
  /** Whether no later one will come. */
  readonly isLast: boolean;
}

/**
 * @param note told of what lies in the folder besides
 * @throws RangeError where there is no capture, or, live, one comes whose step was passed
 */
export async function* captureSteps(
  dir: string,
  { live, note }: { readonly live: boolean; readonly note: (text: string) => void },
  { signal }: Pick<Watcher, "signal">,
): AsyncGenerator<CaptureStep> {
  const done: StepCaptures[] = [];
  let isWaiting = false;
  const said = new Set<string>();
  for (;;) {
    const folder = captureFolder(dir);
    const others = folder.others.filter((name) => !said.has(name));
    for (const name of others) said.add(name);
    if (!live || folder.isFinished) requireCaptures(folder);
    if (others.length > 0) note(`Left out, being no captures: ${someFiles(others)}.`);
    const last = done.at(-1);
    if (last !== undefined) requireInOrder(folder, done);
    const next = folder.captures.find(({ step }) => step > (last?.step ?? -1));
    const isEnd = !live || folder.isFinished;
    if (signal.aborted || (next === undefined && isEnd)) return;
    if (next !== undefined && (isEnd || isComplete(folder, next, last))) {
      const missing = missingShards(next, last);
      if (missing.length > 0)
        note(`Of step ${next.step} there is no shard ${someFiles(missing)}, as there is of the step before.`);
      done.push(next);
      yield { ...next, isLast: isEnd && next === folder.captures.at(-1) };
      continue;
    }
    if (!isWaiting) note(`Waiting for captures in ${dir}; Ctrl-C ends, and what was measured stays.`);
    isWaiting = true;
    await setTimeout(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}

/** Whether all of a step is there: a later one is, or its file is whole, or all shards are that the step before had. */
function isComplete({ dir, captures }: CaptureFolder, next: StepCaptures, before: StepCaptures | undefined): boolean {
  if (captures.at(-1)!.step > next.step) return true;
  const [own, others] = [next, before].map(shardsOf) as [string[], string[]];
  if (own.length > 0 && (others.length === 0 || others.some((shard) => !own.includes(shard)))) return false;
  return next.files.every((name) => safetensorsHead(join(dir, name)).isWhole);
}

/** Shards that the step before has and this one has not, where both name them alike. */
function missingShards(next: StepCaptures, before: StepCaptures | undefined): string[] {
  const [own, others] = [next, before].map(shardsOf) as [string[], string[]];
  return others.some((shard) => own.includes(shard)) ? others.filter((shard) => !own.includes(shard)) : [];
}

/** None of a file that is all of its step. */
function shardsOf(step: StepCaptures | undefined): string[] {
  return step?.files.map(shardOf).filter((shard) => shard !== "") ?? [];
}

/** @throws RangeError naming a capture that was not there when its step was measured, or passed */
function requireInOrder({ dir, captures }: CaptureFolder, done: readonly StepCaptures[]): void {
  const { step: last } = done.at(-1)!;
  const known = new Set(done.flatMap(({ files }) => files));
  const late = captures.flatMap(({ step, files }) => (step > last ? [] : files)).find((name) => !known.has(name));
  if (late !== undefined)
    throw new RangeError(
      `ingest: expected captures in the order of their steps, got ${join(dir, late)} after step ${last} was measured; ingest the folder once it is complete`,
    );
}
