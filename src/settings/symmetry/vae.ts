/**
 * @file Setting vae: variational autoencoders that lose dimensions of their code to the prior, posterior collapse. The
 * default is linear on modes of given variances, whose loss is computed with the noise of the code averaged in closed
 * form: descent has no noise, and the modes that survive are known (docs/theory.md Eq. 110). Preset mnist is nonlinear,
 * draws its noise, and shows images that it makes.
 */
import { z } from "zod";
import { matrix } from "../../linalg/matrix.ts";
import { singularValues } from "../../linalg/singularValues.ts";
import { LINEAR_VAE, VaeLook, vae as vaeNetwork } from "../../networks/vae.ts";
import { elbo } from "../../objectives/elbo.ts";
import type { Tensor } from "../../onnx/tensor.ts";
import { count, field, positive } from "../../parameters/field.ts";
import { ParameterError } from "../../parameters/parse.ts";
import { Random } from "../../random/random.ts";
import { codeDivergence } from "../../symmetry/codeDivergence.ts";
import { linearVae, type VaeMode } from "../../symmetry/linearVae.ts";
import type { Experiment } from "../../train/experiment.ts";
import type { Pictures } from "../../train/pictures.ts";
import type { Watch } from "../../train/watch.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { sharedFields } from "../sharedFields.ts";
import { numberList } from "./numberList.ts";
import { imageData, modeData, type VaeData } from "./vaeData.ts";

const slides = "chosen: as in the demonstrations of posterior collapse";

/**
 * chosen: u^2 above which a mode of a linear decoder counts as kept, some hundredths of the smallest default
 * eigenvalue.
 */
export const KEPT_MODE = 0.01;
/**
 * chosen: nats of divergence from the prior, mean over images, above which a dimension of the code counts as active.
 */
export const ACTIVE_NATS = 0.01;

const parameters = z.object({
  data: field(z.enum(["modes", "mnist"]), "modes", "modes of given variances, or MNIST's images (--data DIR)", slides),
  eigenvalues: field(
    numberList("variances above 0, such as 4,2.5,1", (value) => value > 0),
    [4, 2.5, 1.6, 1, 0.6, 0.3],
    "data=modes: variance of each mode of the inputs, comma-separated",
    slides,
  ),
  targets: field(
    z.union([z.literal("input"), numberList("input, or numbers of 0 or more, such as 2,1,0.5", (value) => value >= 0)]),
    "input",
    "data=modes: target of the decoder: the input, or a target whose covariance with whitened inputs has these singular values",
    slides,
  ),
  latent: field(count, 6, "dimensions of the code", "chosen: as many as modes"),
  hidden: field(
    numberList("widths of 1 or more, such as 256,256", (width) => Number.isInteger(width) && width >= 1, 0),
    [],
    "widths of the encoder's hidden layers, comma-separated, the decoder's in reverse (ReLU); none: linear",
    slides,
  ),
  beta: field(positive, 1, "weight of the divergence from the prior", "chosen: 1, the evidence lower bound itself"),
  decoderVariance: field(positive, 1, "variance eta^2 of the decoder's Gaussian", slides),
  noise: field(
    z.enum(["expected", "sampled"]),
    "expected",
    "noise of the code: averaged in closed form (linear alone), or drawn at each step",
    slides,
  ),
  samples: field(count, 2000, "most unseen samples measured (noise=sampled)", "chosen"),
  ...sharedFields({
    steps: [20_000, "chosen: modes 5 % from their threshold have then decided"],
    batch: [100, "chosen; noise=expected: all modes at once"],
    lr: [0.1, "chosen"],
    momentum: [0, "chosen: gradient descent"],
    decay: [0, "chosen: none, since the divergence removes modes"],
  }),
});

type Parameters = z.output<typeof parameters>;

export const vae = defineSetting({
  name: "vae",
  needsData: false,
  readsData: ({ data }) => data === "mnist",
  every: 2000,
  parameters,
  presets: {
    mnist: {
      summary:
        "two hidden layers of 256 on MNIST, 32 dimensions of code, noise drawn: a minute or two on two cores (--data DIR)",
      parameters: {
        ...{ data: "mnist", hidden: [256], latent: 32, noise: "sampled" },
        ...{ optimizer: "adam", lr: 1e-3, steps: 4000, samples: 1000 },
      },
      every: 2000,
    },
  },
  build(p, { file }): Experiment {
    if (p.noise === "expected" && (p.hidden.length > 0 || p.data === "mnist"))
      throw new ParameterError(
        `vae: expected noise=sampled ${p.hidden.length > 0 ? "with hidden layers" : "for data=mnist"}, got expected; set noise`,
      );
    const random = new Random(p.seed);
    const given = p.data === "mnist" ? imageData(p, file, random) : modeData(p, random);
    const { latent, hidden, beta, decoderVariance, noise } = p;
    const { inputs, outputs } = given;
    const notes = rateNotes(p, given);
    return {
      ...(notes.length > 0 && { notes }),
      network: vaeNetwork(
        {
          ...{ inputs, outputs, latent, hidden, noise, activation: "relu" },
          biases: p.data === "mnist" || hidden.length > 0,
        },
        random.split("network"),
      ),
      objective: elbo({ outputs, latent, beta, decoderVariance }),
      ...optimization(p),
      data: given.data,
      watch: given.images === undefined && hidden.length === 0 ? linearWatch(p, given) : activeWatch(p, given),
      ...(given.images && { pictures: pictures(p, given.images, random) }),
      largestSide: LARGEST_SIDE,
      evaluation: async () => given.evaluation(),
      evaluationName: given.evaluationName,
    };
  },
});

/** Warns where descent cannot converge: the curvature along the encoder of a kept mode is lambda zeta^2 / eta^2. */
function rateNotes({ lr, optimizer, momentum, decoderVariance, noise, data }: Parameters, given: VaeData): string[] {
  if (data !== "modes" || noise !== "expected" || optimizer !== "sgd" || momentum !== 0) return [];
  const most = (2 * decoderVariance) / given.stiffest;
  if (lr <= most) return [];
  return [
    `The learning rate ${lr} is above ${most.toPrecision(2)}, 2 over the curvature of the stiffest mode: it will not settle; lower lr.`,
  ];
}

/** Predictions of the linear theory, for the largest modes that fit into the code. */
function expectedModes({ beta, decoderVariance, latent }: Parameters, { modes }: VaeData): VaeMode[] {
  return linearVae(modes.slice(0, latent), { beta, decoderVariance }).modes.filter(({ kept }) => kept);
}

/** Singular values of the decoder and variances of the code, with the predictions of Eq. 110. */
function linearWatch(p: Parameters, given: VaeData): Watch {
  const kept = expectedModes(p, given);
  const size = Math.min(p.latent, given.outputs);
  const numbered = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
  const [u, v] = [numbered("u", size), numbered("v", p.latent)];
  const said = (letter: string, of: (mode: VaeMode) => number) =>
    Object.fromEntries(kept.map((mode, i) => [`${letter}${i + 1} by Eq. 110`, of(mode)]));
  return {
    every: Math.max(1, Math.floor(p.steps / 200)),
    groups: [
      {
        title: "Modes of the decoder",
        axis: "u², squared singular value",
        quantities: Object.fromEntries(u.map((name, i) => [name, `u² of mode ${i + 1}, the largest first`])),
        expected: said("u", ({ decoder }) => decoder ** 2),
      },
      {
        title: "Variances of the code",
        axis: "σ_z² given the input",
        quantities: Object.fromEntries(v.map((name, i) => [name, `variance ${i + 1} of the code, the smallest first`])),
        expected: said("v", ({ codeVariance }) => codeVariance),
      },
      {
        title: "Modes left",
        axis: `modes with u² above ${KEPT_MODE}`,
        quantities: { modes: `modes with u² above ${KEPT_MODE}` },
        expected: { "modes left by Eq. 110": kept.length },
      },
    ],
    of(values) {
      const squares = decoderSquares(values);
      const variances = logVariances(values)
        .map(Math.exp)
        .sort((x, y) => x - y);
      return {
        ...Object.fromEntries(u.map((name, i) => [name, squares[i]!])),
        ...Object.fromEntries(v.map((name, i) => [name, variances[i]!])),
        modes: squares.filter((value) => value > KEPT_MODE).length,
      };
    },
  };
}

/** Squared singular values of a linear decoder, descending. */
function decoderSquares(values: ReadonlyMap<string, Tensor>): number[] {
  const { data, shape } = values.get(LINEAR_VAE.decoder)!;
  return Array.from(singularValues(matrix(shape[0]!, shape[1]!, data as Float32Array)), (value) => value ** 2);
}

function logVariances(values: ReadonlyMap<string, Tensor>): number[] {
  return Array.from(values.get(LINEAR_VAE.logVariance)!.data as Float32Array);
}

/** chosen: number of random pixels measured; all 784 take longer to measure than a thousand steps. */
const LARGEST_SIDE = 256;

/** chosen: images encoded per look, so that it takes a fraction of a second. */
const LOOKED = 500;

/** Active dimensions of the code, and the two parts of the loss. */
function activeWatch(p: Parameters, given: VaeData): Watch {
  const x = given.images?.x.subarray(0, Math.min(LOOKED, given.images.n) * given.inputs) ?? drawnInputs(given);
  const expected = expectedModes(p, given).length;
  return {
    every: Math.max(1, Math.floor(p.steps / 20)),
    groups: [
      {
        title: "Active dimensions of the code",
        axis: `dimensions with more than ${ACTIVE_NATS} nats`,
        quantities: { active: `dimensions whose divergence from the prior is above ${ACTIVE_NATS} nats` },
        expected: { "modes that a linear one would keep, by Eq. 110": expected },
      },
      {
        title: "Divergence of the code from the prior",
        axis: "nats a sample",
        quantities: { nats: "divergence of all dimensions, mean over samples" },
      },
    ],
    of(values) {
      const { mean, logVariance } = new VaeLook(values, p.hidden.length).encode(x);
      const divergence = codeDivergence(mean, logVariance, p.latent);
      return {
        active: divergence.filter((nats) => nats > ACTIVE_NATS).length,
        nats: divergence.reduce((sum, nats) => sum + nats, 0),
      };
    },
  };
}

/** Inputs of the unseen samples, without the appended noise. */
function drawnInputs(given: VaeData): Float64Array {
  const rows = given.evaluation().flatMap(({ x }) => {
    const [n, width] = x!.shape as [number, number];
    return Array.from({ length: n }, (_, i) =>
      Array.from((x!.data as Float32Array).subarray(i * width, i * width + given.inputs)),
    );
  });
  return Float64Array.from(rows.slice(0, LOOKED).flat());
}

/** chosen: two such squares of images fit side by side. */
const [SHOWN, COLUMNS] = [64, 8];

/** Images decoded from codes drawn from the prior, and test images with their reconstructions. */
function pictures(p: Parameters, { x, n, shape }: NonNullable<VaeData["images"]>, random: Random): Pictures {
  const d = x.length / n;
  const z = new Float64Array(SHOWN * p.latent);
  const stream = random.split("pictures");
  for (let i = 0; i < z.length; i++) z[i] = stream.normal();
  const shown = x.subarray(0, (SHOWN / 2) * d);
  const sides = { width: shape[1], height: shape[0], columns: COLUMNS };
  return {
    of(values) {
      const look = new VaeLook(values, p.hidden.length);
      const again = look.decode(look.encode(shown).mean);
      // A row of images above the row of their reconstructions.
      const rows = Array.from({ length: shown.length / (COLUMNS * d) }, (_, row) => row * COLUMNS * d);
      const pairs = rows.flatMap((at) => [shown.slice(at, at + COLUMNS * d), again.slice(at, at + COLUMNS * d)]);
      return [
        { ...sides, title: "decoded from codes drawn from the prior", pixels: look.decode(z) },
        {
          ...sides,
          title: "unseen images, each row above its reconstruction",
          pixels: Float64Array.from(pairs.flatMap((part) => Array.from(part))),
        },
      ];
    },
  };
}
