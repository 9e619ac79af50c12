/**
 * @file The model before training of `crh analyze --initial`. It is read like the model itself and measured by its own
 * probe over the same batches; a different network is refused. Other checkpoints of a model are treated alike.
 */
import { basename } from "node:path";
import { readModel } from "../../disk/readModel.ts";
import { nodeEngine } from "../../engineNode/nodeEngine.ts";
import type { LayerMoments } from "../../moments/moments.ts";
import { isBlocked, plainLayout, possibleBlocks } from "../../onnx/blockedLayout.ts";
import { castModel } from "../../onnx/castModel.ts";
import { dequantizeModel } from "../../onnx/dequantizeModel.ts";
import type { Model } from "../../onnx/graph.ts";
import { upgradeModel } from "../../onnx/upgrade.ts";

/**
 * A model file in measurable form: operator set 24, float32, dequantized weights.
 */
export async function preparedModel(path: string): Promise<Model> {
  return castModel(dequantizeModel(upgradeModel(await unblocked(readModel(path), path))));
}

/**
 * Converts a model that ONNX Runtime optimized for a processor into plain operators. If the file does not name the
 * processor, this machine's is assumed, as ONNX Runtime does.
 */
async function unblocked(model: Model, path: string): Promise<Model> {
  const possible = possibleBlocks(model);
  if (!isBlocked(model)) return model;
  const own = possible.length > 1 ? await nodeEngine.channelBlock?.() : possible[0];
  if (own === undefined || !possible.includes(own))
    throw new Error(
      `analyze: expected ${basename(path)}, which ONNX Runtime has laid out for a processor, to say or share its number of channels to a register, got ${possible.join(" or ") || "none that fits"}; optimize it to the level "extended" instead`,
    );
  return plainLayout(model, own);
}

/**
 * The model before training.
 *
 * @param trained the model to compare with
 * @throws RangeError if the two take different inputs
 */
export async function initialModel(path: string, trained: Model): Promise<Model> {
  return sameInputs(await preparedModel(path), trained, `--initial ${basename(path)}`, cure);
}

/** Another checkpoint of a model. @throws RangeError if the two take different inputs */
export async function checkpointModel(path: string, model: Model): Promise<Model> {
  return sameInputs(await preparedModel(path), model, path, leaveOut);
}

function sameInputs(found: Model, expected: Model, what: string, remedy: string): Model {
  const inputs = ({ graph }: Model): string =>
    graph.inputs.map(({ name, dtype, shape }) => `${name} ${dtype}(${shape?.join(", ") ?? "any shape"})`).join(", ");
  if (inputs(found) !== inputs(expected))
    throw new RangeError(
      `analyze: expected the inputs of the model, ${inputs(expected)}, in ${what}, got ${inputs(found)}; ${remedy}`,
    );
  return found;
}

/**
 * @param what words for the model in the message
 * @param remedy cure for a difference
 * @throws RangeError naming the first layer whose name, kind or weight shape differs
 */
export function checkSameLayers(what: string, trained: Layers, initial: Layers, remedy = cure): void {
  const found = new Map(initial.layers.map((layer) => [layer.name, layer]));
  for (const layer of trained.layers) {
    const other = found.get(layer.name);
    if (other && described(other) === described(layer)) continue;
    throw new RangeError(
      `analyze: expected layer ${layer.name}, ${described(layer)}, in ${what}, got ${other ? described(other) : `none (${some(initial)})`}; ${remedy}`,
    );
  }
  const names = new Set(trained.layers.map(({ name }) => name));
  const more = initial.layers.find(({ name }) => !names.has(name));
  if (more)
    throw new RangeError(
      `analyze: expected the ${trained.layers.length} layers of the model in ${what}, got ${more.name}, ${described(more)}, as well; ${remedy}`,
    );
}

const cure = "export the network before and after training with the same code";

/** Cure for a checkpoint of another network. */
export const leaveOut = "leave it out: checkpoints of one series are of one network, exported by the same code";

/**
 * Maps layer names of the model before training to those of the model, where all layers match in order but some names
 * differ. Exporters name a map after its bias, and equal biases, such as zeros before training, are stored once.
 *
 * @returns undefined where names agree, or the two do not match in order
 */
export function namesByOrder(trained: Layers, initial: Layers): ReadonlyMap<string, string> | undefined {
  const isSame = initial.layers.length === trained.layers.length;
  const pairs = trained.layers.map((layer, i) => [initial.layers[i], layer] as const);
  if (!isSame || pairs.some(([found, layer]) => !found || described(found) !== described(layer))) return undefined;
  const others = pairs.filter(([found, layer]) => found!.name !== layer.name);
  if (others.length === 0) return undefined;
  return new Map(pairs.map(([found, layer]) => [found!.name, layer.name]));
}

type Layer = Pick<LayerMoments, "name" | "kind" | "dIn" | "dOut">;

interface Layers {
  readonly layers: readonly Layer[];
}

function described({ kind, dIn, dOut }: Layer): string {
  return kind === "head" ? `a head of ${dOut}` : `${kind} ${dIn} → ${dOut}`;
}

/** chosen: most names in a message. */
const NAMED = 3;

function some({ layers }: Layers): string {
  const names = layers.slice(0, NAMED).map(({ name }) => name);
  return `it has ${names.join(", ")}${layers.length > NAMED ? ` and ${layers.length - NAMED} more` : ""}`;
}
