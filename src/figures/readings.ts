/**
 * @file The data with which a page reads values from a panel: how pixels of its axes convert to numbers. Marks carry no
 * numbers of their own; the page's script computes them from the positions.
 */

/**
 * One axis: kind, pixels of both ends, values of both ends, name; the constant of a symlog axis; "e" where values are
 * powers of ten.
 */
export interface ReadableAxis {
  readonly kind: "linear" | "log" | "symlog" | "power";
  readonly pixels: readonly [number, number];
  readonly values: readonly [number, number];
  readonly name: string;
  readonly constant?: number;
}

export interface ReadableAxes {
  readonly x: ReadableAxis;
  readonly y: ReadableAxis;
  /** Curves over one quantity are read together at one position; points one by one. */
  readonly along?: "x";
}

/** A scale as Plot describes it. */
export interface Scale {
  readonly type?: string | null | undefined;
  readonly domain?: Iterable<unknown> | undefined;
  readonly range?: Iterable<unknown> | undefined;
  readonly constant?: number | undefined;
}

/** @returns undefined for scales that are not numeric */
export function readableAxis(scale: Scale | undefined, name: string, powers: boolean): ReadableAxis | undefined {
  const [domain, range] = [[...(scale?.domain ?? [])], [...(scale?.range ?? [])]];
  const [values, pixels] = [domain, range].map((ends) => [ends[0], ends.at(-1)]) as [unknown[], unknown[]];
  if (![...values, ...pixels].every((end) => typeof end === "number" && Number.isFinite(end))) return undefined;
  const kind = scale?.type === "log" || scale?.type === "symlog" ? scale.type : powers ? "power" : "linear";
  const rounded = (ends: unknown[]) => ends.map((end) => Number((end as number).toPrecision(6))) as [number, number];
  const constant = scale?.type === "symlog" ? { constant: scale.constant ?? 1 } : {};
  return { kind, pixels: rounded(pixels), values: rounded(values), name, ...constant };
}

/** The inverse of a scale: the value at a pixel. The page's script has its own copy. */
export function valueAt({ kind, pixels, values, constant = 1 }: ReadableAxis, pixel: number): number {
  const share = (pixel - pixels[0]) / (pixels[1] - pixels[0]);
  const between = (from: number, to: number) => from + share * (to - from);
  switch (kind) {
    case "log":
      return Math.exp(between(Math.log(values[0]), Math.log(values[1])));
    case "symlog": {
      const bent = between(
        Math.sign(values[0]) * Math.log1p(Math.abs(values[0]) / constant),
        Math.sign(values[1]) * Math.log1p(Math.abs(values[1]) / constant),
      );
      return Math.sign(bent) * constant * Math.expm1(Math.abs(bent));
    }
    case "power":
      return 10 ** between(values[0], values[1]);
    default:
      return between(values[0], values[1]);
  }
}

/** The pixel of a value; undefined outside the axis. */
export function pixelAt({ kind, pixels, values, constant = 1 }: ReadableAxis, value: number): number | undefined {
  const bend = (x: number): number => {
    if (kind === "log") return Math.log(x);
    if (kind === "power") return Math.log10(x);
    return kind === "symlog" ? Math.sign(x) * Math.log1p(Math.abs(x) / constant) : x;
  };
  const ends = kind === "power" ? values : (values.map(bend) as [number, number]);
  const share = (bend(value) - ends[0]) / (ends[1] - ends[0]);
  return share >= -0.001 && share <= 1.001 ? pixels[0] + share * (pixels[1] - pixels[0]) : undefined;
}
