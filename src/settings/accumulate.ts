/** @file The parameter `accumulate`: number of parts in which a step takes its batch. */
import { ParameterError } from "../parameters/parse.ts";

/** @throws ParameterError if a batch cannot be divided into that many equal parts */
export function checkAccumulate(name: string, { batch, accumulate }: { batch: number; accumulate: number }): void {
  if (accumulate > 0 && batch % accumulate !== 0)
    throw new ParameterError(
      `${name}: expected accumulate to divide the batch of ${batch}, got ${accumulate}; change one`,
    );
}
