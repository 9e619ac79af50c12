/** @file Attention heads as people call them: "block 0, head 1". */
import { attentionNames } from "../figures/layerGroups.ts";

/** Titles of heads by their names ("blocks.0.attn.heads[1]"); other layers have none. */
export function headTitles(layers: readonly { readonly name: string; readonly kind: string }[]): Map<string, string> {
  const heads = layers.flatMap(({ name, kind }) => {
    const [, attention, head] = kind === "head" ? (/^(.*)\[(\d+)\]$/.exec(name) ?? []) : [];
    return attention === undefined ? [] : [{ name, attention, head }];
  });
  const attentions = [...new Set(heads.map(({ attention }) => attention))];
  const titles = attentionNames(attentions);
  return new Map(
    heads.map(({ name, attention, head }) => [name, `${titles[attentions.indexOf(attention)]!}, head ${head}`]),
  );
}
