/**
 * @file The data of setting vae: modes of given variances, exact or drawn, or the images of MNIST; with the zeta^2 of
 * the linear theory (docs/theory.md Eq. 110).
 */
import { type ImageSet, loadIdxFolder } from "../../data/idxFolder.ts";
import { eigvalsh } from "../../linalg/eigvalsh.ts";
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import { addGram } from "../../linalg/products.ts";
import { float32, type Tensor } from "../../onnx/tensor.ts";
import { ParameterError } from "../../parameters/parse.ts";
import { type Feeds, sliceBatches, TARGET } from "../../probe/feeds.ts";
import type { Random } from "../../random/random.ts";
import { withCodeNoise } from "../../train/codeNoise.ts";
import { finiteSet } from "../../train/finiteSet.ts";
import { fixedBatch } from "../../train/fixedBatch.ts";
import { freshSamples, type SampleSource, samplesOf } from "../../train/freshSamples.ts";
import type { TrainingData } from "../../train/trainingData.ts";
import { orthogonal, withScaledColumns } from "./orthogonal.ts";

export interface VaeData {
  readonly inputs: number;
  readonly outputs: number;
  readonly data: TrainingData;
  /** Unseen samples in batches; for exact modes, the modes themselves. */
  readonly evaluation: () => Feeds[];
  readonly evaluationName: string;
  /** zeta^2 of each mode, descending: eigenvalues of the inputs where they are their own targets. */
  readonly modes: readonly number[];
  /** Largest product of a mode's variance and zeta^2; unknown for images. */
  readonly stiffest: number;
  /** Images (n, inputs) of values in [0, 1] for the pictures, with their sides. */
  readonly images?: { readonly x: Float64Array; readonly n: number; readonly shape: readonly [number, number] };
}

interface ModeParameters {
  readonly eigenvalues: readonly number[];
  readonly targets: "input" | readonly number[];
  readonly noise: "expected" | "sampled";
  readonly latent: number;
  readonly batch: number;
  readonly samples: number;
}

/** chosen: batches of a measurement, for its error. */
const GROUPS = 16;

/**
 * x = Q sqrt(lambda) s of modes s of unit variance, and y = x, or y = R zeta s whose singular values of E[y s^T] are
 * zeta.
 *
 * Q and R are orthogonal, drawn from the seed. Exact modes are d rows whose second moment is Q diag(lambda) Q^T to
 * rounding.
 */
export function modeData(p: ModeParameters, random: Random): VaeData {
  const d = p.eigenvalues.length;
  if (p.targets !== "input" && p.targets.length !== d)
    throw new ParameterError(
      `vae: expected as many numbers in targets as in eigenvalues, ${d}, got ${p.targets.length}; change one`,
    );
  const Q = orthogonal(d, random.split("modes"));
  const R = orthogonal(d, random.split("targets"));
  const roots = p.eigenvalues.map(Math.sqrt);
  const zeta = p.targets === "input" ? roots : p.targets;
  const [X, Y] = [
    withScaledColumns(Q, roots),
    p.targets === "input" ? withScaledColumns(Q, roots) : withScaledColumns(R, p.targets),
  ];
  const modes = zeta.map((value) => value ** 2).sort((x, y) => y - x);
  const stiffest = Math.max(...zeta.map((value, i) => value ** 2 * p.eigenvalues[i]!));
  const sizes = { inputs: d, outputs: d, modes, stiffest };
  if (p.noise === "expected") {
    // Rows sqrt(d) s = e_i: their mean of s s^T is the identity.
    const unit = matrix(
      d,
      d,
      Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? Math.sqrt(d) : 0)),
    );
    const [x, y] = [rowsOf(X, unit), rowsOf(Y, unit)];
    return {
      ...sizes,
      data: fixedBatch(x, y),
      evaluation: () => Array.from({ length: 2 }, () => ({ x, [TARGET]: y })),
      evaluationName: `the ${d} modes`,
    };
  }
  const source: SampleSource = {
    ...{ inputs: d, outputs: d },
    draw(stream, x, target) {
      const s = Array.from({ length: d }, () => stream.normal());
      for (let i = 0; i < d; i++) {
        x[i] = s.reduce((sum, value, j) => sum + X.data[i * d + j]! * value, 0);
        target[i] = s.reduce((sum, value, j) => sum + Y.data[i * d + j]! * value, 0);
      }
    },
  };
  const own = { columns: p.latent, itself: false, random: random.split("code") };
  return {
    ...sizes,
    data: withCodeNoise(freshSamples(source, p.batch, random.split("data")), own),
    evaluation: () => drawnSamples(source, p, random.split("evaluation")),
    evaluationName: `${p.samples} unseen samples`,
  };
}

/** Samples with noise for their codes. */
function drawnSamples(source: SampleSource, { samples, latent }: ModeParameters, random: Random): Feeds[] {
  const { x, target } = samplesOf(source, samples, random);
  const rows = besideNoise(x.data as Float32Array, samples, latent, random);
  return sliceBatches({ x: rows, [TARGET]: target }, Math.max(1, Math.ceil(samples / GROUPS)));
}

/** (n, d + latent) rows of x with appended normal deviates. */
function besideNoise(x: Float32Array, n: number, latent: number, random: Random): Tensor {
  const d = x.length / n;
  const noise = new Float32Array(n * latent);
  random.fillNormal(noise);
  const rows = new Float32Array(n * (d + latent));
  for (let i = 0; i < n; i++) {
    rows.set(x.subarray(i * d, (i + 1) * d), i * (d + latent));
    rows.set(noise.subarray(i * latent, (i + 1) * latent), i * (d + latent) + d);
  }
  return float32(rows, [n, d + latent]);
}

/** Rows A s of rows s, float32. */
function rowsOf(A: Matrix, s: Matrix): Tensor {
  const out = new Float32Array(s.rows * A.rows);
  for (let n = 0; n < s.rows; n++)
    for (let i = 0; i < A.rows; i++) {
      let sum = 0;
      for (let j = 0; j < A.cols; j++) sum += A.data[i * A.cols + j]! * s.data[n * s.cols + j]!;
      out[n * A.rows + i] = sum;
    }
  return float32(out, [s.rows, A.rows]);
}

interface ImageParameters {
  readonly latent: number;
  readonly batch: number;
  readonly samples: number;
}

/**
 * chosen: training images for the covariance; eigenvalues above 0.1 are then accurate to a few percent.
 */
const COVARIANCE_IMAGES = 10_000;
const PIXELS = { mean: 0, sd: 1 };

/** Images in IDX files, pixels in [0, 1], each its own target, with sampled noise of the code. */
export function imageData(
  { latent, batch, samples }: ImageParameters,
  file: ((name: string) => Uint8Array | undefined) | undefined,
  random: Random,
): VaeData {
  if (file === undefined)
    throw new ParameterError(
      "vae: expected a folder with IDX files for data=mnist, got none; pass --data DIR (crh data get mnist fetches MNIST)",
    );
  const images = loadIdxFolder(file);
  const { train, test, d } = images;
  if (batch > train.n)
    throw new ParameterError(`vae: expected a batch of at most ${train.n} samples, got ${batch}; lower batch`);
  const n = Math.min(samples, test.n);
  const form = { kind: "index" } as const;
  const own = { columns: latent, itself: true, random: random.split("code") };
  const looked = unitValues(test.x, n * d);
  const [height, width] = images.shape as [number, number];
  return {
    ...{ inputs: d, outputs: d, modes: eigenvaluesOf(images), stiffest: Number.NaN },
    data: withCodeNoise(finiteSet({ ...train, d }, { batch, random: random.split("data"), pixels: PIXELS, form }), own),
    evaluation: () => imageFeeds(looked, { n, latent }, random.split("evaluation")),
    evaluationName: `${n} test images`,
    images: { x: looked, n, shape: [height, width] },
  };
}

function imageFeeds(x: Float64Array, { n, latent }: { n: number; latent: number }, random: Random): Feeds[] {
  const d = x.length / n;
  const each = Math.max(1, Math.ceil(n / GROUPS));
  return Array.from({ length: Math.ceil(n / each) }, (_, i) => {
    const [from, to] = [i * each, Math.min(n, (i + 1) * each)];
    const rows = Float32Array.from(x.subarray(from * d, to * d));
    return { x: besideNoise(rows, to - from, latent, random), [TARGET]: float32(rows, [to - from, d]) };
  });
}

/** The first pixels as values in [0, 1]. */
const unitValues = (bytes: Uint8Array, count: number) =>
  Float64Array.from(bytes.subarray(0, count), (byte) => byte / 255);

/** Eigenvalues of the covariance of training images, descending. */
function eigenvaluesOf({ train, d }: ImageSet): number[] {
  const n = Math.min(COVARIANCE_IMAGES, train.n);
  const x = unitValues(train.x, n * d);
  const mean = new Float64Array(d);
  for (let i = 0; i < x.length; i++) mean[i % d]! += x[i]! / n;
  for (let i = 0; i < x.length; i++) x[i]! -= mean[i % d]!;
  const C = matrix(d, d);
  addGram(C.data, x, n, d);
  for (let i = 0; i < C.data.length; i++) C.data[i]! /= n;
  return Array.from(eigvalsh(C), (value) => Math.max(0, value));
}
