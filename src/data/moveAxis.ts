/** @file An array with one of its axes first, as NumPy's moveaxis(array, axis, 0). */
import type { DataArray } from "./array.ts";

/** @returns the array itself where the axis is the first one, else a copy */
export function moveAxis(array: DataArray, axis: number): DataArray {
  if (axis === 0) return array;
  const { shape, data } = array;
  const n = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((product, extent) => product * extent, 1);
  const outer = shape.slice(0, axis).reduce((product, extent) => product * extent, 1);
  const moved = data.slice();
  for (let i = 0, at = 0; i < n; i++)
    for (let o = 0; o < outer; o++, at += inner) {
      const from = (o * n + i) * inner;
      moved.set(data.subarray(from, from + inner) as never, at);
    }
  return { ...array, shape: [n, ...shape.slice(0, axis), ...shape.slice(axis + 1)], data: moved };
}
