/**
 * @file Inspects a model file without data: its layers and heads, what an analysis would leave out and why, spectra,
 * ranks and tail exponents of the weights, estimated time and memory, and a proposed command line.
 */
import { basename } from "node:path";
import { readModel } from "../../disk/readModel.ts";
import { nodeEngine } from "../../engineNode/nodeEngine.ts";
import { type WeightMeasures, weightMeasures } from "../../measure/spectra/weightMeasures.ts";
import { evaluationForm, samplesFirst } from "../../models/modelEnd.ts";
import type { Model } from "../../onnx/graph.ts";
import { type ModelOutline, outlineModel, parameterCount, storedWeights } from "../../probe/outlineModel.ts";
import { reportOf, UsageError } from "../errors.ts";
import type { Watcher } from "../observer.ts";
import { analysisCost, multiplicationRate } from "./analysisCost.ts";
import { preparedModel } from "./initialModel.ts";
import {
  headOf,
  INSPECTION_SCHEMA,
  type InspectedLayer,
  type Inspection,
  inspectedHeads,
  inspectedLayer,
  inspectedValues,
} from "./inspection.ts";
import { layerSelection } from "./layerSelection.ts";
import { proposedCommand } from "./proposedCommand.ts";

export interface InspectOptions {
  /** "sequence=16": extents of free dimensions. */
  readonly bind?: readonly string[];
  /** Globs of layer names. */
  readonly layers?: readonly string[];
  /** False: skip the weights. */
  readonly spectra: boolean;
}

/** As `crh analyze`. */
const THREADS = 2;
/** As `crh analyze` at cost "standard". */
const WIDEST_PAIRS = 1024;

/**
 * Looks into a model file without any data.
 *
 * @returns the document and, if the user stopped it, how far it went
 */
export async function inspectModel(
  path: string,
  options: InspectOptions,
  { observer, signal }: Watcher,
): Promise<{ readonly document: Inspection; readonly stopped?: string }> {
  const given = bindings(options.bind ?? []);
  const progress = observer.progress("inspect", 1, { unit: "layers", patient: true });
  progress.activity("reading the model");
  const stored = readModel(path);
  const prepared = await preparedModel(path);
  const used = evaluationForm(prepared, { asExported: false, seed: 0 });
  const { model, notes } = samplesFirst(used.model, { axes: new Map(), same: new Set(), quiet: new Set() });
  progress.activity("finding its maps");
  const found = await outlined(model, given, options);
  progress.end(false);
  const weighed = await weighing(model, found, options, { observer, signal });
  const document: Inspection = {
    schema: INSPECTION_SCHEMA,
    model: basename(path),
    ...headOf(stored),
    parameters: parameterCount(prepared.graph),
    inputs: inspectedValues(model.graph.inputs),
    outputs: inspectedValues(model.graph.outputs),
    ...(await describedOutline(path, model, found, parameterCount(prepared.graph))),
    layers: weighed.layers,
    notes: [...used.notes, ...notes],
  };
  if (weighed.done === weighed.layers.length) return { document };
  const stopped = `inspect: stopped after the weights of ${weighed.done} of ${weighed.layers.length} layers; the output covers those`;
  return { document, stopped };
}

/** The outline, or one line on why there is none. */
async function outlined(
  model: Model,
  given: ReadonlyMap<string, number>,
  { layers }: InspectOptions,
): Promise<ModelOutline | string> {
  try {
    const select = layers === undefined ? {} : { select: layerSelection(layers) };
    return await outlineModel(nodeEngine, model, { ...select, given, cross: false, pairs: WIDEST_PAIRS });
  } catch (error) {
    const { line, bug } = reportOf(error);
    if (bug) throw error;
    return line;
  }
}

type OutlinePart = Pick<Inspection, "bound" | "unbound" | "heads" | "skipped" | "estimate" | "command" | "files">;

async function describedOutline(
  path: string,
  model: Model,
  found: ModelOutline | string,
  parameters: number,
): Promise<OutlinePart> {
  if (typeof found === "string")
    return { bound: {}, unbound: found, heads: [], skipped: [], estimate: null, command: null, files: [] };
  const { words, files } = proposedCommand(path, model.graph, { name: found.output, shape: found.shape });
  return {
    bound: Object.fromEntries(found.bound),
    unbound: null,
    heads: inspectedHeads(found),
    skipped: found.skipped,
    estimate: analysisCost(found, await multiplicationRate(nodeEngine, THREADS), parameters),
    ...{ command: words, files },
  };
}

interface Weighed {
  readonly layers: readonly InspectedLayer[];
  /** Layers whose weights were measured, do not exist, or were not requested. */
  readonly done: number;
}

/** The layers with measures of their weights; where shapes are unknown, the weights as stored. */
async function weighing(
  { graph }: Model,
  found: ModelOutline | string,
  options: InspectOptions,
  { observer, signal }: Watcher,
): Promise<Weighed> {
  const stored = storedWeights(graph).map((one) => ({ ...one, kind: "linear" as const }));
  const isSelected = layerSelection(options.layers ?? ["*"])(stored);
  const parts =
    typeof found === "string"
      ? stored
          .filter(({ name }) => isSelected(name))
          .map(({ name, shape, weights }) => ({
            weights,
            row: (measures: WeightMeasures | null): InspectedLayer => ({
              ...{ name, kind: "linear", dIn: null, dOut: null, shape, rowsPerSample: null, weights: measures },
              parameters: shape.reduce((product, extent) => product * extent, 1),
            }),
          }))
      : found.layers
          .filter(({ head }) => head === undefined)
          .map((layer) => ({
            weights: layer.weights,
            row: (measures: WeightMeasures | null) => inspectedLayer(layer, measures),
          }));
  const progress = observer.progress("weights", parts.length, { unit: "layers", patient: true });
  const layers: InspectedLayer[] = [];
  let done = 0;
  for (const { weights, row } of parts) {
    const wanted = options.spectra && weights !== undefined && !signal.aborted;
    layers.push(row(wanted ? weightMeasures(weights()) : null));
    if (!signal.aborted || !options.spectra) done++;
    progress.update(layers.length);
    await new Promise((next) => setImmediate(next)); // lets signals and the progress line run
  }
  progress.end(false);
  return { layers, done };
}

/** ["sequence=16"] -> numbers by name. */
function bindings(words: readonly string[]): Map<string, number> {
  return new Map(
    words.map((word) => {
      const [, name, digits] = /^(.+)=(\d+)$/.exec(word) ?? [];
      const extent = Number(digits);
      if (name === undefined || !(Number.isSafeInteger(extent) && extent > 0))
        throw new UsageError(`crh inspect: expected --bind NAME=NUMBER, got "${word}"`);
      return [name, extent];
    }),
  );
}
