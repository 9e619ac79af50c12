/** @file Wrong parameters of a setting as wrong use of whatever took them. */
import { ParameterError } from "../parameters/parse.ts";
import { UsageError } from "./errors.ts";

/** @throws UsageError in place of a ParameterError */
export async function asUsage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ParameterError) throw new UsageError(error.message);
    throw error;
  }
}
