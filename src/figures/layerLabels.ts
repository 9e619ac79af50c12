/**
 * @file Names of layers as labels beside the rows of a figure: short enough to fit, still telling layers apart.
 */
import { shorten, visibleText } from "./escape.ts";
import { sharedParts } from "./layerGroups.ts";

/**
 * The names as they are where all fit; else each without the parts that all begin with, and cut at its front to at most
 * `length` characters, because the end says which module of which block it is ("…11.self_attn.q_proj"); cut in the
 * middle instead where that would make two layers alike.
 */
export function layerLabels(names: readonly string[], length: number): string[] {
  const long = names.some((name) => [...visibleText(name)].length > length);
  const shared = long ? sharedByBlocks(names) : "";
  const own = names.map((name) => (name.startsWith(shared) ? name.slice(shared.length) : name));
  const cut = own.map((name) => cutFront(name, length));
  return new Set(cut).size === new Set(names).size ? cut : own.map((name) => shorten(name, length));
}

/**
 * What the names of layers with a number begin with in common; others, such as a last layer of its own, keep theirs.
 */
function sharedByBlocks(names: readonly string[]): string {
  const blocks = names.filter((name) => /[./]\d+[./[]/.test(name));
  return sharedParts(blocks.length > 1 ? blocks : names);
}

/** Begins after a dot or slash where one is near. */
function cutFront(name: string, length: number): string {
  const characters = [...visibleText(name)];
  if (characters.length <= length) return characters.join("");
  const tail = characters.slice(characters.length - (length - 1));
  const boundary = tail
    .slice(0, Math.ceil(length / 2))
    .findIndex((character) => character === "." || character === "/");
  return `…${tail.slice(boundary + 1).join("")}`;
}

/** What a pointer on the label is told: the name where the label is not all of it. */
export function fullName(name: string, label: string): string | null {
  const full = visibleText(name);
  return full === label ? null : full;
}

/** chosen: mean width of a character of a label of 11 pixels. */
const characterWidth = 6;

/** Pixels that the longest label needs, with room to the frame. */
export function labelWidth(labels: readonly string[]): number {
  return Math.ceil(Math.max(0, ...labels.map((label) => [...label].length)) * characterWidth) + 14;
}
