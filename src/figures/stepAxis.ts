/**
 * @file The axis of training steps: symlog for log-spaced steps, since it has room for step 0, and linear for others.
 */

import { centred } from "./axes.ts";

/** Options for the x scale of a plot. */
export interface StepAxis {
  type: "linear" | "symlog";
  domain: [number, number];
  ticks: number[];
  tickFormat: (step: number) => string;
  label: string;
  labelAnchor: "center";
  labelArrow: "none";
  constant?: number;
}

let chosen: boolean | undefined;

/**
 * Draws with a given kind of step axis, whatever the steps are; used where the reader of a page chose one.
 *
 * @param log undefined: the steps decide
 */
export function withStepAxis<T>(log: boolean | undefined, draw: () => T): T {
  const before = chosen;
  chosen = log;
  try {
    return draw();
  } finally {
    chosen = before;
  }
}

/** Whether the steps are denser at the start: their median is below a quarter of the largest. */
export function isLogSpaced(steps: readonly number[]): boolean {
  const positive = [...new Set(steps)].filter((step) => step > 0).sort((x, y) => x - y);
  return positive.length >= 4 && positive[positive.length >> 1]! < positive.at(-1)! / 4;
}

/**
 * The axis for these steps.
 *
 * @param steps all steps drawn, in any order
 * @param maxTicks most ticks that the panel has room for
 * @param log whether the axis is logarithmic, where another series decides it
 */
export function stepAxis(steps: readonly number[], maxTicks: number, log = isLogSpaced(steps)): StepAxis {
  const [low, high] = [smallest(steps), largest(steps)];
  const domain: [number, number] = low < high ? [low, high] : [low, low + 1];
  const shared = { domain, tickFormat: formatStep, label: "step", ...centred };
  const first = smallest(steps.filter((step) => step > 0));
  if (!(chosen ?? log) || first === 0) return { type: "linear", ...shared, ticks: linearTicks(domain, maxTicks) };
  // chosen: a third of the first step, which puts step 0 far enough left of it for both labels to be read.
  return { type: "symlog", ...shared, constant: first / 3, ticks: decadeTicks(low, first, high, maxTicks) };
}

function smallest(steps: readonly number[]): number {
  return steps.length > 0 ? steps.reduce((least, step) => Math.min(least, step)) : 0;
}

function largest(steps: readonly number[]): number {
  return steps.length > 0 ? steps.reduce((most, step) => Math.max(most, step)) : 0;
}

function decadeTicks(low: number, first: number, high: number, maxTicks: number): number[] {
  const from = Math.ceil(Math.log10(first) - 1e-9);
  const to = Math.floor(Math.log10(high) + 1e-9);
  const stride = Math.max(1, Math.ceil((to - from + 1) / Math.max(1, maxTicks - 1)));
  const ticks = low <= 0 ? [0] : [];
  for (let exponent = to; exponent >= from; exponent -= stride) ticks.push(10 ** exponent);
  return ticks.sort((x, y) => x - y);
}

function linearTicks([low, high]: [number, number], maxTicks: number): number[] {
  const rough = (high - low) / Math.max(1, maxTicks - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * 0.999)! * power;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / unit); tick * unit <= high * (1 + 1e-9); tick++) ticks.push(tick * unit);
  return ticks;
}

/** A step as a short label: 500, 2k, 1.5M. */
export function formatStep(step: number): string {
  if (Math.abs(step) >= 1e6) return `${Number((step / 1e6).toPrecision(3))}M`;
  if (Math.abs(step) >= 1e3) return `${Number((step / 1e3).toPrecision(3))}k`;
  return String(Number(step.toPrecision(6)));
}
