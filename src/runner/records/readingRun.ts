/**
 * @file Guards the reading of runs that may come from anyone: data that pass the schema and still cannot be used give
 * an error in one line.
 */
import { reportOf } from "../errors.ts";

/**
 * Runs work that reads a run.
 *
 * @param which the run as the user named it
 * @throws Error in one line instead of a runtime error, which is its cause (--debug shows it)
 */
export async function readingRun<T>(which: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError) || !reportOf(error).bug) throw error;
    const cure = "restore the files if they were changed; otherwise run again with --debug and report the output";
    throw new Error(
      `runs: expected the files of ${which} to be as in docs/formats.md, got some that cannot be read (${error.message}); ${cure}`,
      { cause: error },
    );
  }
}
