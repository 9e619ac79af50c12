/**
 * @file The notation for the values of a parameter in a sweep: a list, a range of integers, evenly spaced points
 * (linear or logarithmic), or a distribution.
 */
import type { Random } from "../random/random.ts";

/** Values of a parameter: a list, or a distribution from which each draw of the sweep takes one. */
export type Values =
  | { readonly kind: "list"; readonly values: readonly unknown[] }
  | { readonly kind: "drawn"; draw(random: Random): number };

/** Invalid values; the message is for the user, without the parameter's name. */
export class ValuesError extends Error {
  override readonly name = "ValuesError";
}

/** chosen: a longer range is taken as a typing error; more than a million jobs are refused anyway. */
const MOST_VALUES = 1_000_000;

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const RANGE = /^([+-]?\d+)\.\.([+-]?\d+)$/;
const SPACED = new RegExp(`^(lin|log):(${NUMBER})\\.\\.(${NUMBER}):(\\d+)$`);
const DRAWN = new RegExp(`^(uniform|loguniform|integer):(${NUMBER})\\.\\.(${NUMBER})$`);
const FORMS =
  "a value, 1e-6,1e-5, 0..4, lin:0..1:5, log:1e-6..1e-3:7, uniform:0..1, loguniform:1e-6..1e-3 or integer:1..8";

/**
 * Parses values in the notation of the command line.
 *
 * "1e-6,1e-5": a list. "0..4": the integers 0 to 4. "lin:0..1:5", "log:1e-6..1e-3:7": that many evenly spaced points,
 * including both ends. "uniform:0..1", "loguniform:1e-6..1e-3", "integer:1..8": drawn at random.
 *
 * @throws ValuesError if a range is reversed or empty
 */
export function parseValues(text: string): Values {
  const whole = text.trim();
  const drawn = DRAWN.exec(whole);
  if (drawn !== null) return drawnValues(drawn[1]!, Number(drawn[2]), Number(drawn[3]), whole);
  if (/^(uniform|loguniform|integer):/.test(whole)) throw new ValuesError(`expected ${FORMS}, got "${whole}"`);
  const values = whole.split(",").flatMap((part) => partValues(part.trim(), whole));
  if (values.length > MOST_VALUES) throw tooMany(whole);
  return { kind: "list", values };
}

function partValues(part: string, whole: string): readonly unknown[] {
  if (part === "") throw new ValuesError(`expected ${FORMS}, got "${whole}"`);
  const range = RANGE.exec(part);
  if (range !== null) return wholeNumbers(Number(range[1]), Number(range[2]), whole);
  const spaced = SPACED.exec(part);
  if (spaced !== null) return spacedValues(spaced[1]!, Number(spaced[2]), Number(spaced[3]), Number(spaced[4]), whole);
  if (/^(lin|log):/.test(part) || /\.\./.test(part)) throw new ValuesError(`expected ${FORMS}, got "${whole}"`);
  return [part];
}

function wholeNumbers(from: number, to: number, whole: string): number[] {
  if (to < from) throw new ValuesError(`expected a range from the smaller to the larger number, got "${whole}"`);
  if (to - from >= MOST_VALUES) throw tooMany(whole);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function spacedValues(kind: string, from: number, to: number, count: number, whole: string): number[] {
  if (!(from < to)) throw new ValuesError(`expected a range from the smaller to the larger number, got "${whole}"`);
  if (count < 2 || count > MOST_VALUES) throw new ValuesError(`expected 2 points or more of a range, got "${whole}"`);
  if (kind === "log" && from <= 0) throw new ValuesError(`expected a logarithmic range above 0, got "${whole}"`);
  const at = (share: number) =>
    kind === "log" ? Math.exp(Math.log(from) + share * Math.log(to / from)) : from + share * (to - from);
  const points = Array.from({ length: count }, (_, i) => rounded(at(i / (count - 1))));
  points[0] = from;
  points[count - 1] = to;
  return points;
}

function drawnValues(kind: string, from: number, to: number, whole: string): Values {
  if (!(from < to)) throw new ValuesError(`expected a range from the smaller to the larger number, got "${whole}"`);
  if (kind === "loguniform" && from <= 0) throw new ValuesError(`expected a logarithmic range above 0, got "${whole}"`);
  if (kind === "integer" && !(Number.isSafeInteger(from) && Number.isSafeInteger(to) && to - from < 2 ** 32))
    throw new ValuesError(`expected a range of whole numbers, got "${whole}"`);
  const draw = (random: Random): number => {
    if (kind === "integer") return from + random.below(to - from + 1);
    const share = random.uniform();
    return rounded(kind === "uniform" ? from + share * (to - from) : from * (to / from) ** share);
  };
  return { kind: "drawn", draw };
}

/** chosen: twelve digits, so that a value is written as 0.00001, not 0.000009999999999999999. */
const rounded = (value: number): number => Number(value.toPrecision(12));

const tooMany = (whole: string) => new ValuesError(`expected a million values at most, got "${whole}"`);
