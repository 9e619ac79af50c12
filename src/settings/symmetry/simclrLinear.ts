/**
 * @file Setting simclr-linear: a linear map learns without labels from pairs of views that share a signal, by InfoNCE
 * with inner products and weight decay. The modes of the data that it keeps are known in closed form for small maps
 * (docs/theory.md Eq. 111): dimensional collapse with exact thresholds.
 */
import { z } from "zod";
import { mlp } from "../../networks/mlp.ts";
import type { Network } from "../../networks/network.ts";
import { objective } from "../../objectives/objective.ts";
import { float32, int64, type Tensor } from "../../onnx/tensor.ts";
import { count, field, positive } from "../../parameters/field.ts";
import { ParameterError } from "../../parameters/parse.ts";
import { type Feeds, TARGET } from "../../probe/feeds.ts";
import { MOST_GROUPS } from "../../probe/groupCount.ts";
import { Random } from "../../random/random.ts";
import { linearSimclr, type PairMode } from "../../symmetry/linearSimclr.ts";
import { freshRows } from "../../train/freshRows.ts";
import type { Watch } from "../../train/watch.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { sharedFields } from "../sharedFields.ts";
import { numberList } from "./numberList.ts";

/** chosen: looks of a run, evenly spaced, so that the mean over its second half rests on a hundred. */
const LOOKS = 200;

/**
 * chosen: |W e_i|^2 above which a mode counts as kept; collapsed ones end below 1e-6, kept ones above 0.05 except near
 * a threshold.
 */
export const KEPT = 0.01;

const variances = (words: string) => numberList(words, (value) => value >= 0);
const toy = "chosen: one mode collapsed, one at its threshold and four kept at decay 0.6";

export const simclrLinear = defineSetting({
  name: "simclr-linear",
  needsData: false,
  every: 1000,
  parameters: z.object({
    signal: field(
      variances("variances of 0 or more, such as 1.5,0.9,0.5"),
      [1.5, 0.9, 0.5, 0.35, 0.25, 0.1],
      "variance of each mode that the two views of a sample share, comma-separated",
      toy,
    ),
    augmentation: field(
      variances("variances of 0 or more, such as 0.2,0.5,0.1"),
      [0.2, 0.5, 0.1, 0.3, 0.6, 0.4],
      "variance of each mode that augmentations add to each view, comma-separated",
      toy,
    ),
    embedding: field(count, 6, "dimensions of the embedding", "chosen: as many as modes"),
    temperature: field(positive, 1, "temperature of InfoNCE", "chosen"),
    scale: field(positive, 0.1, "standard deviation of the initial weights", "chosen: small, as the theory has them"),
    samples: field(count, 2048, "unseen pairs measured", "chosen"),
    ...sharedFields({
      steps: [4000, "chosen: the modes are constant from step 1000 on"],
      batch: [256, "chosen: pairs of views, each the negatives of the others"],
      lr: [0.05, "chosen"],
      momentum: [0, "chosen: gradient descent"],
      decay: [0.6, "chosen: twice the gamma of a penalty gamma |W|^2, 0.3"],
    }),
  }),
  build: (p) => {
    const { signal, augmentation, embedding, batch } = p;
    const d = signal.length;
    if (augmentation.length !== d)
      throw new ParameterError(
        `simclr-linear: expected as many numbers in augmentation as in signal, ${d}, got ${augmentation.length}; change one`,
      );
    const modes = signal.map((a, i): PairMode => ({ signal: a, augmentation: augmentation[i]! }));
    const dead = modes.findIndex((mode) => mode.signal + mode.augmentation === 0);
    if (dead >= 0)
      throw new ParameterError(`simclr-linear: expected modes of some variance, got 0 and 0 for mode ${dead + 1}`);
    const random = new Random(p.seed);
    const gain = p.scale / Math.sqrt(2 / (d + embedding));
    const network = mlp(
      { widths: [d, embedding], activation: "identity", initialisation: "xavier", gain, biases: false },
      random.split("network"),
    );
    const data = freshRows(
      {
        ...{ batch: 2 * batch, inputs: d, target: { dtype: "int64", shape: [2 * batch] } },
        fill: (x, stream) => fillPairs(x, modes, stream),
      },
      random.split("data"),
    );
    return {
      network,
      objective: objective("info-nce", { temperature: p.temperature }),
      ...optimization(p),
      data,
      watch: watched(network, modes, p),
      evaluation: async () => unseen(modes, p.samples, random.split("evaluation")),
      evaluationName: `${p.samples} unseen pairs`,
    };
  },
});

/**
 * First views, then second views: (2 n, d) rows of signal + independent augmentation. Returns the indices of their
 * partners.
 */
function fillPairs(x: Float32Array, modes: readonly PairMode[], random: Random): Tensor {
  const d = modes.length;
  const n = x.length / (2 * d);
  const [shared, own] = [new Float32Array(n * d), new Float32Array(2 * n * d)];
  random.fillNormal(shared);
  random.fillNormal(own);
  const [a, c] = [modes.map(({ signal }) => Math.sqrt(signal)), modes.map((mode) => Math.sqrt(mode.augmentation))];
  for (let i = 0; i < 2 * n * d; i++) x[i] = a[i % d]! * shared[i % (n * d)]! + c[i % d]! * own[i]!;
  return int64(
    Array.from({ length: 2 * n }, (_, row) => row % n),
    [2 * n],
  );
}

/** The pairs in batches, at least one for each group of samples. */
function unseen(modes: readonly PairMode[], samples: number, random: Random): Feeds[] {
  const each = Math.max(1, Math.ceil(samples / MOST_GROUPS));
  return Array.from({ length: Math.ceil(samples / each) }, (_, i) => {
    const n = Math.min(each, samples - i * each);
    const x = new Float32Array(2 * n * modes.length);
    const target = fillPairs(x, modes, random);
    return { x: float32(x, [2 * n, modes.length]), [TARGET]: target };
  });
}

interface Watched {
  readonly decay: number;
  readonly temperature: number;
  readonly steps: number;
}

/** |W e_i|^2 of each mode, and the number of modes above KEPT. */
function watched({ parameters: [name] }: Network, modes: readonly PairMode[], p: Watched): Watch {
  const found = linearSimclr(modes, { penalty: p.decay / 2, temperature: p.temperature });
  const names = modes.map((_, i) => `q${i + 1}`);
  const expected = found.flatMap(({ kept, squaredNorm }, i): [string, number][] =>
    kept ? [[`q${i + 1} by Eq. 111`, squaredNorm]] : [],
  );
  return {
    every: Math.max(1, Math.floor(p.steps / LOOKS)),
    groups: [
      {
        title: "Modes of the data that the map keeps",
        axis: "|W e|² of a mode",
        quantities: Object.fromEntries(
          names.map((quantity, i) => [quantity, `|W e|² of mode ${i + 1}, signal ${modes[i]!.signal}`]),
        ),
        expected: Object.fromEntries(expected),
      },
      {
        title: "Modes left",
        axis: `modes with |W e|² above ${KEPT}`,
        quantities: { modes: `modes with |W e|² above ${KEPT}` },
        expected: { "modes left by Eq. 111": found.filter(({ kept }) => kept).length },
      },
    ],
    of(values) {
      const { data, shape } = values.get(name!)!;
      const d = shape[1]!;
      const q = new Float64Array(d);
      data.forEach((value: number | bigint | string, i: number) => {
        q[i % d]! += Number(value) ** 2;
      });
      const named = Object.fromEntries(names.map((quantity, i) => [quantity, q[i]!]));
      return { ...named, modes: q.filter((value) => value > KEPT).length };
    },
  };
}
