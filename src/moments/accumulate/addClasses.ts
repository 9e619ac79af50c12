/** @file Sums by class, a batch added (docs/theory.md Eq. 66). */
import type { LabelledSums, SideByClass } from "../labelledSums.ts";

/**
 * Adds the sums of one batch, whose rows were centred on m: sum h = S + n_c m, sum |h|^2 = Q + 2 m S + n_c |m|^2.
 *
 * @param scale factor by which the rows of each side were divided
 */
export function addClasses(
  into: LabelledSums,
  read: (key: string) => Float32Array,
  scale: { readonly a: number; readonly b: number },
): void {
  const counts = read("class.counts");
  counts.forEach((count, c) => {
    into.counts[c]! += count;
  });
  const addSide = (side: SideByClass, key: "ha" | "hb", factor: number) => {
    const [m, sums, squares] = [read(`${key}.mean`), read(`class.${key}`), read(`class.${key}2`)];
    const d = m.length;
    const norm2 = m.reduce((sum, value) => sum + value * value, 0);
    counts.forEach((count, c) => {
      let along = 0;
      for (let j = 0; j < d; j++) {
        const sum = sums[c * d + j]!;
        along += m[j]! * sum;
        side.sums[c * d + j]! += factor * (sum + count * m[j]!);
      }
      side.squares[c]! += factor ** 2 * (squares[c]! + 2 * along + count * norm2);
    });
  };
  addSide(into.a, "ha", scale.a);
  addSide(into.b, "hb", scale.b);
}
