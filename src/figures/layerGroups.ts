/**
 * @file Groups of layers: the blocks of a network. Names are shortened to the part that distinguishes the layers of a
 * block; the part that all share becomes the title.
 */
import { visibleText } from "./escape.ts";

export interface LayerGroup {
  /** Common prefix of the group's names, such as "blocks.0"; "" if there is none. */
  readonly title: string;
  readonly layers: readonly GroupedLayer[];
}

export interface GroupedLayer {
  readonly name: string;
  /** The name without the title of its group: "attn.q". */
  readonly short: string;
}

/** The first part of a name that is a number: the index of the block. */
function blockOf(name: string): string | undefined {
  return /(?:^|[./_])(\d+)(?=[./_[]|$)/.exec(name)?.[1];
}

/**
 * Groups in the order of the names. Consecutive names of a block form a group; the rest are in groups without a title.
 */
export function layerGroups(names: readonly string[]): LayerGroup[] {
  const runs: string[][] = [];
  let last: string | undefined;
  for (const name of names) {
    const block = blockOf(name);
    if (runs.length > 0 && block === last) runs.at(-1)!.push(name);
    else runs.push([name]);
    last = block;
  }
  const blocks = runs.filter((run) => run.length > 1 && blockOf(run[0]!) !== undefined);
  if (blocks.length < 2) return [titled(names)];
  const groups: { lone: boolean; names: string[] }[] = [];
  for (const run of runs) {
    const lone = run.length === 1 || blockOf(run[0]!) === undefined;
    const before = groups.at(-1);
    if (lone && before?.lone) before.names.push(...run);
    else groups.push({ lone, names: [...run] });
  }
  return groups.map(({ lone, names: own }) =>
    lone ? { title: "", layers: own.map((name) => ({ name, short: visibleText(name) })) } : titled(own),
  );
}

/**
 * The group with the common prefix of its names, up to a dot or slash, as title; without a prefix the title is "block
 * 3".
 */
function titled(names: readonly string[]): LayerGroup {
  const shared = sharedParts(names);
  if (shared === "") {
    const block = blockOf(names[0] ?? "");
    const same = names.length > 1 && block !== undefined && names.every((name) => blockOf(name) === block);
    return { title: same ? `block ${block}` : "", layers: names.map((name) => ({ name, short: visibleText(name) })) };
  }
  return {
    title: visibleText(shared.slice(0, -1)),
    layers: names.map((name) => ({ name, short: visibleText(name.slice(shared.length)) })),
  };
}

/** Common prefix of the names, up to its last dot or slash. */
export function sharedParts(names: readonly string[]): string {
  if (names.length < 2) return "";
  let length = 0;
  const [first = "", ...others] = names;
  while (length < first.length && others.every((name) => name[length] === first[length])) length++;
  const cut = Math.max(first.lastIndexOf(".", length - 1), first.lastIndexOf("/", length - 1));
  return first.slice(0, cut + 1);
}
