/**
 * @file Which measurements of a run are compared over a factor of two of the steps (docs/theory.md Eq. 64). The last
 * one is compared with the one nearest to half its step, that one with the one nearest to half of its own, and so on.
 * No two comparisons overlap, and a run keeps the moments of one measurement for them, however many it takes.
 */

/** chosen: the largest factor by which a measurement may miss half the step. */
const farthest = 1.5;

/**
 * Steps that are compared, each with its partner.
 *
 * @param measured steps of the measurements of a whole run, ascending
 * @returns from the last step down; empty where none is near half of it. Step 0 is half of nothing
 */
export function halvings(measured: readonly number[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  let step = measured.at(-1) ?? 0;
  for (;;) {
    const off = (other: number) => Math.abs(Math.log(other / (step / 2)));
    const half = measured.filter((other) => other > 0 && other < step).sort((x, y) => off(x) - off(y))[0];
    if (half === undefined || off(half) > Math.log(farthest) + 1e-12) return found;
    found.set(step, half);
    step = half;
  }
}
