/** @file A measurement made on the page as the data of a report, and the command that measures the same. */
import type { AnalysisReport } from "../../report/reportData.ts";
import { type Given, givenWords, type ModelFound, type ModelRequest } from "./measureModel.ts";

/** @param request undefined for a moments file, which was made elsewhere */
export function analysisOf(name: string, request: ModelRequest | undefined, found: ModelFound): AnalysisReport {
  const { snapshot, moments, notes } = found;
  const targets = request?.targets;
  return {
    config: request === undefined ? {} : configOf(request),
    notes: [...notes],
    snapshots: [snapshot],
    moments,
    analysis: {
      title: name,
      ...(request === undefined
        ? { captures: [name] }
        : { model: name, inputs: Object.values(request.inputs).map(givenWords) }),
      ...(targets && { targets: [givenWords(targets)] }),
      measuredAt: new Date().toISOString(),
      versions: { crh: "in a browser", node: "none", onnxruntime: "onnxruntime-web" },
      argv: argvOf(name, request),
    },
  };
}

function configOf({ loss, output, cost, samples, batch, pixels, normalize }: ModelRequest): Record<string, unknown> {
  return {
    loss: typeof loss === "string" ? loss : `output ${loss.output}`,
    cost,
    ...(output !== undefined && { output }),
    ...(samples !== undefined && { samples }),
    ...(batch !== undefined && { batch }),
    ...(pixels !== undefined && { pixels }),
    ...(normalize && { normalize: [`mean=${normalize.mean.join()}`, `std=${normalize.std.join()}`] }),
  };
}

function argvOf(name: string, request: ModelRequest | undefined): string[] {
  if (request === undefined) return ["ingest", name];
  const { inputs, targets, loss, output, samples, batch, pixels, normalize, cost } = request;
  const word = (given: Given) => ("value" in given ? String(given.value) : given.file);
  const entries = Object.entries(inputs);
  return [
    "analyze",
    name,
    ...entries.flatMap(([input, given]) => ["--inputs", `${input}=${word(given)}`]),
    ...(targets && !("labels" in targets) ? ["--targets", word(targets)] : []),
    ...(typeof loss === "string" ? ["--loss", loss] : ["--loss-output", loss.output]),
    ...(output === undefined ? [] : ["--output", output]),
    ...(samples === undefined ? [] : ["--samples", String(samples)]),
    ...(batch === undefined ? [] : ["--batch", String(batch)]),
    ...(pixels === undefined ? [] : ["--pixels", pixels]),
    ...(normalize === undefined ? [] : ["--normalize", `mean=${normalize.mean.join()}`, `std=${normalize.std.join()}`]),
    ...(cost === "standard" ? [] : ["--cost", cost]),
  ];
}

/** The command as typed in a shell. */
export function commandOf(name: string, request: ModelRequest): string {
  const quoted = (text: string) => (/^[\w.,/=@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
  return ["crh", ...argvOf(name, request)].map(quoted).join(" ");
}
