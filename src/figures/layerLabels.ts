/**
 * @file Names of layers as labels beside the rows of a figure: short enough to fit, and still distinct.
 */
import { shorten, visibleText } from "./escape.ts";
import { sharedParts } from "./layerGroups.ts";

/**
 * The names unchanged if all fit. Otherwise the common prefix is removed, and each name is cut at its front to at most
 * `length` characters, because its end identifies module and block ("…11.self_attn.q_proj"). Where that would make two
 * labels equal, names are cut in the middle instead.
 */
export function layerLabels(names: readonly string[], length: number): string[] {
  const long = names.some((name) => [...visibleText(name)].length > length);
  const shared = long ? sharedByBlocks(names) : "";
  const own = names.map((name) => (name.startsWith(shared) ? name.slice(shared.length) : name));
  const cut = own.map((name) => cutFront(name, length));
  return new Set(cut).size === new Set(names).size ? cut : own.map((name) => shorten(name, length));
}

/**
 * Common prefix of the names of numbered layers; others, such as a separate last layer, keep their whole name.
 */
function sharedByBlocks(names: readonly string[]): string {
  const blocks = names.filter((name) => /[./]\d+[./[]/.test(name));
  return sharedParts(blocks.length > 1 ? blocks : names);
}

/** Cuts the front, at a dot or slash if one is near. */
function cutFront(name: string, length: number): string {
  const characters = [...visibleText(name)];
  if (characters.length <= length) return characters.join("");
  const tail = characters.slice(characters.length - (length - 1));
  const boundary = tail
    .slice(0, Math.ceil(length / 2))
    .findIndex((character) => character === "." || character === "/");
  return `…${tail.slice(boundary + 1).join("")}`;
}

/** Text for a label under the pointer: the full name, if the label shortens it. */
export function fullName(name: string, label: string): string | null {
  const full = visibleText(name);
  return full === label ? null : full;
}

/** chosen: mean width of a character of a label of 11 pixels. */
const characterWidth = 6;

/** Pixels that the longest label needs, including the gap to the frame. */
export function labelWidth(labels: readonly string[]): number {
  return Math.ceil(Math.max(0, ...labels.map((label) => [...label].length)) * characterWidth) + 14;
}
