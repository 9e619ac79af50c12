/**
 * @file The runs that the figures of this paper need. Figures of the same networks name the same runs, which are then
 * done once.
 */
import { plainNumber } from "../../figures/axes.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudyRun, StudySize } from "../study.ts";

/** Weight decays of fc2. chosen: the ends are the paper's (Fig. 4), with two values per decade between them. */
export const fc2Decays = [1e-6, 3e-6, 1e-5, 3e-5, 1e-4] as const;
/** The paper's. */
export const FC2_DECAY = 1e-4;

const SEEDS = { small: 3, paper: 5 } as const;

/** fc2 at the paper's own width and steps; a run takes two minutes on one core. */
export function fc2Runs(size: StudySize, decays: readonly number[] = fc2Decays): StudyRun[] {
  return decays.flatMap((decay) =>
    firstKeepsMoments(
      overEach({ label: `decay ${plainNumber(decay)}`, setting: "fc2", parameters: { decay } }, seeds(size, SEEDS)),
    ),
  );
}

/** Steps of fc1: a fifth of the paper's at size small. */
const fc1Steps = { small: { steps: 20_000 }, paper: {} } as const;

/** fc1 with some parameters changed. */
export function fc1Runs(size: StudySize, label: string, changed: StudyRun["parameters"] = {}): StudyRun[] {
  const parameters = { ...changed, ...fc1Steps[size] };
  return firstKeepsMoments(overEach({ label, setting: "fc1", parameters }, seeds(size, SEEDS)));
}

/** The smaller number of steps of fc1, in words. */
export const fc1Smaller = (size: StudySize): string | undefined =>
  size === "small" ? "20,000 of the paper's 100,000 steps" : undefined;

/** Only the first seed keeps its moments: pictures need no more, and moments are large. */
function firstKeepsMoments(runs: readonly StudyRun[]): StudyRun[] {
  return runs.map((run) => (run.seed === 0 ? { ...run, keepsMoments: true } : run));
}

/**
 * chosen: at size small a convolution is measured at 16 random pixels of each image; all pixels would take four times
 * as long as the training.
 */
const images = { small: { preset: "small", parameters: { positions: 16 } }, paper: {} } as const;

/**
 * chosen: eight measurements in training at size small, and some thirty at logarithmically spaced steps at the paper's.
 */
const measured = (size: StudySize, every: number): Pick<StudyRun, "measured" | "keepsMoments"> => ({
  measured: size === "small" ? every : "often",
  keepsMoments: true,
});

/** res1 over its training. */
export const res1Runs = (size: StudySize): StudyRun[] =>
  overEach(
    { label: "res1", setting: "res1", ...images[size], ...measured(size, 195) },
    seeds(size, { small: 1, paper: 3 }),
  );

/** The same network after a single step, whose moments stand for those before training. */
export function res1Untrained(size: StudySize): StudyRun {
  const own: Pick<StudyRun, "preset" | "parameters"> = images[size];
  const parameters = { ...own.parameters, steps: 1 };
  return { ...{ label: "after one step", setting: "res1", seed: 0 }, ...own, parameters, keepsMoments: true };
}

/** res2 over its training. */
export const res2Runs = (size: StudySize): StudyRun[] =>
  overEach(
    { label: "res2", setting: "res2", ...images[size], ...measured(size, 100) },
    seeds(size, { small: 1, paper: 3 }),
  );

/** llm over its training; at the paper's size with byte pairs, which give it the paper's 100M parameters. */
export const llmRuns = (size: StudySize): StudyRun[] =>
  overEach(
    {
      ...{ label: "llm", setting: "llm", ...measured(size, 375) },
      ...(size === "small" ? { preset: "small" } : { parameters: { tokenizer: "gpt2-bpe" } }),
    },
    seeds(size, { small: 1, paper: 1 }),
  );

/** The differences from the paper's network, for the notes of every figure of it. */
export const res1Notes = (size: StudySize): string[] => [
  "The paper leaves weight decay open; 5e−4 is usual for ResNets on CIFAR-10.",
  ...(size === "small"
    ? [
        "Size small: a quarter of the width, 1,560 steps of 64 images at a rate of 0.05, instead of 78,000 steps of " +
          "128 at 0.01; 300 test images are measured, convolutions at 16 pixels of each. One seed, hence no interval.",
      ]
    : []),
];
export const res2Notes = (size: StudySize): string[] => [
  "The paper leaves temperature, rate and optimiser open; they are 0.5, 1e−3 and Adam, as in SimCLR on CIFAR-10.",
  ...(size === "small"
    ? [
        "Size small: a quarter of the width, 800 steps of 64 pairs instead of 97,000 of 512; two views of 128 test " +
          "images are measured, convolutions at 16 pixels of each. One seed, hence no interval.",
      ]
    : []),
];
export const llmNotes = (size: StudySize): string[] => [
  "A head's output is its attention times its values, before the map that joins the heads; tokens count as samples. " +
    "The paper leaves rate, batch and context open.",
  size === "small"
    ? "Size small: four layers of four heads, 128 wide, 3,000 steps on single bytes, instead of six layers of eight " +
      "heads, 100M parameters and 100,000 steps of OpenWebText. One seed, hence no interval."
    : "Any text in the folder of --data can be learned; a folder gpt2-bpe in it holds the byte pairs; the paper's text is " +
      "OpenWebText.",
];
