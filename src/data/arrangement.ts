/**
 * @file Rearranges samples into the shape that a model takes: unchanged, with the channel axis moved, with an axis of
 * length one added or dropped, flattened, or unflattened. Only unambiguous changes are made.
 */

/** A sample's extents as a model declares them; a name or undefined is free. */
export type DeclaredShape = readonly (number | string | undefined)[];

export interface Arrangement {
  /** Extents of one sample as passed to the model. */
  readonly shape: readonly number[];
  /** Axes of the stored sample in reading order; undefined where the order is unchanged. */
  readonly order?: readonly number[];
}

const TO_FRONT: readonly number[] = [2, 0, 1];
const TO_BACK: readonly number[] = [1, 2, 0];

/**
 * @param stored extents of one sample in the file (without the axis of samples)
 * @param declared extents that the model takes
 * @param layout position of the file's channels, if known
 * @returns undefined where nothing fits, "ambiguous" where channels could be moved both to the front and to the back
 */
export function arrange(
  stored: readonly number[],
  declared: DeclaredShape,
  layout?: "NCHW" | "NHWC",
): Arrangement | "ambiguous" | undefined {
  if (fits(stored, declared)) return { shape: stored };
  const moved = (layout === "NCHW" ? [TO_BACK] : layout === "NHWC" ? [TO_FRONT] : [TO_FRONT, TO_BACK])
    .map((order) => ({ shape: order.map((axis) => stored[axis] ?? -1), order }))
    .filter(({ shape }) => stored.length === 3 && fits(shape, declared));
  if (moved.length > 1) return "ambiguous";
  return moved[0] ?? reshaped(stored, declared);
}

/** The same values in the same order with another shape. */
function reshaped(stored: readonly number[], declared: DeclaredShape): Arrangement | undefined {
  const size = stored.reduce((product, extent) => product * extent, 1);
  if (declared.length === 1 && (typeof declared[0] !== "number" || declared[0] === size)) return { shape: [size] };
  const withOne = [[1, ...stored], [...stored, 1], stored.slice(1), stored.slice(0, -1)];
  const drops = [true, true, stored[0] === 1, stored.at(-1) === 1];
  const shape = withOne.find((candidate, i) => drops[i] && fits(candidate, declared));
  if (shape !== undefined) return { shape };
  const fixed = declared.every((extent) => typeof extent === "number");
  const needed = (declared as number[]).reduce((product, extent) => product * extent, 1);
  return stored.length === 1 && fixed && needed === size ? { shape: declared as number[] } : undefined;
}

function fits(shape: readonly number[], declared: DeclaredShape): boolean {
  return (
    shape.length === declared.length &&
    declared.every((extent, axis) => typeof extent !== "number" || extent === shape[axis])
  );
}
