/**
 * @file The steps of a folder of captures in the order of measurement: those present, or, in live mode, each as soon as
 * it is complete, until the folder is finished or the user stops.
 */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { safetensorsHead } from "../../../disk/safetensorsHead.ts";
import type { Watcher } from "../../observer.ts";
import type { StepCaptures } from "../analysisFolder.ts";
import { type CaptureFolder, captureFolder, requireCaptures, shardOf, someFiles } from "./captureFolder.ts";

/** chosen: milliseconds between two reads of a folder; captures arrive every few seconds at most. */
const LOOK_MS = 500;

export interface CaptureStep extends StepCaptures {
  /** Whether it is the last step. */
  readonly isLast: boolean;
}

/**
 * @param note receives a note on other files in the folder
 * @throws RangeError where there is no capture or, in live mode, a capture arrives for a step already passed
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

/**
 * Whether a step is complete: a later step exists, or its file holds the whole step, or it has all shards of the
 * previous step.
 */
function isComplete({ dir, captures }: CaptureFolder, next: StepCaptures, before: StepCaptures | undefined): boolean {
  if (captures.at(-1)!.step > next.step) return true;
  const [own, others] = [next, before].map(shardsOf) as [string[], string[]];
  if (own.length > 0 && (others.length === 0 || others.some((shard) => !own.includes(shard)))) return false;
  return next.files.every((name) => safetensorsHead(join(dir, name)).isWhole);
}

/** Shards of the previous step that this step lacks, where both use the same naming. */
function missingShards(next: StepCaptures, before: StepCaptures | undefined): string[] {
  const [own, others] = [next, before].map(shardsOf) as [string[], string[]];
  return others.some((shard) => own.includes(shard)) ? others.filter((shard) => !own.includes(shard)) : [];
}

/** Empty for a file that holds a whole step. */
function shardsOf(step: StepCaptures | undefined): string[] {
  return step?.files.map(shardOf).filter((shard) => shard !== "") ?? [];
}

/** @throws RangeError naming a capture that was missing when its step was measured or passed */
function requireInOrder({ dir, captures }: CaptureFolder, done: readonly StepCaptures[]): void {
  const { step: last } = done.at(-1)!;
  const known = new Set(done.flatMap(({ files }) => files));
  const late = captures.flatMap(({ step, files }) => (step > last ? [] : files)).find((name) => !known.has(name));
  if (late !== undefined)
    throw new RangeError(
      `ingest: expected captures in the order of their steps, got ${join(dir, late)} after step ${last} was measured; ingest the folder once it is complete`,
    );
}
