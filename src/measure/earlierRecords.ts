/**
 * @file Snapshots written by earlier versions, converted to today's form. Missing measures become "not measured". The
 * nulls of forward RWA and backward GWA took the two matrices as unrelated; they are computed anew from the
 * participation ratios (Eq. 84).
 */

import { type Size, sharedNullOf } from "./alignment/alignmentNull.ts";
import type { AlignmentValue, Convention, SideAlignments } from "./alignment/relations.ts";
import { unmeasuredExponents } from "./laws/exponent.ts";
import type { LayerSnapshot } from "./layerSnapshot.ts";
import type { Snapshot } from "./snapshot.ts";
import type { RankValue } from "./spectra/rank.ts";
import { unranked } from "./spectra/rank.ts";

/** Whether a record was written before covariances were measured. */
export function isEarlier({ layers }: Pick<Snapshot, "layers">): boolean {
  return layers.some(({ alignment }) => (alignment as Partial<typeof alignment>).covariance === undefined);
}

/** The record with its missing parts filled in; the same object where nothing is missing. */
export function completeRecord(snapshot: Snapshot): Snapshot {
  return isEarlier(snapshot) ? { ...snapshot, layers: snapshot.layers.map(completeLayer) } : snapshot;
}

const notMeasured = (n: number): AlignmentValue => ({
  value: null,
  cosine: null,
  null: null,
  noise: null,
  n,
  status: "not-measured",
});

function completeLayer(layer: LayerSnapshot): LayerSnapshot {
  const { samples: n, ranks, alignment, exponents, strongest, plasticity, change, baselines, phase } = layer;
  const none = { rga: notMeasured(n), rwa: notMeasured(n), gwa: notMeasured(n) };
  const both = <T>(of: T) => ({ a: alignment.paper.a === null ? null : of, b: of });
  const unranks = { H: unranked(layer.dOut, n, "not-measured"), G: unranked(layer.dOut, n, "not-measured") };
  const dead = isDead(alignment.paper.b) ? { dead: ["no-gradient" as const] } : {};
  return {
    ...layer,
    ...dead,
    alignment: {
      ...shareNulls(layer),
      covariance: both(none),
    },
    ranks: { ...ranks, covariance: both(unranks) },
    ...(exponents && { exponents: { ...exponents, covariance: unmeasuredExponents(sidesOf(layer)).covariance } }),
    ...(strongest && {
      strongest: { ...strongest, covariance: { a: null, b: null, asExpected: { a: null, b: null } } },
    }),
    ...(plasticity && { plasticity: { ...plasticity, covariance: { a: null, b: null } } }),
    ...(change && { change: { ...change, covariance: change.raw } }),
    ...(baselines && {
      baselines: {
        otherHeads: { ...baselines.otherHeads, covariance: null },
        start: { ...baselines.start, covariance: null },
      },
    }),
    ...(phase && { phase: { ...phase, convention: "raw" as const, raw: phase, differs: [] } }),
  };
}

/** The input of `unmeasuredExponents`. */
function sidesOf({ alignment }: LayerSnapshot): Parameters<typeof unmeasuredExponents>[0] {
  return (alignment.paper.a === null ? {} : { a: {} }) as Parameters<typeof unmeasuredExponents>[0];
}

/** Whether all rows of the gradients were zero. */
function isDead({ rga, gwa }: SideAlignments): boolean {
  return rga.value === null && gwa.value === null && gwa.status === "too-few-samples" && gwa.n === 0;
}

function shareNulls({ alignment, ranks, dIn, dOut }: LayerSnapshot): LayerSnapshot["alignment"] {
  const of = (convention: Exclude<Convention, "covariance">) => {
    const { a, b } = alignment[convention];
    if (!a || !ranks) return { a, b };
    const shared = (value: AlignmentValue, d: number, source: RankValue | undefined): AlignmentValue => {
      const [H, Z] = [unitSize(d, source), unitSize(d, ranks.weights)];
      return value.null === null || !H || !Z ? value : { ...value, null: sharedNullOf(H, Z).value };
    };
    return {
      a: { ...a, gwa: shared(a.gwa, dOut, ranks[convention]?.b.G) },
      b: { ...b, rwa: shared(b.rwa, dIn, ranks[convention]?.a?.H) },
    };
  };
  return { ...alignment, paper: of("paper"), raw: of("raw") };
}

/** A matrix of trace 1 with the participation ratio of the record. */
function unitSize(d: number, rank: RankValue | undefined): Size | undefined {
  return rank?.participation ? { d, trace: 1, norm: 1 / Math.sqrt(rank.participation) } : undefined;
}
