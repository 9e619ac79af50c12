/**
 * @file Reading the files of runs that may come from anyone: what a schema let pass and nothing can be made of is one
 * line that says so.
 */
import { reportOf } from "../errors.ts";

/**
 * Does what reads a run.
 *
 * @param which the run as it was asked for
 * @throws Error in one line in place of one of the language; the cause, for --debug, stays
 */
export async function readingRun<T>(which: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError) || !reportOf(error).bug) throw error;
    const cure = "restore what was changed in them; if nothing was, run it again with --debug and report what it says";
    throw new Error(
      `runs: expected the files of ${which} as docs/formats.md has them, got some that cannot be read (${error.message}); ${cure}`,
      { cause: error },
    );
  }
}
