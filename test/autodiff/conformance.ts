/**
 * @file One case of ONNX's backend tests: forward against the expected outputs, and the gradient against differences
 * along random directions. All in float32, so differences are taken at several steps and the best one counts.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { addGradients } from "../../src/autodiff/gradient.ts";
import { bindBodies } from "../../src/engine/bindBodies.ts";
import type { Folded } from "../../src/engine/foldConstants.ts";
import { specialize } from "../../src/engine/specialize.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import type { Graph, Model } from "../../src/onnx/graph.ts";
import { GraphBuilder } from "../../src/onnx/graphBuilder.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import { TensorProtoSchema } from "../../src/onnx/proto/onnx_pb.ts";
import { float32, sizeOf, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";
import { decodeTensor } from "../../src/onnx/tensorProto.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import { Random } from "../../src/random/random.ts";

export interface Outcome {
  /**
   * "left out": nothing to differentiate, or not runnable here; "constant": the gradient is zero wherever it exists.
   */
  readonly gradient: "agrees" | "fails" | "constant" | "left out";
  readonly forward: "agrees" | "fails" | "left out";
  readonly reason?: string;
}

type Files = ReadonlyMap<string, Uint8Array>;
type Feeds = Record<string, Tensor>;

/** Inputs that shape the operator rather than flow through it, though they are floats. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = {
  Resize: [1, 2],
  Upsample: [1],
  Dropout: [1],
  OneHot: [0, 1],
  Range: [0, 1, 2],
};
/** As ONNX Runtime's own check of these cases. */
const [RELATIVE, ABSOLUTE] = [1e-3, 1e-5];
/**
 * Best of the steps below, relative to the size of the gradient: rounding of 1e-7 over a step of 3e-3, and curvature.
 */
const GRADIENT_TOLERANCE = 1e-2;
const STEPS = [3e-2, 1e-2, 3e-3, 1e-3, 2e-4, 2e-5];

export async function checkCase(files: Files, name: string): Promise<Outcome> {
  const read = (path: string) => decodeTensor(fromBinary(TensorProtoSchema, files.get(`${name}/${path}`)!));
  const count = (kind: string) =>
    [...files.keys()].filter((path) => path.startsWith(`${name}/test_data_set_0/${kind}_`)).length;
  let model: Model;
  const feeds: Feeds = {};
  const expected: Tensor[] = [];
  try {
    model = decodeModel(files.get(`${name}/model.onnx`)!);
    for (let i = 0; i < count("input"); i++) feeds[model.graph.inputs[i]!.name] = read(`test_data_set_0/input_${i}.pb`);
    for (let i = 0; i < count("output"); i++) expected.push(read(`test_data_set_0/output_${i}.pb`));
    model = withSettings(upgradeModel(model), feeds);
  } catch (error) {
    return { forward: "left out", gradient: "left out", reason: `reading: ${(error as Error).message}` };
  }
  try {
    return await checkModel(model, feeds, expected);
  } catch (error) {
    return { forward: "left out", gradient: "left out", reason: `ONNX Runtime: ${(error as Error).message}` };
  }
}

/**
 * Integer and boolean inputs, and float inputs that are settings, become initializers, as they are in exported models.
 */
function withSettings(model: Model, feeds: Feeds): Model {
  const { graph } = model;
  const initializers = new Map(graph.initializers);
  const fixed = new Set(graph.nodes.flatMap(({ op, inputs }) => (SETTINGS[op] ?? []).map((i) => inputs[i] ?? "")));
  for (const { name } of graph.inputs) {
    if (feeds[name] === undefined || (feeds[name].dtype === "float32" && !fixed.has(name))) continue;
    initializers.set(name, feeds[name]);
    delete feeds[name];
  }
  return { ...model, graph: { ...graph, initializers, inputs: graph.inputs.filter(({ name }) => feeds[name]) } };
}

async function checkModel(model: Model, feeds: Feeds, expected: readonly Tensor[]): Promise<Outcome> {
  const plain = await run(model, feeds);
  const names = model.graph.outputs.map(({ name }) => name);
  const engineAgrees = expected.every((tensor, k) => close(plain[names[k]!]!, tensor));
  let ready: Folded;
  try {
    const { model: specialized, values } = await specialize(nodeEngine, model, feeds);
    ready = { model: specialized, values: await bindBodies(nodeEngine, specialized, values) };
  } catch (error) {
    return { forward: "fails", gradient: "fails", reason: (error as Error).message };
  }
  const prepared = await run(ready.model, feeds);
  const agrees = expected.every((tensor, k) => close(prepared[names[k]!]!, tensor));
  if (!agrees && engineAgrees)
    return { forward: "fails", gradient: "fails", reason: "forward differs after preparation" };
  if (!agrees) {
    const reason = "ONNX Runtime itself differs from the expected outputs, which may be random";
    return { forward: "left out", gradient: "left out", reason };
  }
  try {
    return { forward: "agrees", ...(await checkGradient(ready, feeds, prepared)) };
  } catch (error) {
    return { forward: "agrees", gradient: "fails", reason: (error as Error).message };
  }
}

async function run(model: Model, feeds: Feeds): Promise<Record<string, Tensor>> {
  const program = await nodeEngine.compile(model);
  try {
    return await program.run(feeds);
  } finally {
    await program.dispose();
  }
}

function close(actual: Tensor, expected: Tensor): boolean {
  if (actual.dtype !== expected.dtype || sizeOf(actual.shape) !== sizeOf(expected.shape)) return false;
  if (actual.dtype === "string") return true;
  const [a, b] = [toNumbers(actual), toNumbers(expected)];
  return a.every(
    (value, i) => Object.is(value, b[i]) || Math.abs(value - b[i]!) <= ABSOLUTE + RELATIVE * Math.abs(b[i]!),
  );
}

async function checkGradient({ model, values }: Folded, feeds: Feeds, results: Readonly<Record<string, Tensor>>) {
  const wrt = Object.keys(feeds).filter((name) => feeds[name]!.dtype === "float32" && sizeOf(feeds[name]!.shape) > 0);
  const outputs = Object.keys(results).filter((name) => values.get(name)?.dtype === "float32");
  if (wrt.length === 0 || outputs.length === 0)
    return { gradient: "left out" as const, reason: "no float input or output" };
  const random = new Random(7);
  const cotangents = outputs.map((name) => whereFinite(normals(random, results[name]!.shape), results[name]!));
  const differentiated = gradientOf(model.graph, values, wrt, outputs, cotangents);
  if (typeof differentiated === "string") return { gradient: "fails" as const, reason: differentiated };
  if (differentiated === undefined) return { gradient: "constant" as const };
  // Off the points where entries are equal or zero, at which many cases stand.
  const center: Feeds = Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [
      name,
      wrt.includes(name) ? shifted(tensor, normals(random, tensor.shape), 0.02) : tensor,
    ]),
  );
  const found = await run({ ...model, graph: differentiated }, center);
  const forward = await nodeEngine.compile({
    ...model,
    graph: { ...model.graph, outputs: outputs.map((name) => ({ name })) },
  });
  try {
    for (let trial = 0; trial < 2; trial++) {
      const direction = Object.fromEntries(wrt.map((name) => [name, normals(random, feeds[name]!.shape)]));
      const project = async (step: number) => {
        const moved = Object.fromEntries(wrt.map((name) => [name, shifted(center[name]!, direction[name]!, step)]));
        const results = await forward.run({ ...center, ...moved });
        return outputs.reduce((sum, name, k) => sum + dot(toNumbers(results[name]!), toNumbers(cotangents[k]!)), 0);
      };
      const along = wrt.map((name) => {
        const [g, d] = [toNumbers(found[`grad/${name}`]!), toNumbers(direction[name]!)];
        return g.map((value, i) => value * d[i]!);
      });
      const analytic = along.flat().reduce((sum, term) => sum + term, 0);
      const scale = Math.max(Math.sqrt(along.flat().reduce((sum, term) => sum + term * term, 0)), 1e-2);
      const errors: number[] = [];
      for (const step of STEPS)
        errors.push(Math.abs(((await project(step)) - (await project(-step))) / (2 * step) - analytic));
      const best = Math.min(...errors.map((error) => (Number.isNaN(error) ? Number.POSITIVE_INFINITY : error)));
      if (!(best <= GRADIENT_TOLERANCE * scale))
        return { gradient: "fails" as const, reason: `gradient off by ${best} of ${scale}` };
    }
  } finally {
    await forward.dispose();
  }
  return { gradient: "agrees" as const };
}

/**
 * The graph of the gradients; undefined where no output depends on the inputs; a reason where an operator has no rule.
 */
function gradientOf(
  graph: Graph,
  values: Folded["values"],
  wrt: readonly string[],
  outputs: readonly string[],
  cotangents: readonly Tensor[],
): Graph | string | undefined {
  const g = new GraphBuilder("gradient", { ...graph, outputs: [] });
  const of = outputs.map((name, k) => g.op("Mul", [name, g.constant(cotangents[k]!)]));
  const flat = of.map((name) => g.op("Reshape", [name, g.ints([-1])]));
  const joined = g.op("Concat", flat, { axis: { int: 0 } });
  const whole = g.build();
  const known = new Map(values);
  outputs.forEach((name, k) => {
    known.set(of[k]!, values.get(name)!);
    known.set(flat[k]!, { dtype: "float32", shape: [sizeOf(values.get(name)!.shape)] });
  });
  const total = outputs.reduce((sum, name) => sum + sizeOf(values.get(name)!.shape), 0);
  known.set(joined, { dtype: "float32", shape: [total] });
  for (const [name, { dtype, shape }] of whole.initializers) known.set(name, { dtype, shape });
  try {
    const found = addGradients(g, whole, { of: joined, wrt, values: known });
    if ([...found.values()].every((name) => name === undefined)) return undefined;
    for (const [name, gradient] of found) {
      const { shape } = known.get(name)!;
      g.output(gradient ?? g.constant(float32(new Float32Array(sizeOf(shape)), shape)), `grad/${name}`);
    }
    return g.build();
  } catch (error) {
    return (error as Error).message;
  }
}

function normals(random: Random, shape: readonly number[]): Tensor {
  return float32(
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
    shape,
  );
}

/** Zeros where an output is masked by infinity. */
function whereFinite(cotangent: Tensor, output: Tensor): Tensor {
  const values = output.data as Float32Array;
  const kept = Float32Array.from(cotangent.data as Float32Array, (r, i) => (Number.isFinite(values[i]!) ? r : 0));
  return float32(kept, cotangent.shape);
}

function shifted(tensor: Tensor, direction: Tensor, step: number): Tensor {
  const d = direction.data as Float32Array;
  return float32(
    Float32Array.from(tensor.data as Float32Array, (value, i) => value + step * d[i]!),
    tensor.shape,
  );
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + (Number.isFinite(value) ? value * b[i]! : 0), 0);
