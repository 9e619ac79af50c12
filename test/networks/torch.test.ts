/**
 * @file Small networks in training against PyTorch in float64 (torchNetworks.json, written by torchNetworks.py): loss,
 * gradients, three steps.
 */
import { describe, test } from "vitest";
import { gpt } from "../../src/networks/gpt.ts";
import { resnet18 } from "../../src/networks/resnet18.ts";
import { objective } from "../../src/objectives/objective.ts";
import { Random } from "../../src/random/random.ts";
import {
  adamw,
  type Case,
  expectGradients,
  expectThreeSteps,
  image,
  indices,
  labels,
  readReferences,
  sgd,
  words,
} from "./againstTorch.ts";

const references = readReferences("torchNetworks.json");

const steps = [0, 1, 2];
const labelled = steps.map((k) => ({ x: image(16, k), target: labels(8, 10, 600 + k) }));
const views = steps.map((k) => ({
  x: image(16, k),
  target: indices(BigInt64Array.of(4n, 5n, 6n, 7n, 0n, 1n, 2n, 3n), [8]),
}));
const texts = steps.map((k) => ({ x: words([3, 12], 29, 700 + k), target: words([3, 12], 29, 710 + k) }));

const sizes = { layers: 2, heads: 4, width: 32, context: 12, vocabulary: 29 };
const small = (outputs: number) => resnet18({ outputs, width: 1 / 8, side: 16 }, new Random(0));

const cases: Record<string, Case> = {
  resnet18: { network: small(10), loss: objective("cross-entropy"), batches: labelled, options: sgd, lr: 0.01 },
  smoothed: {
    network: small(10),
    loss: objective("cross-entropy", { labelSmoothing: 0.1 }),
    batches: labelled,
    options: sgd,
    lr: 0.01,
  },
  accumulated: {
    network: small(10),
    loss: objective("cross-entropy"),
    batches: labelled,
    options: sgd,
    lr: 0.01,
    parts: 2,
  },
  simclr: { network: small(16), loss: objective("nt-xent"), batches: views, options: sgd, lr: 0.01 },
  gpt: {
    network: gpt({ ...sizes, tied: false }, new Random(0)),
    loss: objective("cross-entropy"),
    batches: texts,
    options: adamw,
    lr: 1e-3,
  },
  tied: {
    network: gpt(sizes, new Random(0)),
    loss: objective("cross-entropy"),
    batches: texts,
    options: { ...adamw, clip: 0.5 },
    lr: 1e-3,
  },
};

/** Networks whose parts are the whole to rounding, against the same references. */
const inParts: Record<string, Case> = {
  gpt: { ...cases.gpt!, parts: 3 },
  tied: { ...cases.tied!, parts: 3 },
};

describe("training agrees with PyTorch to 1e-4", () => {
  const whole = Object.keys(references).filter((key) => cases[key]!.parts === undefined);

  test.each(whole)("%s: the gradient of every parameter", async (key) => {
    await expectGradients(cases[key]!, references[key]!);
  });

  test.each([
    ...whole.map((key) => [key, "whole batches", cases[key]!] as const),
    ["accumulated", "parts normalized by their own statistics", cases.accumulated!] as const,
    ...Object.keys(inParts).map((key) => [key, "batches in parts", inParts[key]!] as const),
  ])("%s, %s: losses, parameters and running statistics after three steps", async (key, _, given) => {
    await expectThreeSteps(given, references[key]!);
  });
});
