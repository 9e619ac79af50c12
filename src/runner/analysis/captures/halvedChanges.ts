/**
 * @file Changes of the representations over factors of two in steps (theory.md Eq. 64), computed once all measurements
 * are known. The few captures needed are read again, two at a time in memory.
 */
import type { Snapshot } from "../../../measure/snapshot.ts";
import { halvings } from "../../../measure/training/halvings.ts";
import { layerChange } from "../../../measure/training/relativeChange.ts";
import type { Moments } from "../../../moments/moments.ts";

/**
 * Adds `changeSinceHalf` to the layers of the compared snapshots.
 *
 * @param snapshots by ascending step
 * @param read the moments of a step
 * @returns the snapshots that changed
 */
export function addHalvedChanges(snapshots: readonly Snapshot[], read: (step: number) => Moments): Snapshot[] {
  const changed: Snapshot[] = [];
  let after: Moments | undefined;
  for (const [step, half] of halvings(snapshots.map((one) => one.step))) {
    const snapshot = snapshots.find((one) => one.step === step)!;
    after ??= read(step);
    const before = read(half);
    for (const [i, layer] of snapshot.layers.entries()) {
      const [x, y] = [before.layers[i]!, after.layers[i]!];
      if ((x.a?.sample ?? x.b.sample) === undefined) layer.changeSinceHalf = layerChange(x, half, y);
    }
    changed.push(snapshot);
    after = before;
  }
  return changed;
}
