/**
 * @file Regression on a linear teacher: y = V x + eps, x ~ N(0, diag(inputVariance)), eps ~ N(0, diag(noiseVariance)).
 * Samples are drawn in every step, or replaced by a few with exactly the same second moments, whose mean gradient for a
 * linear network is that of the whole distribution.
 */
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import { float32, type Tensor } from "../../onnx/tensor.ts";
import { type Feeds, sliceBatches, TARGET } from "../../probe/feeds.ts";
import { MOST_GROUPS } from "../../probe/groupCount.ts";
import type { Random } from "../../random/random.ts";
import type { GaussianTask } from "../../symmetry/gaussianNoise.ts";
import { type SampleSource, samplesOf } from "../../train/freshSamples.ts";

export interface LinearTask {
  /** (dOut, dIn) */
  readonly V: Matrix;
  /** (dIn) */
  readonly inputVariance: readonly number[];
  /** (dOut) */
  readonly noiseVariance: readonly number[];
}

/** Samples of the task. The same number of normal deviates is drawn per sample whatever the variances are. */
export function linearSource({ V, inputVariance, noiseVariance }: LinearTask): SampleSource {
  const [sx, se] = [inputVariance, noiseVariance].map((all) => all.map(Math.sqrt)) as [number[], number[]];
  return {
    inputs: V.cols,
    outputs: V.rows,
    draw(random, x, target) {
      for (let j = 0; j < V.cols; j++) x[j] = sx[j]! * random.normal();
      for (let i = 0; i < V.rows; i++) {
        let sum = se[i]! * random.normal();
        for (let j = 0; j < V.cols; j++) sum += V.data[i * V.cols + j]! * x[j]!;
        target[i] = sum;
      }
    },
  };
}

/**
 * dIn + dOut samples whose means of x x^T, y x^T and y y^T are those of the task: one along each input without noise,
 * and one of noise along each output.
 */
export function populationOf({ V, inputVariance, noiseVariance }: LinearTask): { x: Tensor; target: Tensor } {
  const { rows: dOut, cols: dIn } = V;
  const n = dIn + dOut;
  const [x, target] = [new Float32Array(n * dIn), new Float32Array(n * dOut)];
  for (let j = 0; j < dIn; j++) {
    const size = Math.sqrt(n * inputVariance[j]!);
    x[j * dIn + j] = size;
    for (let i = 0; i < dOut; i++) target[j * dOut + i] = V.data[i * dIn + j]! * size;
  }
  for (let i = 0; i < dOut; i++) target[(dIn + i) * dOut + i] = Math.sqrt(n * noiseVariance[i]!);
  return { x: float32(x, [n, dIn]), target: float32(target, [n, dOut]) };
}

/** Held-out samples in batches, at least one for each group of samples. */
export function heldOut(source: SampleSource, samples: number, random: Random): Feeds[] {
  const { x, target } = samplesOf(source, samples, random);
  return sliceBatches({ x, [TARGET]: target }, Math.min(500, Math.ceil(samples / MOST_GROUPS)));
}

/** The moments of the task, as used by the theory. */
export function momentsOf({ V, inputVariance, noiseVariance }: LinearTask): GaussianTask {
  return { V, inputMoment: diagonal(inputVariance), labelNoise: diagonal(noiseVariance) };
}

function diagonal(values: readonly number[]): Matrix {
  const D = matrix(values.length, values.length);
  values.forEach((value, i) => {
    D.data[i * (values.length + 1)] = value;
  });
  return D;
}

/** n variances from 1 / spread to spread, by equal factors, in random order. */
export function spreadVariances(n: number, spread: number, random: Random): number[] {
  const at = (i: number) => spread ** (n === 1 ? 0 : (2 * i) / (n - 1) - 1);
  return Array.from(random.permutation(n), at);
}
