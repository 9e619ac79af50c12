/**
 * @file Readable names of layers: an attention head by its block and its number, "block 0, head 3" for
 * `transformer.h.0.attn.heads[3]` or `blocks.0.attn.MatMul_1[3]`. All other layers keep their names. Records keep the
 * names of the model, by which other programs find a layer; tables, sentences, pages and figures use these.
 */
import type { NamedLayer } from "../../moments/moments.ts";

/** A head's position, from its name in a record. */
export interface HeadPlace {
  /** The common part of the names of one attention's heads: "blocks.0.attn.MatMul_1". */
  readonly attention: string;
  /** From 0. */
  readonly head: number;
}

/** "blocks.0.attn.MatMul_1[3]#2" is head 3 of "blocks.0.attn.MatMul_1#2"; undefined for other names. */
export function headPlace(name: string): HeadPlace | undefined {
  const [, product, head, call = ""] = /^(.+)\[(\d+)\](#\d+)?$/su.exec(name) ?? [];
  return product === undefined ? undefined : { attention: `${product}${call}`, head: Number(head) };
}

/** The part of a head's name that its attention shares; for any other layer its name. */
export function attentionOf(name: string): string {
  return headPlace(name)?.attention ?? name;
}

/**
 * Names of attentions: by block where blocks are distinct, "block 3"; else by block and module, "block 3 self_attn";
 * else by module, "decoder.layers.3.self_attn"; else unchanged.
 *
 * @param attentions the common parts of the heads' names, each once; the last part is the product that makes the heads
 */
export function attentionNames(attentions: readonly string[]): string[] {
  for (const form of [blockForm, blockAndModule, moduleOf]) {
    const names = attentions.flatMap((attention) => form(attention) ?? []);
    if (names.length === attentions.length && new Set(names).size === new Set(attentions).size) return names;
  }
  return [...attentions];
}

/** The module of an attention: its name without the product. A number is no product. */
function moduleOf(attention: string): string | undefined {
  if (/(?:^|[./])\d+$/u.test(attention)) return attention;
  const end = Math.max(attention.lastIndexOf("."), attention.lastIndexOf("/"));
  return end > 0 ? attention.slice(0, end) : undefined;
}

/** The first number that is a whole part of a module's name: the block. */
function blockForm(attention: string): string | undefined {
  const block = /(?:^|[./_])(\d+)(?=[./_]|$)/u.exec(moduleOf(attention) ?? "")?.[1];
  return block === undefined ? undefined : `block ${block}`;
}

function blockAndModule(attention: string): string | undefined {
  const block = blockForm(attention);
  const last = moduleOf(attention)?.split(/[./]/u).at(-1);
  return block === undefined || last === undefined || /^\d+$/u.test(last) ? undefined : `${block} ${last}`;
}

/**
 * Readable names of the layers of a network.
 *
 * @param layers all of them, so that names stay distinct
 * @returns by the name in the record; layers that keep their names are absent
 */
export function layerNames(layers: Iterable<NamedLayer>): ReadonlyMap<string, string> {
  const all = new Map([...layers].map((layer) => [layer.name, layer]));
  const places = [...all.values()].flatMap(({ name, kind }) => {
    const place = kind === "head" ? headPlace(name) : undefined;
    return place ? [{ name, ...place }] : [];
  });
  const attentions = [...new Set(places.map(({ attention }) => attention))];
  const called = new Map(attentionNames(attentions).map((words, i) => [attentions[i]!, words]));
  const found = places.map(({ name, attention, head }) => [name, `${called.get(attention)!}, head ${head}`] as const);
  return new Map(found.filter(([, words]) => !all.has(words)));
}

/** Measurements of one network with readable layer names. */
export function withLayerNames<T extends { readonly layers: readonly NamedLayer[] }>(snapshots: readonly T[]): T[] {
  const names = layerNames(snapshots.flatMap(({ layers }) => layers));
  const named = ({ layers, ...rest }: T) => ({
    ...rest,
    layers: layers.map((layer) => ({ ...layer, name: names.get(layer.name) ?? layer.name })),
  });
  return names.size === 0 ? [...snapshots] : (snapshots.map(named) as unknown as T[]);
}
