/** @file Median and quartiles of a few numbers. */

export interface Quartiles {
  readonly n: number;
  readonly median: number;
  /** 25 and 75 % of the values are below; interpolated between neighbours, as NumPy's percentile does. */
  readonly low: number;
  readonly high: number;
  readonly least: number;
  readonly most: number;
}

/** @param values finite, at least one */
export function quartiles(values: readonly number[]): Quartiles {
  const sorted = values.toSorted((x, y) => x - y);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    return below + (above - below) * (place - Math.floor(place));
  };
  return { n: sorted.length, median: at(0.5), low: at(0.25), high: at(0.75), least: sorted[0]!, most: sorted.at(-1)! };
}
