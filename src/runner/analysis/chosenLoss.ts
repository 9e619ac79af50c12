/** @file The loss requested from `crh analyze`. */
import { type Objective, type ObjectiveName, type OwnLoss, objective } from "../../objectives/objective.ts";
import { UsageError } from "../errors.ts";
import type { AnalyzeOptions } from "./analyzeOptions.ts";

/** Per-sample losses by which a user's model may have been trained. */
const losses = ["mse", "squared-error", "cross-entropy", "nll", "bce", "bce-with-logits"] satisfies ObjectiveName[];

/** Cross-entropy of a language model, whose targets are its tokens shifted by one position. */
const NEXT_TOKEN = "next-token";

export const lossNames: readonly string[] = [...losses, NEXT_TOKEN];

export interface ChosenLoss {
  readonly objective: Objective | OwnLoss;
  /** The input whose next tokens are the targets; true for the only input. */
  readonly nextToken?: string | true;
}

/** Whether a word names a loss: one of `lossNames`, or next-token=INPUT. */
export function isLoss(word: string): boolean {
  return lossNames.includes(word) || (word.startsWith(`${NEXT_TOKEN}=`) && word.length > NEXT_TOKEN.length + 1);
}

/** @returns undefined if none was requested */
export function chosenLoss({ loss, lossOutput, targets }: AnalyzeOptions): ChosenLoss | undefined {
  if (lossOutput !== undefined && loss !== undefined)
    throw new UsageError("crh analyze: expected --loss or --loss-output, got both; leave one out");
  if (lossOutput !== undefined) return { objective: { name: `output ${lossOutput}`, lossOutput } };
  if (loss === undefined) return undefined;
  const [name, input] = loss.startsWith(NEXT_TOKEN) ? [NEXT_TOKEN, loss.slice(NEXT_TOKEN.length + 1)] : [loss];
  if (name !== NEXT_TOKEN) return { objective: objective(name) };
  if (targets !== undefined)
    throw new UsageError(
      "crh analyze: expected no --targets with --loss next-token, whose targets are the inputs, got some; leave them out or take --loss cross-entropy",
    );
  return { objective: objective("cross-entropy"), nextToken: input || true };
}
