/** @file The parameter `accumulate`: parts in which a step takes its batch. */
import { ParameterError } from "../parameters/parse.ts";

/** @throws ParameterError where a batch cannot be cut into so many equal parts */
export function checkAccumulate(name: string, { batch, accumulate }: { batch: number; accumulate: number }): void {
  if (accumulate > 0 && batch % accumulate !== 0)
    throw new ParameterError(
      `${name}: expected accumulate to divide the batch of ${batch}, got ${accumulate}; change one`,
    );
}
