/** @file `crh analyze`: measures somebody's trained model on given inputs and targets. */
import { basename } from "node:path";
import { type DataArray, toFloat32 } from "../../data/array.ts";
import { decodeNpy } from "../../data/npy.ts";
import { nodeEngine } from "../../engine/node.ts";
import { snapshot } from "../../measure/snapshot.ts";
import { IGNORED, type Objective, objective } from "../../objectives/objective.ts";
import type { Model, ValueInfo } from "../../onnx/graph.ts";
import { decodeModel } from "../../onnx/modelFile.ts";
import { float32, type Tensor } from "../../onnx/tensor.ts";
import { upgradeModel } from "../../onnx/upgrade.ts";
import { sliceBatches, TARGET } from "../../probe/feeds.ts";
import { Probe } from "../../probe/probe.ts";
import { renderAlignmentTable } from "../alignmentTable.ts";
import type { AnalyzeOptions } from "../commandOptions.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { Progress } from "../progress.ts";
import { readBytes } from "../readBytes.ts";
import { dimmer } from "../table.ts";

/** chosen: samples per batch; at least two batches are made, for the split-half noise. */
const BATCH = 500;

export async function analyzeCommand(path: string, options: AnalyzeOptions, io: Io): Promise<void> {
  const model = upgradeModel(decodeModel(readBytes(path)));
  const loss = objective(options.loss);
  const inputs = decodeNpy(readBytes(options.inputs), options.inputs);
  const targets = decodeNpy(readBytes(options.targets), options.targets);
  const whole = pair(model, loss, inputs, targets);
  const samples = inputs.shape[0]!;
  const progress = new Progress(io, "analyze", samples, { quiet: options.json === true });
  const probe = new Probe(nodeEngine, model, { objective: loss });
  try {
    const source = `${basename(path)} on ${basename(options.inputs)}`;
    const measured = await probe.measure(sliceBatches(whole, BATCH), {
      source,
      onBatch: (done) => progress.update(done),
    });
    const result = snapshot(measured.total, measured);
    progress.end(false);
    if (options.json === true) io.stdout.write(`${JSON.stringify(result)}\n`);
    else
      io.stdout.write(
        renderAlignmentTable(result, { width: widthOf(io.stdout), dim: dimmer(hasColour(io.stdout, io.env)) }),
      );
  } finally {
    progress.end(false);
    await probe.dispose();
  }
}

/** The two arrays under the names that the probe expects, checked against the model and each other. */
function pair(model: Model, loss: Objective, inputs: DataArray, targets: DataArray): Record<string, Tensor> {
  const [input, ...others] = model.graph.inputs;
  if (input === undefined || others.length > 0)
    throw new RangeError(
      `analyze: expected a model with one input, got ${model.graph.inputs.map(({ name }) => name).join(", ") || "none"}`,
    );
  if (inputs.shape.length === 0 || inputs.shape[0] === 0)
    throw new RangeError(
      `analyze: expected inputs with samples along the first axis, got shape (${inputs.shape.join(", ")})`,
    );
  checkInputs(input, inputs.shape);
  const n = inputs.shape[0]!;
  if (targets.shape[0] !== n) {
    const expected = [n, ...targets.shape.slice(1)].join(", ");
    throw new RangeError(
      `analyze: expected targets of shape (${expected}), got (${targets.shape.join(", ")}); pass the targets of the same ${n} inputs`,
    );
  }
  checkFinite("inputs", inputs);
  checkFinite("targets", targets);
  const target = loss.targetType === "int64" ? labels(targets) : float32(toFloat32(targets), targets.shape);
  return { [input.name]: float32(toFloat32(inputs), inputs.shape), [TARGET]: target };
}

/** Compares with what the model declares, the first axis (samples) aside; a free dimension fits anything. */
function checkInputs({ name, shape }: ValueInfo, found: readonly number[]): void {
  if (shape === undefined) return;
  const fits = (extent: number | string | undefined, axis: number) =>
    axis === 0 || typeof extent !== "number" || extent === found[axis];
  if (shape.length === found.length && shape.every(fits)) return;
  const expected = shape.map((extent, axis) => (axis === 0 ? "n" : (extent ?? "?"))).join(", ");
  throw new RangeError(
    `analyze: expected inputs of shape (${expected}) for ${name}, got (${found.join(", ")}); pass samples as the model takes them`,
  );
}

function checkFinite(what: string, { data }: DataArray): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new RangeError(`analyze: expected finite ${what}, got ${data[at]} as value ${at}; leave such samples out`);
}

function labels(targets: DataArray): Tensor {
  const values = Array.from(targets.data as ArrayLike<number | bigint>, Number);
  if (!values.every(Number.isInteger))
    throw new RangeError(
      "analyze: expected class indices as targets of cross-entropy, got values that are not whole numbers",
    );
  const negative = values.find((label) => label < 0 && label !== IGNORED);
  if (negative !== undefined)
    throw new RangeError(`analyze: expected class indices of 0 or more, got ${negative}; number the classes from 0`);
  return { dtype: "int64", shape: targets.shape, data: BigInt64Array.from(values, BigInt) };
}
