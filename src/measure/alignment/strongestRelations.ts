/**
 * @file The strongest relation of each side, with its value at initialisation. At small weight decay the theory expects
 * forward RWA and backward GWA (theory.md Eqs. 7, 76).
 */
import { type RelationName, relationNames } from "../phase/phaseTable.ts";
import type { SideAlignments } from "./relations.ts";

export interface StrongestRelation {
  relation: RelationName;
  value: number;
  /** The same relation at initialisation, and the rise since; null where not known. */
  initial: number | null;
  rise: number | null;
  /** Value minus that of the next strongest; null where there is no other. */
  lead: number | null;
  /** The relation that rose most since initialisation: a stronger test, because two relations start strong. */
  rose: RelationName | null;
}

export interface Strongest {
  /** Null where no relation of the side has a value. */
  a: StrongestRelation | null;
  b: StrongestRelation | null;
  /** Whether the strongest are GWA on side a and RWA on side b; null where one of the two is not known. */
  asExpected: { a: boolean | null; b: boolean | null };
}

/**
 * The strongest relations of one layer   (theory.md Eq. 76).
 *
 * @param alignment alignments (Eq. 11) of one convention
 * @param initial   those of the same layer before training
 */
export function strongestRelations(
  alignment: { a: SideAlignments | null; b: SideAlignments },
  initial?: { a: SideAlignments | null; b: SideAlignments },
): Strongest {
  const a = strongestOf(alignment.a, initial?.a);
  const b = strongestOf(alignment.b, initial?.b);
  return { a, b, asExpected: { a: a && a.relation === "gwa", b: b && b.relation === "rwa" } };
}

function strongestOf(now: SideAlignments | null, before: SideAlignments | null | undefined): StrongestRelation | null {
  if (!now) return null;
  const known = relationNames.filter((name) => now[name].value !== null);
  const sorted = [...known].sort((x, y) => now[y].value! - now[x].value!);
  const relation = sorted[0];
  if (relation === undefined) return null;
  const riseOf = (name: RelationName): number | null => {
    const start = before?.[name].value ?? null;
    return start === null ? null : now[name].value! - start;
  };
  const risen = known.filter((name) => riseOf(name) !== null).sort((x, y) => riseOf(y)! - riseOf(x)!);
  const value = now[relation].value!;
  return {
    relation,
    value,
    initial: before?.[relation].value ?? null,
    rise: riseOf(relation),
    lead: sorted[1] === undefined ? null : value - now[sorted[1]].value!,
    rose: risen[0] ?? null,
  };
}
