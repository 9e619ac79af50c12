/**
 * @file Compares the gradient of a graph with central finite differences. The outputs are projected on random
 * cotangents, so that one scalar L = sum_k <r_k, y_k> tests every entry of every Jacobian; inputs are perturbed one
 * entry at a time.
 *
 * Differences are taken in float64 through ONNX Runtime itself. Operators without a float64 kernel come with a twin,
 * the same function in TypeScript; or with a reference, the same function from operators that have one; or they are
 * linear in each input, where a difference over a step of 1 in float32 is exact but for rounding.
 */
import { expect } from "vitest";
import { gradientGraph } from "../../src/autodiff/gradient.ts";
import { bindBodies } from "../../src/engine/bindBodies.ts";
import { bindShapes } from "../../src/engine/bindShapes.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import type { Graph } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, float64, sizeOf, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";

export type FloatType = "float32" | "float64";

/** One graph with data: float inputs (given as float64) are differentiated, integer and boolean inputs only fed. */
export interface Sample {
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Adds nodes to g, which has the inputs already; returns the outputs to differentiate. */
  readonly build: (g: GraphBuilder, dtype: FloatType) => readonly string[];
  /** Outputs in float64, for operators that ONNX Runtime computes in float32 only. */
  readonly twin?: (inputs: Readonly<Record<string, readonly number[]>>) => readonly (readonly number[])[];
  /** The same outputs from operators that have float64 kernels. */
  readonly reference?: (g: GraphBuilder, dtype: FloatType) => readonly string[];
  /** Whether the outputs are linear in each of the inputs (the others held). */
  readonly linear?: boolean;
}

/** Central differences with this step lose about 1e-10 to curvature and 1e-10 to rounding, on values of order 1. */
const STEP = 1e-5;
/** Leaves room for third derivatives of order 1000 and sums of a few hundred terms. */
const FLOAT64_TOLERANCE = 1e-6;
/** Rounding of float32 (6e-8) over a few hundred terms and operations. */
const FLOAT32_TOLERANCE = 5e-5;

/** Fails unless the gradients in float64 (where kernels exist) and float32 agree with finite differences. */
export async function checkGradient(sample: Sample, seed: number): Promise<void> {
  const single = sample.twin !== undefined || sample.reference !== undefined || sample.linear === true;
  if (sample.reference !== undefined) await checkReference(sample);
  const expected = await differences(sample, seed);
  const types: FloatType[] = single ? ["float32"] : ["float64", "float32"];
  for (const dtype of types) {
    const actual = await gradients(sample, seed, dtype);
    for (const [name, values] of Object.entries(expected))
      expectClose(`${dtype} gradient of ${name}`, actual[name]!, values, dtype);
  }
}

/** The gradients of the projection with respect to each float input, as the differentiated graph computes them. */
export async function gradients(
  sample: Sample,
  seed: number,
  dtype: FloatType,
): Promise<Record<string, readonly number[]>> {
  const feeds = typed(sample.inputs, dtype);
  const forward = forwardGraph(sample, dtype);
  const shapes = await bindShapes(nodeEngine, { graph: forward, opset: WORKING_OPSET }, feeds);
  const g = new GraphBuilder("projection", forward);
  const terms = forward.outputs.map(({ name }, k) => {
    const { shape } = shapes.get(name)!;
    const r = g.constant(tensor(cotangent(seed, k, sizeOf(shape)), shape, dtype));
    return g.op("ReduceSum", [g.op("Mul", [name, r])], { keepdims: { int: 0 } });
  });
  const of = terms.reduce((left, right) => g.op("Add", [left, right]));
  const graph = g.build();
  const model = { graph, opset: WORKING_OPSET };
  const values = await bindBodies(nodeEngine, model, await bindShapes(nodeEngine, model, feeds));
  const wrt = floatNames(sample);
  const program = await nodeEngine.compile({ graph: gradientGraph(graph, { of, wrt, values }), opset: WORKING_OPSET });
  const results = await program.run(feeds);
  await program.dispose();
  return Object.fromEntries(
    wrt.map((name) => {
      expect(results[`grad/${name}`]!.shape, `shape of the gradient of ${name}`).toEqual(sample.inputs[name]!.shape);
      return [name, toNumbers(results[`grad/${name}`]!)];
    }),
  );
}

/** The reference must be the same function. */
async function checkReference(sample: Sample): Promise<void> {
  const [own, other] = [await engineForward(sample, "float32"), await engineForward(referenceOf(sample), "float64")];
  const [actual, expected] = [await own.run(typed(sample.inputs, "float32")), await other.run(sample.inputs)];
  expected.forEach((values, k) => {
    expectClose(`output ${k} against its reference`, actual[k]!, values, "float32");
  });
  await own.dispose();
  await other.dispose();
}

const referenceOf = (sample: Sample): Sample => ({ ...sample, build: sample.reference! });

async function differences(sample: Sample, seed: number): Promise<Record<string, number[]>> {
  const evaluate = await forwardOf(sample);
  const step = sample.linear ? 1 : STEP;
  const project = async (inputs: Readonly<Record<string, Tensor>>) => {
    const outputs = await evaluate.run(inputs);
    let sum = 0;
    outputs.forEach((y, k) => {
      const r = cotangent(seed, k, y.length);
      for (let i = 0; i < y.length; i++) sum += r[i]! * y[i]!;
    });
    return sum;
  };
  const found: Record<string, number[]> = {};
  for (const name of floatNames(sample)) {
    const { shape } = sample.inputs[name]!;
    const center = toNumbers(sample.inputs[name]!);
    found[name] = [];
    for (let i = 0; i < center.length; i++) {
      const at = async (shift: number) =>
        project({ ...sample.inputs, [name]: float64(center.with(i, center[i]! + shift), shape) });
      found[name].push(((await at(step)) - (await at(-step))) / (2 * step));
    }
  }
  await evaluate.dispose();
  return found;
}

interface Forward {
  run(inputs: Readonly<Record<string, Tensor>>): Promise<readonly (readonly number[])[]>;
  dispose(): Promise<void>;
}

async function forwardOf(sample: Sample): Promise<Forward> {
  if (sample.twin !== undefined) return twinForward(sample);
  if (sample.reference !== undefined) return engineForward(referenceOf(sample), "float64");
  if (!sample.linear) return engineForward(sample, "float64");
  const single = await engineForward(sample, "float32");
  return { ...single, run: (inputs) => single.run(typed(inputs, "float32")) };
}

async function engineForward(sample: Sample, dtype: FloatType): Promise<Forward> {
  const graph = forwardGraph(sample, dtype);
  const program = await nodeEngine.compile({ graph, opset: WORKING_OPSET }, { optimize: false });
  return {
    run: async (inputs) => {
      const results = await program.run(inputs);
      return graph.outputs.map(({ name }) => toNumbers(results[name]!));
    },
    dispose: () => program.dispose(),
  };
}

function twinForward({ twin }: Sample): Forward {
  const run = async (inputs: Readonly<Record<string, Tensor>>) =>
    twin!(Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, toNumbers(value)])));
  return { run, dispose: async () => {} };
}

function forwardGraph(sample: Sample, dtype: FloatType): Graph {
  const g = new GraphBuilder("case");
  for (const [name, value] of Object.entries(sample.inputs))
    g.input(name, value.dtype === "float64" ? dtype : value.dtype, value.shape);
  for (const output of sample.build(g, dtype)) g.output(g.op("Identity", [output]));
  return g.build();
}

const floatNames = ({ inputs }: Sample) => Object.keys(inputs).filter((name) => inputs[name]!.dtype === "float64");

function typed(inputs: Readonly<Record<string, Tensor>>, dtype: FloatType): Record<string, Tensor> {
  const convert = (value: Tensor) => (value.dtype === "float64" ? tensor(toNumbers(value), value.shape, dtype) : value);
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, convert(value)]));
}

export function tensor(values: readonly number[], shape: readonly number[], dtype: FloatType): Tensor {
  return dtype === "float32" ? float32(values, shape) : float64(values, shape);
}

/** Cotangent of output k: standard normal entries. */
function cotangent(seed: number, k: number, length: number): number[] {
  const random = new Random(seed).split(`cotangent ${k}`);
  return Array.from({ length }, () => random.normal());
}

function expectClose(what: string, actual: readonly number[], expected: readonly number[], dtype: FloatType): void {
  const scale = Math.max(1, ...expected.map(Math.abs));
  const tolerance = (dtype === "float64" ? FLOAT64_TOLERANCE : FLOAT32_TOLERANCE) * scale;
  const worst = Math.max(0, ...expected.map((value, i) => Math.abs(value - actual[i]!)));
  if (!(worst <= tolerance))
    expect.fail(`${what}: off by ${worst}\n  graph:       ${actual.join(" ")}\n  differences: ${expected.join(" ")}`);
}
