/**
 * @file `crh analyze`: measures every linear map and attention head of a trained model on given data, or of several
 * checkpoints of one model, and keeps the results in a run folder.
 */
import { analyze } from "../../runner/analysis/analyze.ts";
import type { AnalyzeOptions } from "../../runner/analysis/analyzeOptions.ts";
import { Interrupted, UsageError } from "../../runner/errors.ts";
import type { Presentation } from "../commandOptions.ts";
import type { Io } from "../io.ts";
import { checkShowing, presentAnalysis } from "../presentAnalysis.ts";
import { terminalObserver } from "../progress.ts";

export async function analyzeCommand(
  given: readonly string[],
  asked: AnalyzeOptions & Presentation,
  io: Io,
): Promise<void> {
  const { paths, options } = withModels(given, asked);
  checkShowing(options);
  const { json, quiet, open: _, ...wanted } = options;
  const hidden = json === true || quiet === true;
  const observer = terminalObserver(io, { quiet, hidden, prefix: "crh: " });
  const { kept, stopped } = await analyze(paths, wanted, { observer, signal: io.interruption() });
  await presentAnalysis(kept, options, io);
  if (stopped !== undefined) throw new Interrupted(stopped);
}

/**
 * The files of the model, including one that was taken by an option with several values.
 *
 * @throws UsageError if there is none
 */
function withModels(
  paths: readonly string[],
  asked: AnalyzeOptions & Presentation,
): { paths: readonly string[]; options: AnalyzeOptions & Presentation } {
  const options = { ...asked, inputs: asked.inputs ?? [] };
  if (paths.length > 0) return { paths, options };
  for (const key of ["inputs", "layers", "normalize"] as const) {
    const words = options[key];
    const last = words?.at(-1);
    if (words === undefined || last === undefined || !/^[^=]*\.onnx$/i.test(last)) continue;
    return { paths: [last], options: { ...options, [key]: words.slice(0, -1) } };
  }
  throw new UsageError(
    "crh analyze: expected the file of a model, got none; crh analyze model.onnx --inputs x.npy --targets y.npy --loss mse is an example",
  );
}
