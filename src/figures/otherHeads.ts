/**
 * @file The baseline of attention heads: the alignment of a head's H with the G of each other head of its layer. Heads of one layer have one
 * size and see one input, so what RGA says of a head itself is what lies above this.
 */
import { alignmentOf } from "../measure/alignment.ts";
import { type Entries, entriesOf } from "../measure/entries.ts";
import type { Convention } from "../measure/snapshot.ts";
import { type LayerMoments, type Moments, secondMoment } from "../moments/moments.ts";
import { median } from "./median.ts";

/** Over the other heads of the layer. */
export interface OtherHeads {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Heads by the name that those of one attention layer share: theirs without the number at its end. */
export function byHeadLayer<T>(heads: readonly T[], nameOf: (head: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const head of heads) {
    const layer = nameOf(head).replace(/\[\d+\]$/, "");
    const known = groups.get(layer);
    if (known) known.push(head);
    else groups.set(layer, [head]);
  }
  return groups;
}

/**
 * Alignment of H of each head with G of every other head of the same attention layer (theory.md Eqs. 2, 3, 11).
 *
 * @returns by name of the head; a head that is alone, or whose moments are missing, is not in it. O(heads^2 d^2) per layer
 */
export function otherHeads({ layers }: Moments, convention: Convention = "paper"): Map<string, OtherHeads> {
  const found = new Map<string, OtherHeads>();
  const heads = layers.filter(({ kind }) => kind === "head");
  for (const group of byHeadLayer(heads, ({ name }) => name).values()) {
    const H = group.map((head) => entriesIn(head, "H", convention));
    const G = group.map((head) => entriesIn(head, "G", convention));
    for (const [i, { name }] of group.entries()) {
      const values = G.flatMap((other, j) => {
        const own = H[i];
        return j !== i && own && other?.A.rows === own.A.rows ? (alignmentOf(own, other).value ?? []) : [];
      });
      if (values.length > 0) found.set(name, summarized(values));
    }
  }
  return found;
}

function entriesIn({ b, n }: LayerMoments, which: "H" | "G", convention: Convention): Entries | undefined {
  const found = secondMoment(b, which, convention, n);
  return found && entriesOf(found);
}

function summarized(values: readonly number[]): OtherHeads {
  return { median: median(values)!, low: Math.min(...values), high: Math.max(...values), count: values.length };
}
