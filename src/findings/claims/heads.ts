/** @file The paper's claims on the attention heads of a transformer: Figs. 5, 9, 10, 14 and 15. */

import { strongFrom } from "../../measure/alignment/judge.ts";
import { median } from "../../measure/median.ts";
import { byHeadLayer } from "../../measure/network/headBaselines.ts";
import type { LayerSnapshot } from "../../measure/snapshot.ts";
import { counted, fixed, grouped } from "../numbers.ts";
import type { Tested } from "./claim.ts";
import { kindOf, type Reading } from "./reading.ts";

/** chosen: alignments and shares that differ by at most this count as equal. */
const sameMargin = 0.1;

/** chosen: a share of the mean below this is essentially zero. */
const negligible = 0.02;

/** chosen: number of leading eigenvalues compared, and the largest difference of their ratios to the largest. */
const leading = 5;
const sameShare = 0.1;

/** chosen: standard errors by which a value must exceed its baseline. */
const errors = 3;

function headsOf(reading: Reading): LayerSnapshot[] {
  return kindOf(reading) === "transformer" ? reading.layers.filter(({ kind }) => kind === "head") : [];
}

function rga(head: LayerSnapshot, convention: "paper" | "raw" = "paper"): number | null {
  return head.alignment[convention].b.rga.value;
}

/** Fig. 5: the RGA of each attention layer exceeds both baselines by more than the sampling error. */
export function aboveBaselines(reading: Reading): Tested | undefined {
  const groups = [...byHeadLayer(headsOf(reading), ({ name }) => name).values()].map((group) => ({
    rga: median(group.map((head) => rga(head))),
    noise: median(group.map((head) => head.alignment.paper.b.rga.noise)) ?? 0,
    others: median(group.map((head) => head.baselines?.otherHeads.paper?.median ?? null)),
    start: median(group.map((head) => head.baselines?.start.paper ?? null)),
  }));
  const against = (name: "others" | "start") => {
    const known = groups.filter((group) => group.rga !== null && group[name] !== null);
    const above = known.filter((group) => group.rga! > group[name]! + errors * group.noise);
    return { known: known.length, above: above.length, median: median(known.map((group) => group[name])) };
  };
  const [others, start] = [against("others"), against("start")];
  if (others.known === 0 && start.known === 0) return undefined;
  const words = (name: string, found: typeof others) =>
    found.known === 0
      ? `${name} is not known`
      : `above ${name} (median ${fixed(found.median!, 2)}) in ${grouped(found.above)} of ${counted(found.known, "attention layer")}`;
  const middle = median(groups.map((group) => group.rga));
  return {
    figure: "Fig. 5",
    statement:
      "the RGA is significantly stronger than the alignment between initial and final representation, and between different heads",
    measured: `RGA of heads against H with the H of other heads${start.known > 0 ? " and H with its own H at the start" : ""} (Eq. 78), paper's convention, medians over the heads of each attention layer`,
    threshold: `above both by ${errors} standard errors in every attention layer, which the paper calls significant`,
    agrees: others.above === others.known && start.above === start.known,
    numbers: `median RGA ${fixed(middle ?? 0, 2)}; ${words("other heads", others)}, ${words("its own start", start)}`,
  };
}

/** Fig. 9. */
export function momentsAsCovariances(reading: Reading): Tested | undefined {
  const heads = headsOf(reading);
  const [paper, raw] = [median(heads.map((head) => rga(head))), median(heads.map((head) => rga(head, "raw")))];
  if (paper === null || raw === null) return undefined;
  return {
    figure: "Fig. 9",
    statement: "second moments of heads align as their covariances do",
    measured: "RGA of heads by plain second moments against that by the paper's convention, medians",
    threshold: `at most ${sameMargin} below it, as visible in the figure`,
    agrees: raw >= paper - sameMargin,
    numbers: `median RGA ${fixed(raw, 2)} of second moments, ${fixed(paper, 2)} of covariances`,
  };
}

/** Fig. 10. */
export function meansNegligible(reading: Reading): Tested | undefined {
  const heads = headsOf(reading);
  const [h, g] = (["h", "g"] as const).map((which) => median(heads.map((one) => one.meanRatio.b[which].value)));
  if (h == null || g == null) return undefined;
  return {
    figure: "Fig. 10",
    statement: "r_g essentially converges to zero, r_h is generally non-zero but essentially negligible",
    measured: "share of the mean in plain second moments of heads (Eq. 17), medians",
    threshold: `at most ${negligible} of gradients and ${sameMargin} of activations, which changes no matrix visibly`,
    agrees: g <= negligible && h <= sameMargin,
    numbers: `median share of the mean ${fixed(g, 3)} in gradients, ${fixed(h, 3)} in activations of heads`,
  };
}

/** Fig. 14. */
export function sameSpectra(reading: Reading): Tested | undefined {
  const differences = headsOf(reading).flatMap(({ spectra }) => {
    const { H, G } = spectra?.paper.b ?? {};
    if (!H || !G || H.values.length < leading || G.values.length < leading || !(H.values[0]! > 0 && G.values[0]! > 0))
      return [];
    const ratios = Array.from({ length: leading - 1 }, (_, i) => {
      const [h, g] = [H.values[i + 1]! / H.values[0]!, G.values[i + 1]! / G.values[0]!];
      return Math.abs(h - g) / Math.max(h, g);
    });
    return [median(ratios)!];
  });
  const middle = median(differences);
  if (middle === null || !Number.isFinite(middle)) return undefined;
  return {
    figure: "Fig. 14",
    statement: "the spectra of the two matrices are exactly the same for the leading eigenvalues",
    measured: `eigenvalues 2 to ${leading} of H and G of each head over the largest, paper's convention, median over them and over heads`,
    threshold: `they differ by at most ${100 * sameShare} %: less is not visible on the figure's logarithmic axis`,
    agrees: middle <= sameShare,
    numbers: `eigenvalues 2 to ${leading} over the largest differ by ${Math.round(100 * middle)} % (median of ${counted(differences.length, "head")})`,
  };
}

/** Fig. 15. */
export function highThroughout(reading: Reading): Tested | undefined {
  const heads = headsOf(reading);
  const { data, last } = reading;
  const after = data.snapshots.filter(({ step }) => step > 0);
  if (heads.length === 0 || after.length < 2) return undefined;
  const high = after.filter(({ layers }) => {
    const living = layers.filter(({ kind, dead }) => kind === "head" && dead === undefined);
    const value = median(living.map((head) => rga(head)));
    return value !== null && value >= strongFrom;
  });
  return {
    figure: "Fig. 15",
    statement: "the alignment of feature and gradient covariance remains high during most of the training",
    measured: "RGA of heads, paper's convention, median at each measurement after step 0",
    threshold: `at least ${strongFrom}, which the paper calls strong, at more than half of the measurements`,
    agrees: high.length > after.length / 2,
    numbers: `the median over heads is at least ${strongFrom} at ${grouped(high.length)} of ${counted(after.length, "measurement")} after the first; at step ${grouped(last.step)} it is ${fixed(median(heads.map((head) => rga(head))) ?? 0, 2)}`,
  };
}
