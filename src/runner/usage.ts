/** @file Converts wrong parameters of a setting into wrong use of the command. */
import { ParameterError } from "../parameters/parse.ts";
import { UsageError } from "./errors.ts";

/** @throws UsageError instead of a ParameterError */
export async function asUsage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ParameterError) throw new UsageError(error.message);
    throw error;
  }
}
