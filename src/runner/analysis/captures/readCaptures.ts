/**
 * @file The captures of one step: a file, or shards that merge by addition (theory.md Eq. 9), read one after another.
 */
import { join } from "node:path";
import { readBytes } from "../../../disk/readBytes.ts";
import { safetensorsHead } from "../../../disk/safetensorsHead.ts";
import { bytesOf, type Moments, mergeAllMoments, mergeMoments } from "../../../moments/moments.ts";
import { decodeDocument, decodeMoments } from "../../../moments/momentsFile.ts";
import { groupCount } from "../../../probe/groupCount.ts";
import type { StepCaptures } from "../analysisFolder.ts";
import { type NamedMoments, requireShards } from "./captureFit.ts";
import { DistinctSamples } from "./distinctSamples.ts";

export interface StepMoments {
  readonly total: Moments;
  /** Disjoint groups of the samples: the shards, merged to as many as memory allows; one of a single file. */
  readonly groups: readonly Moments[];
}

/**
 * @throws RangeError in one line naming a file that is damaged or of another step, or two that are not shards of one
 *   step
 */
export function readCaptures(dir: string, { step, files }: StepCaptures): StepMoments {
  const groups: Moments[] = [];
  const distinct = new DistinctSamples();
  let most = files.length;
  for (const [i, name] of files.entries()) {
    const path = join(dir, name);
    const moments = ofFile(path, () => decodeMoments(readBytes(path)));
    requireStep({ path, moments }, step);
    if (i === 0) most = groupCount([{ bytes: bytesOf(moments.layers) }]);
    else requireShards({ path: join(dir, files[0]!), moments: groups[0]! }, { path, moments });
    distinct.add(path, moments);
    const group = groups[i % most];
    groups[i % most] = group === undefined ? moments : mergeMoments(group, moments);
  }
  return { total: groups.length > 1 ? mergeAllMoments(groups) : groups[0]!, groups };
}

/**
 * The metadata of the files of a step, without their tensors. A damaged file, or one of another version, is left out
 * here; `readCaptures` reports it.
 */
export function captureDocuments(dir: string, { files }: StepCaptures): NamedMoments[] {
  return files.flatMap((name) => {
    const path = join(dir, name);
    const moments = documentOf(path);
    return moments === undefined ? [] : [{ path, moments }];
  });
}

function documentOf(path: string): Moments | undefined {
  try {
    return decodeDocument(safetensorsHead(path).bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function requireStep({ path, moments }: NamedMoments, step: number): void {
  if (moments.step !== step)
    throw new RangeError(
      `ingest: expected step ${step} in ${path}, as its name says, got ${moments.step}; name captures after their steps`,
    );
}

/** Runs a reader; its errors begin with the path of the file instead of the reader's name. */
export function ofFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const said = error instanceof RangeError ? /^decode\w+: (.+)$/s.exec(error.message)?.[1] : undefined;
    throw said === undefined ? error : new RangeError(`${path}: ${said}`, { cause: error });
  }
}
