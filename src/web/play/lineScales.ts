/** @file Scales, ticks and paths of the curves that are drawn while a network trains. */
import { brief, grouped } from "../../findings/numbers.ts";

/** In pixels; the width is that of the container. */
export const [HEIGHT, LEFT, TOP, BOTTOM] = [190, 40, 10, 166];
export const AT_RIGHT = 10;
/** chosen: more points than pixels show no more. */
const MOST_POINTS = 300;

/** From a value to a place in pixels. */
export type Scale = (value: number) => number;

export interface Axes {
  /** Width of the drawing in pixels. */
  readonly width: number;
  /** The last step of the axis. */
  readonly steps: number;
  readonly isLogSteps: boolean;
  /** Ends of the other axis. */
  readonly range: readonly [number, number];
  readonly isLog: boolean;
}

/** The scales of both axes; and the step at a share of the width, undefined beside the axis. */
export function scalesOf({ width, steps, isLogSteps, range, isLog }: Axes) {
  const right = width - AT_RIGHT;
  const bend = (step: number) => (isLogSteps ? Math.log1p(step) : step);
  const x: Scale = (step) => LEFT + (bend(step) / bend(Math.max(1, steps))) * (right - LEFT);
  const [low, high] = isLog ? (range.map(Math.log10) as [number, number]) : range;
  const y: Scale = (value) => {
    const share = ((isLog ? Math.log10(Math.max(value, 1e-300)) : value) - low) / (high - low);
    return BOTTOM - Math.max(-0.05, Math.min(1.05, share)) * (BOTTOM - TOP);
  };
  const stepAt = (shareOfWidth: number): number | undefined => {
    const share = (shareOfWidth * width - LEFT) / (right - LEFT);
    if (share < -0.02 || share > 1.02) return undefined;
    const bent = Math.max(0, Math.min(1, share)) * bend(Math.max(1, steps));
    return Math.round(isLogSteps ? Math.expm1(bent) : bent);
  };
  return { x, y, stepAt };
}

function thinned<T>(points: readonly T[]): readonly T[] {
  if (points.length <= MOST_POINTS) return points;
  const every = (points.length - 1) / (MOST_POINTS - 1);
  return Array.from({ length: MOST_POINTS }, (_, i) => points[Math.round(i * every)]!);
}

/** A place as a path has it. */
export const at = (value: number): string => value.toFixed(1);

/** A curve through points of steps and values. */
export function path(points: readonly (readonly [number, number])[], x: Scale, y: Scale): string {
  return thinned(points)
    .map(([step, value], i) => `${i === 0 ? "M" : "L"}${at(x(step))},${at(y(value))}`)
    .join("");
}

/** The area between two courses; empty for fewer than two points. */
export function area(
  band: readonly (readonly [step: number, low: number, high: number])[],
  x: Scale,
  y: Scale,
): string {
  const all = thinned(band);
  if (all.length < 2) return "";
  const above = all.map(([step, , high]) => `${at(x(step))},${at(y(high))}`);
  const below = all.toReversed().map(([step, low]) => `${at(x(step))},${at(y(low))}`);
  return `M${[...above, ...below].join("L")}Z`;
}

/** Ticks at powers of ten or at equal distances, five at most. */
export function ticksOf([low, high]: readonly [number, number], isLog: boolean): number[] {
  if (isLog) {
    const [from, to] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    if (Math.log10(high / low) < 2.5) {
      const all = Array.from({ length: to - from + 2 }, (_, i) => 10 ** (from - 1 + i)).flatMap((ten) => [
        ten,
        2 * ten,
        5 * ten,
      ]);
      return all.filter((value) => value >= low && value <= high);
    }
    const by = Math.max(1, Math.ceil((to - from) / 4));
    return Array.from({ length: Math.max(0, Math.floor((to - from) / by) + 1) }, (_, i) => 10 ** (from + i * by));
  }
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const by = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999)!;
  const first = Math.ceil(low / by - 1e-9);
  return Array.from({ length: Math.floor(high / by + 1e-9) - first + 1 }, (_, i) => (first + i) * by);
}

export const tickText = (value: number, isLog: boolean): string => {
  if (isLog && (value < 0.01 || value >= 1e5)) return value.toExponential(0).replace("e+", "e").replace("-", "−");
  return value >= 1000 && Number.isInteger(value) ? grouped(value) : brief(value);
};
