/** @file Selects layers by name, as --layers does: by names in records, and by names of heads as shown to users. */
import { layerNames } from "../../measure/network/layerNames.ts";
import type { NamedLayer } from "../../moments/moments.ts";
import { closest } from "../../parameters/suggest.ts";

/**
 * The layers of a network that match some globs. In "blocks.*.mlp.*" a star matches any letters, a question mark one. A
 * head matches "block 0, head 3", "block 0 head 3" and its name in records.
 */
export function layerSelection(globs: readonly string[]): (layers: readonly NamedLayer[]) => (name: string) => boolean {
  const patterns = globs.map((glob) => {
    const pattern = glob
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".");
    return new RegExp(`^${pattern}$`);
  });
  return (layers) => {
    const called = layerNames(layers);
    return (name) => formsOf(name, called).some((form) => patterns.some((pattern) => pattern.test(form)));
  };
}

function formsOf(name: string, called: ReadonlyMap<string, string>): string[] {
  const words = called.get(name);
  return words === undefined ? [name] : [name, words, words.replace(", ", " ")];
}

/** The layer with that name, as in records or as shown; undefined if there is none. */
export function layerCalled(name: string, layers: readonly NamedLayer[]): string | undefined {
  const called = layerNames(layers);
  return (
    layers.find((layer) => layer.name === name)?.name ??
    layers.find((layer) => formsOf(layer.name, called).includes(name))?.name
  );
}

/**
 * The name nearest to an unknown one, as in records or as shown, for a shell; undefined where none is near.
 */
export function nearestLayer(name: string, layers: readonly NamedLayer[]): string | undefined {
  const near = closest(name, [...layers.map((layer) => layer.name), ...layerNames(layers).values()]);
  return near === undefined ? undefined : inQuotes(near);
}

function inQuotes(name: string): string {
  return /[ *?[\]]/.test(name) ? `"${name}"` : name;
}

/** chosen: most names in a message; a large network has hundreds. */
const NAMED = 8;

/**
 * Names to choose from, as shown: "up, down, block 0 head 0 and 23 more", quoted if they contain spaces.
 */
export function someLayers(layers: readonly NamedLayer[], most = NAMED): string {
  const called = layerNames(layers);
  const names = layers.map(({ name }) => inQuotes(called.get(name) ?? name));
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return `${names.slice(0, most).join(", ")}${more}`;
}
