/**
 * @file Baselines for the RGA of an attention head (theory.md Eq. 78): how its H aligns with the H of the other heads
 * of its layer, which see the same input, and with its own H at an earlier measurement.
 */
import { type LayerMoments, type Moments, secondMoment } from "../../moments/moments.ts";
import { alignmentOf } from "../alignment/alignment.ts";
import { type Entries, symmetricEntriesOf } from "../alignment/entrySums.ts";
import type { Convention } from "../alignment/relations.ts";
import { attentionOf } from "./layerNames.ts";

/** Over the other heads of the layer. */
export interface OtherHeads {
  median: number;
  low: number;
  high: number;
  count: number;
}

/**
 * Heads grouped by the common part of their names, one group per attention; every other layer is a group of its own.
 */
export function byHeadLayer<T>(heads: readonly T[], nameOf: (head: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const head of heads) {
    const layer = attentionOf(nameOf(head));
    const known = groups.get(layer);
    if (known) known.push(head);
    else groups.set(layer, [head]);
  }
  return groups;
}

/**
 * Alignment of H of each head with one matrix of every other head of the same attention layer   (theory.md Eqs. 2, 3,
 * 11, 78).
 *
 * @param which "G": the excess over it is the head's own RGA; "H": the paper's baseline
 * @returns by name of the head, without heads that are alone or whose moments are missing. O(heads^2 d^2) per layer
 */
export function otherHeads(
  layers: readonly LayerMoments[],
  which: "H" | "G",
  convention: Convention = "paper",
): Map<string, OtherHeads> {
  const found = new Map<string, OtherHeads>();
  const heads = layers.filter(({ kind }) => kind === "head");
  for (const group of byHeadLayer(heads, ({ name }) => name).values()) {
    const H = group.map((head) => entriesIn(head, "H", convention));
    const others = which === "H" ? H : group.map((head) => entriesIn(head, "G", convention));
    for (const [i, { name }] of group.entries()) {
      const own = H[i];
      const values = others.flatMap((other, j) =>
        j !== i && own && other?.A.rows === own.A.rows ? (alignmentOf(own, other).value ?? []) : [],
      );
      if (values.length > 0) found.set(name, summarize(values));
    }
  }
  return found;
}

/** A snapshot's entry for a head, by convention; null without another head, or without an earlier measurement. */
export interface HeadBaselines {
  /** H with the H of the other heads of its layer. */
  otherHeads: Record<Convention, OtherHeads | null>;
  /** H with its own H at the first measurement. */
  start: Record<Convention, number | null>;
}

/**
 * The baselines of all heads   (theory.md Eq. 78).
 *
 * @param start the heads at the first measurement, where there was an earlier one
 * @returns by name of the head
 */
export function headBaselines(total: Moments, start?: Moments): Map<string, HeadBaselines> {
  const within = (convention: Convention) => ({
    others: otherHeads(total.layers, "H", convention),
    same: start ? sameHeads(total, start, convention) : new Map<string, number>(),
  });
  const found = { paper: within("paper"), covariance: within("covariance"), raw: within("raw") };
  const each = <Value>(pick: (one: (typeof found)["paper"]) => Value): Record<Convention, Value> => ({
    paper: pick(found.paper),
    covariance: pick(found.covariance),
    raw: pick(found.raw),
  });
  const heads = total.layers.filter(({ kind }) => kind === "head");
  return new Map(
    heads.map(({ name }) => [
      name,
      {
        otherHeads: each(({ others }) => others.get(name) ?? null),
        start: each(({ same }) => same.get(name) ?? null),
      },
    ]),
  );
}

/** Alignment of H of each head with its own H at another measurement   (theory.md Eq. 78), by name. O(heads d^2) */
export function sameHeads({ layers }: Moments, before: Moments, convention: Convention = "paper"): Map<string, number> {
  const found = new Map<string, number>();
  for (const head of layers.filter(({ kind }) => kind === "head")) {
    const earlier = before.layers.find(({ name, dOut }) => name === head.name && dOut === head.dOut);
    const [now, then] = [entriesIn(head, "H", convention), earlier && entriesIn(earlier, "H", convention)];
    const value = now && then ? alignmentOf(now, then).value : null;
    if (value !== null) found.set(head.name, value);
  }
  return found;
}

function entriesIn({ b, n }: LayerMoments, which: "H" | "G", convention: Convention): Entries | undefined {
  const found = secondMoment(b, which, convention, n);
  return found && symmetricEntriesOf(found);
}

function summarize(values: readonly number[]): OtherHeads {
  const sorted = values.toSorted((x, y) => x - y);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, low: sorted[0]!, high: sorted.at(-1)!, count: sorted.length };
}
