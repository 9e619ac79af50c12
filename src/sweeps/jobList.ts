/** @file Lists of job ids, one per line: the jobs of a submission to a cluster. */
import { readFileSync } from "node:fs";
import { quote } from "../formats/quote.ts";
import type { Job } from "./jobs.ts";
import type { Share } from "./sweepFolder.ts";

export function jobListText(ids: readonly string[]): string {
  return `${ids.join("\n")}\n`;
}

/** @throws Error where the file cannot be read */
export function readJobList(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "unknown reason";
    throw new Error(`sweep: expected a list of jobs that can be read at ${path}, got none (${reason}); check the path`);
  }
  return text.split("\n").filter((line) => line !== "");
}

/**
 * The jobs that are listed, in the order of the list.
 *
 * @throws Error naming the first id that is not a job of the sweep
 */
export function listedJobs(jobs: readonly Job[], ids: readonly string[]): readonly Job[] {
  const known = new Map(jobs.map((job) => [job.id, job]));
  return ids.map((id) => {
    const job = known.get(id);
    if (job === undefined)
      throw new Error(`sweep: expected jobs of the sweep in the list, got ${quote(id)}; take the list of this sweep`);
    return job;
  });
}

/**
 * A list from which `sharedBy` gives each of `of` workers neighbours in the plan, which can more often train in one
 * graph. Shares differ by one job at most.
 */
export function dealt<T>(all: readonly T[], of: number): readonly T[] {
  const [least, more] = [Math.floor(all.length / of), all.length % of];
  const firstOf = (share: number) => share * least + Math.min(share, more);
  return all.map((_, at) => all[firstOf(at % of) + Math.floor(at / of)]!);
}

/** Every element whose position equals `index` modulo `of`. */
export function sharedBy<T>(all: readonly T[], { index, of }: Share): readonly T[] {
  return all.filter((_, at) => at % of === index);
}
