/** @file Ticks of an axis whose values are base-10 logarithms, and their labels. */

/**
 * At most `most` integer exponents within a range; if there are fewer than two, also the exponents of 2 and 5 times a
 * power of ten.
 */
export function exponentTicks([low, high]: readonly [number, number], most = 5): number[] {
  const [from, to] = [Math.ceil(low), Math.floor(high)];
  const stride = Math.max(1, Math.ceil((to - from + 1) / most));
  const whole: number[] = [];
  for (let tick = from; tick <= to; tick += stride) whole.push(tick);
  if (whole.length >= 2) return whole;
  const between: number[] = [];
  for (let tick = Math.floor(low); tick <= high; tick++)
    for (const factor of [1, 2, 5]) between.push(tick + Math.log10(factor));
  return between.filter((tick) => tick >= low && tick <= high);
}

/** The number that an exponent stands for, as a label: 1e−3, 0.02, 1, 50. */
export function exponentLabel(exponent: number): string {
  const rounded = Math.round(exponent);
  if (Math.abs(exponent - rounded) < 1e-9 && Math.abs(rounded) > 1) return `1e${String(rounded).replace("-", "−")}`;
  const value = Number((10 ** exponent).toPrecision(1));
  return value < 0.01 || value >= 1000 ? value.toExponential(0).replace("+", "").replace("-", "−") : String(value);
}
