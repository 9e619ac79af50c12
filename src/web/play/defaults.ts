/**
 * @file The playground's initial values and the layout of its controls. The parameters, with their meaning and checks,
 * come from the settings (src/settings).
 */

export const playSettings = ["fc2", "fc1"] as const;
export type PlaySetting = (typeof playSettings)[number];

export const isPlaySetting = (name: string): name is PlaySetting => (playSettings as readonly string[]).includes(name);

/** Parameters by name, as text in the address and in fields. */
export type Given = Readonly<Record<string, string>>;

/**
 * chosen: small enough to train within seconds on a laptop, with a teacher whose outputs are far from linear. All six
 * hidden medians of fc2, between 0.26 and 0.83 at first, exceed 0.6 within 300 steps; the loss falls tenfold in 2,000.
 */
const small: Given = {
  depth: "3",
  width: "24",
  inputs: "16",
  outputs: "16",
  terms: "16",
  wScale: "0.2",
  bScale: "0.2",
  uScale: "0.2",
  samples: "1000",
  steps: "3000",
  lr: "0.03",
  decay: "0.002",
};

export const playDefaults: Readonly<Record<PlaySetting, Given>> = {
  fc2: small,
  fc1: { ...small, outputs: "1" },
};

/** The slider beside a number: its ends, and whether it moves by factors. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly isLog?: boolean;
  /** Smallest change; not used by a logarithmic slider. */
  readonly by?: number;
}

export const ranges: Readonly<Record<string, Range>> = {
  depth: { low: 1, high: 8, by: 1 },
  width: { low: 2, high: 100, by: 1 },
  phi: { low: 0, high: 1, by: 0.05 },
  noise: { low: 0, high: 1, by: 0.05 },
  lr: { low: 1e-4, high: 1, isLog: true },
  momentum: { low: 0, high: 0.98, by: 0.02 },
  decay: { low: 0, high: 0.01, by: 0.0005 },
  batch: { low: 1, high: 500, isLog: true },
  gain: { low: 0.1, high: 10, isLog: true },
};

export interface Group {
  readonly title: string;
  readonly keys: readonly string[];
  /** Whether it is open initially. */
  readonly isOpen: boolean;
}

/** Controls in order; parameters that no group names come last. */
export const groups: readonly Group[] = [
  { title: "Network", keys: ["depth", "width", "activation", "gain", "initialisation"], isOpen: true },
  { title: "Training", keys: ["optimizer", "lr", "momentum", "decay", "batch", "steps", "seed"], isOpen: true },
  {
    title: "Teacher and data",
    keys: ["phi", "noise", "inputs", "outputs", "terms", "wScale", "bScale", "uScale", "samples"],
    isOpen: true,
  },
];
export const OTHERS = "More of the optimizer";

/** Speeds in steps per second; undefined for no limit. */
export const speeds: readonly { readonly name: string; readonly speed: number | undefined }[] = [
  { name: "5 steps per second", speed: 5 },
  { name: "25 steps per second", speed: 25 },
  { name: "100 steps per second", speed: 100 },
  { name: "as fast as possible", speed: undefined },
];
export const USUAL_SPEED = 100;

/** chosen: a measurement of the default network takes about as long as fifty of its steps; at most 150 measurements. */
const [SHORTEST, LONGEST, MOST] = [5, 50, 150];
/** chosen: in between, each interval is a sixth of the step at which it begins. */
const GROWTH = 1 / 6;

/** Steps to measure at: dense at first, then equally spaced. */
export function measuredSteps(steps: number): number[] {
  const longest = Math.max(LONGEST, Math.ceil(steps / (MOST - LONGEST)));
  const found: number[] = [];
  for (let step = 0; step < steps; step += Math.max(SHORTEST, Math.min(longest, Math.ceil(GROWTH * step))))
    found.push(step);
  return [...found, steps];
}
