/**
 * @file Study twopoint/mnist-structure: distances among 100 images of MNIST, predicted from those of pixels and labels.
 */
import { type LabelledImages, loadIdxFolder } from "../../data/idxFolder.ts";
import { distanceMatrices } from "../../figures/distanceMatrices.ts";
import { brief, grouped } from "../../findings/numbers.ts";
import { pearson } from "../correlation.ts";
import { lastDistances } from "../lastDistances.ts";
import { scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { Study } from "../study.ts";
import { paper } from "./source.ts";

const SOURCE = "MNIST structure";
/** chosen: number of training images in the prediction's sum, which then takes seconds; the authors use 10,000. */
const SUMMED = 2000;
/** Batches of 64 in an epoch of 60,000 samples. */
const EPOCH = 937;

export const mnistStructureStudy: Study = {
  name: "twopoint/mnist-structure",
  title: "The structure of MNIST's representation",
  source: paper("the authors' notebook on MNIST's structure"),
  statement:
    "Pairs move together, because images with similar inputs and labels pull each other along: the distances of " +
    "representations follow from those of pixels and of labels, A = |dx| |dy| elementwise, as exp(−A) A exp(−A).",
  needsData: "MNIST",
  runs: (size) =>
    overEach(
      {
        ...{ label: "100 images", setting: "twopoint-mnist", preset: "structure" },
        ...(size === "small" ? { parameters: { steps: 10 * EPOCH, followEvery: 5 * EPOCH } } : {}),
      },
      seeds(size, { small: 1, paper: 10 }),
    ),
  evaluate(done, { size, file }) {
    const measured = done.flatMap((run) => lastDistances(run) ?? []);
    const points = done[0]?.followed?.points ?? [];
    const images = file && points.length > 0 ? loadIdxFolder(file) : undefined;
    const said = images && predictedDistances({ ...images.train, d: images.d }, points.map(imageOf), SUMMED);
    const labels = points.map((name) => name.split(" ")[0]!);
    const mean = meanOf(measured);
    const correlation = (apart: boolean) => (said && mean ? correlated(said, mean, labels, apart) : null);
    const smaller = size === "small" ? "10 epochs instead of the paper's 200, one network instead of ten" : undefined;
    const row = (name: string, apart: boolean) =>
      scored({
        figure: SOURCE,
        name,
        statement:
          `the distances of representations follow from those of pixels and ` +
          `labels${apart ? ", among images of different digits too" : ""}`,
        measured:
          "correlation of the prediction with the squared distance, mean over networks, over pairs " +
          `${apart ? "of different digits" : "of images"}`,
        values: [correlation(apart)],
        least: apart ? 0.3 : 0.5,
        why: apart
          ? "chosen: a tenth of the variance, because labels alone place all digits equally far apart"
          : "chosen: a quarter of the variance; much of it is that images of one digit are close",
        counted: true,
        smaller,
      });
    return {
      figures:
        said && mean
          ? [
              {
                name: "distances",
                caption:
                  "Distances among 100 training images sorted by digit: predicted, and squared distances of " +
                  "representations, mean over networks.",
                figure: distanceMatrices(
                  [
                    { title: "exp(−A) A exp(−A)", names: points, values: said },
                    { title: "measured", names: points, values: mean },
                  ],
                  2,
                ),
              },
            ]
          : [],
      claims: [row("all pairs", false), row("different digits", true)],
      notes: [
        `The prediction sums over the first ${grouped(SUMMED)} training images (the authors use 10,000); distances ` +
          `of pixels are those of bytes, not normalised, and labels are one-hot. Then exp(−A) is 1 within a digit and ` +
          `0 elsewhere, so the prediction is one number for each pair of digits.`,
        ...squaredNote(said, mean, labels),
      ],
    };
  },
};

/** The correlation of the authors' own picture, which squares the prediction. */
function squaredNote(
  said: Float64Array | undefined,
  mean: Float64Array | undefined,
  labels: readonly string[],
): string[] {
  if (said === undefined || mean === undefined) return [];
  const square = said.map((value) => value * value);
  const [all, apart] = [false, true].map((one) => correlated(square, mean, labels, one));
  const words = (value: number | null | undefined) => (value == null ? "none" : brief(value));
  return [
    `The squared prediction, which the authors draw, has a correlation of ${words(all)}, among different digits to ` +
      `${words(apart)}.`,
  ];
}

/** Number of a followed image, from its name "5 (image 0)". */
function imageOf(name: string): number {
  return Number(/\(image (\d+)\)$/.exec(name)?.[1]);
}

function meanOf(all: readonly Float64Array[]): Float64Array | undefined {
  if (all.length === 0) return undefined;
  return all[0]!.map((_, i) => all.reduce((sum, one) => sum + one[i]!, 0) / all.length);
}

/** Pearson's correlation over pairs i < j. */
function correlated(x: Float64Array, y: Float64Array, labels: readonly string[], apart: boolean): number | null {
  const n = labels.length;
  const [u, v]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      if (apart && labels[i] === labels[j]) continue;
      u.push(x[i * n + j]!);
      v.push(y[i * n + j]!);
    }
  return pearson(u, v);
}

/**
 * exp(-A) A exp(-A) among some of N images, with A_kl = |x_k - x_l| |y_k - y_l|; exp is elementwise, products are
 * matrix products.
 *
 * @param wanted indices of the images whose entries are returned, all below `count`
 * @returns (m, m) row-major
 *
 * float64, O(N^2 (d + m)).
 */
export function predictedDistances(
  { x, y, d, n }: LabelledImages & { readonly d: number },
  wanted: readonly number[],
  count: number,
): Float64Array {
  const N = Math.min(count, n);
  const m = wanted.length;
  const distance = (k: number, l: number): number => {
    if (y[k] === y[l]) return 0;
    let sum = 0;
    for (let p = 0; p < d; p++) sum += (x[k * d + p]! - x[l * d + p]!) ** 2;
    return Math.sqrt(2 * sum); // one-hot labels of different classes have distance sqrt(2)
  };
  const E = new Float64Array(m * N);
  for (let i = 0; i < m; i++) for (let k = 0; k < N; k++) E[i * N + k] = Math.exp(-distance(wanted[i]!, k));
  const product = new Float64Array(m * N);
  for (let k = 0; k < N; k++)
    for (let l = k + 1; l < N; l++) {
      const A = distance(k, l);
      if (A === 0) continue;
      for (let i = 0; i < m; i++) {
        product[i * N + l]! += E[i * N + k]! * A;
        product[i * N + k]! += E[i * N + l]! * A;
      }
    }
  const out = new Float64Array(m * m);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let l = 0; l < N; l++) sum += product[i * N + l]! * E[j * N + l]!;
      out[i * m + j] = sum;
    }
  return out;
}
