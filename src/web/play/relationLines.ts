/** @file The relations of a play as curves: medians over its hidden layers, or one layer. */
import { hiddenCourse } from "../../figures/hiddenCourse.ts";
import { type Relation, relationColour, relations } from "../../figures/palette.ts";
import type { Convention, Snapshot } from "../../measure/snapshot.ts";
import type { Side } from "../../moments/moments.ts";
import type { Line } from "./Lines.tsx";
import type { PlayData } from "./playData.ts";

/** Medians of all hidden layers, or the name of a layer. */
export const HIDDEN = "hidden";

interface Row {
  readonly step: number;
  readonly side: Side;
  readonly relation: Relation;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly chance: number | null;
}

const known = new WeakMap<Snapshot, Map<string, readonly Row[]>>();

/** Rows of one measurement, computed once. */
function rowsOf(snapshot: Snapshot, scope: string, convention: Convention): readonly Row[] {
  const own = known.get(snapshot) ?? new Map<string, readonly Row[]>();
  known.set(snapshot, own);
  const key = `${convention} ${scope}`;
  const found =
    own.get(key) ?? (scope === HIDDEN ? medians(snapshot, convention) : ofLayer(snapshot, scope, convention));
  own.set(key, found);
  return found;
}

function medians(snapshot: Snapshot, convention: Convention): Row[] {
  return hiddenCourse([snapshot], convention).map(({ median, nullMedian, ...row }) => ({
    ...row,
    value: median,
    chance: nullMedian,
  }));
}

function ofLayer({ step, layers }: Snapshot, name: string, convention: Convention): Row[] {
  const layer = layers.find((one) => one.name === name);
  if (layer === undefined) return [];
  return (["a", "b"] as const).flatMap((side) =>
    relations.flatMap((relation): Row[] => {
      const found = layer.alignment[convention][side]?.[relation];
      if (found === undefined || found.value === null) return [];
      const { value, noise, null: chance } = found;
      return [{ step, side, relation, value, low: value - (noise ?? 0), high: value + (noise ?? 0), chance }];
    }),
  );
}

export interface Scope {
  readonly scope: string;
  readonly convention: Convention;
  readonly side: Side;
}

/** Curves of one side: the play's own, with bands and chance, and those of other plays behind it. */
export function relationLines(
  own: readonly Snapshot[],
  past: readonly PlayData[],
  { scope, convention, side }: Scope,
): Line[] {
  const course = (snapshots: readonly Snapshot[], relation: Relation) =>
    snapshots.flatMap((snapshot) =>
      rowsOf(snapshot, scope, convention).filter((row) => row.side === side && row.relation === relation),
    );
  const behind = past.flatMap(({ number, snapshots }) =>
    relations.map((relation): Line => {
      const points = course(snapshots, relation).map(({ step, value }) => [step, value] as const);
      return { name: `${relation.toUpperCase()} of ${number}`, colour: relationColour[relation], kind: "past", points };
    }),
  );
  const present = relations.flatMap((relation): Line[] => {
    const rows = course(own, relation);
    const colour = relationColour[relation];
    const chance = rows.flatMap(({ step, chance }) => (chance === null ? [] : [[step, chance] as const]));
    return [
      { name: `chance of ${relation.toUpperCase()}`, colour, kind: "chance", points: chance },
      {
        name: relation.toUpperCase(),
        colour,
        mark: relation,
        points: rows.map(({ step, value }) => [step, value] as const),
        band: rows.map(({ step, low, high }) => [step, low, high] as const),
      },
    ];
  });
  return [...behind, ...present];
}

/** The last value of each relation of the hidden layers, by side. */
export function lastMedians(play: PlayData, convention: Convention): readonly Row[] {
  const last = play.snapshots.at(-1);
  return last === undefined ? [] : rowsOf(last, HIDDEN, convention);
}

/** The smallest of the six hidden medians; undefined if there is none. */
export function leastMedian(play: PlayData, convention: Convention): number | undefined {
  const rows = lastMedians(play, convention);
  return rows.length === 0 ? undefined : Math.min(...rows.map(({ value }) => value));
}
