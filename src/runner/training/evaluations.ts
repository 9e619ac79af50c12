/** @file Evaluations of a run as text, and the best of them. */

import { formatCount, formatQuantity } from "../../formats/quantities.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import type { BestBy, Metric } from "../../train/trainOptions.ts";
import { parsePlan } from "./runPlan.ts";

/** The best value so far in a resumed run: that of its best existing checkpoint. */
export function bestSoFar(folder: RunFolder, by: BestBy): { by: BestBy; value?: number } {
  const value = evaluationAt(folder, folder.best()?.step, by);
  return value === undefined ? { by } : { by, value };
}

/** "best evaluation: loss 0.3121 at step 300, whose checkpoint is kept"; empty where none is kept. */
export function bestLine(folder: RunFolder): string {
  const { keepBest: by } = parsePlan(folder.config().run);
  const best = folder.best();
  if (by === "none" || best === undefined) return "";
  const value = evaluationAt(folder, best.step, by);
  if (value === undefined) return "";
  const shown = by === "loss" ? `loss ${formatQuantity(value)}` : `accuracy ${(100 * value).toFixed(2)} %`;
  return `best evaluation: ${shown} at step ${formatCount(best.step)}, whose checkpoint is kept\n`;
}

function evaluationAt(folder: RunFolder, step: number | undefined, by: BestBy): number | undefined {
  return folder.metrics().find((row) => row.step === step && row.name === `eval/${by}`)?.value;
}

/**
 * The text of an evaluation in the progress line: "evaluated 0.3121, 91.20 % right on 10,000"; undefined where there is
 * none.
 */
export function evaluatedIn(metrics: readonly Metric[]): string | undefined {
  const value = (name: string) => metrics.find((row) => row.name === `eval/${name}`)?.value;
  const [loss, accuracy, perplexity, samples] = ["loss", "accuracy", "perplexity", "samples"].map(value);
  if (loss === undefined) return undefined;
  const share = accuracy === undefined ? "" : `, ${(100 * accuracy).toFixed(2)} % right`;
  const choices = perplexity === undefined ? "" : `, perplexity ${formatQuantity(perplexity)}`;
  return `evaluated ${formatQuantity(loss)}${choices || share} on ${formatCount(samples!)}`;
}
