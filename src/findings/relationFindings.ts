/**
 * @file The relations of the last measurement, each with its value before training and its verdict (theory.md Eq. 85).
 */
import { type Judgement, judge, type Verdict } from "../measure/alignment/judge.ts";
import { type RelationName, relationNames } from "../measure/phase/phaseTable.ts";
import type { AlignmentValue, Convention, LayerSnapshot, Snapshot } from "../measure/snapshot.ts";
import { isMap, type Side } from "../moments/moments.ts";

const sides = ["a", "b"] as const;

/** One relation of one layer at the last measurement. */
export interface Finding {
  readonly layer: LayerSnapshot;
  readonly side: Side;
  readonly relation: RelationName;
  readonly convention: Convention;
  readonly last: AlignmentValue;
  /** At the first measurement, if that is a different one. */
  readonly first: AlignmentValue | undefined;
  readonly verdict: Verdict;
  readonly judgement: Judgement;
}

/** Measurements by step. */
export function byStep(snapshots: readonly Snapshot[]): Snapshot[] {
  return snapshots.toSorted((x, y) => x.step - y.step);
}

/**
 * Every relation of the last measurement; relations that a layer does not have (rwa, gwa of a head) are left out.
 */
export function findings(snapshots: readonly Snapshot[], convention: Convention): Finding[] {
  const ordered = byStep(snapshots);
  const last = ordered.at(-1);
  const first = ordered.length > 1 ? ordered[0] : undefined;
  return (last?.layers ?? []).flatMap((layer) =>
    layerFindings(
      layer,
      first?.layers.find(({ name }) => name === layer.name),
      convention,
    ),
  );
}

/** The relations of one layer. @param start the same layer before training, if it was measured */
export function layerFindings(
  layer: LayerSnapshot,
  start: LayerSnapshot | undefined,
  convention: Convention,
): Finding[] {
  return sides.flatMap((side) => {
    const measured = layer.alignment[convention][side];
    if (!measured) return [];
    const before = start?.alignment[convention][side];
    return relationNames
      .filter((relation) => isMap(layer) || relation === "rga")
      .map((relation) => {
        const [last, first] = [measured[relation], before?.[relation]];
        const judgement = judge(last, { start: first, dead: layer.dead !== undefined });
        return { layer, side, relation, convention, last, first, verdict: judgement.verdict, judgement };
      });
  });
}

/** Whether the relation holds. */
export function holds({ judgement }: Pick<Finding, "judgement">): boolean {
  return judgement.holds;
}
