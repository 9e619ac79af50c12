/**
 * @file What the paper says of its figures, and whether it is so here: a verdict from the numbers of the measurements for each claim that the
 * network can answer. The thresholds are chosen here; the paper names none.
 */

import { type Finding, findings, holds } from "../findings/relationFindings.ts";
import { byHeadLayer } from "../measure/headBaselines.ts";
import { strongFrom } from "../measure/judge.ts";
import { median } from "../measure/median.ts";
import type { LayerSnapshot, Snapshot } from "../measure/snapshot.ts";
import { changeRates, slowed } from "./changeRates.ts";
import { counted, fixed, grouped } from "./numbers.ts";
import { byStep, isAnalysis, type ReportData, type RunReport, withStart } from "./reportData.ts";

export type ClaimVerdict = "holds" | "does not hold" | "not at this scale";

export interface Claim {
  readonly figure: string;
  /** What the paper says. */
  readonly words: string;
  readonly verdict: ClaimVerdict;
  /** The numbers that decided, in words. */
  readonly numbers: string;
}

/** A claim before its verdict: whether the numbers agree. */
interface Tested extends Omit<Claim, "verdict"> {
  readonly agrees: boolean;
}

/** Every claim that can be judged here. A smaller network or shorter run that disagrees says nothing of the paper's size. */
export function claims(data: ReportData): Claim[] {
  const ordered = byStep(data.snapshots);
  const last = ordered.at(-1);
  if (!last) return [];
  const heads = last.layers.filter(({ kind }) => kind === "head");
  const convolutional = last.layers.some(({ kind }) => kind === "conv");
  const tested = [
    ...(convolutional ? ofConvolutionalNetworks(data, last) : []),
    ...(heads.length > 0 ? ofTransformers(ordered, last, heads) : []),
    ...(heads.length === 0 && !convolutional ? ofFullyConnectedNetworks(data) : []),
    ...ofTraining(data),
  ];
  const small = !isAnalysis(data) && isSmaller(data.config);
  return tested.map(({ agrees, ...claim }) => ({
    ...claim,
    verdict: agrees ? "holds" : small ? "not at this scale" : "does not hold",
  }));
}

/** Runs of earlier versions say their preset alone. */
function isSmaller({ smaller, preset }: RunReport["config"]): boolean {
  return Array.isArray(smaller) ? smaller.length > 0 : preset !== undefined && preset !== "paper";
}

function ofConvolutionalNetworks(data: ReportData, { layers, objective }: Snapshot): Tested[] {
  const connected = layers.filter(({ kind }) => kind === "linear").slice(-2);
  if (connected.length === 0) return [];
  const all = findings(withStart(data), "paper").filter(({ last }) => last.value !== null);
  const ofThese = all.filter(({ layer }) => connected.includes(layer));
  const selfSupervised = objective === "nt-xent";
  const rga = (kind: LayerSnapshot["kind"]) =>
    median(
      all.filter(({ layer, relation }) => layer.kind === kind && relation === "rga").map(({ last }) => last.value),
    );
  const [dense, conv] = [rga("linear"), rga("conv")];
  const output = all.find((one) => one.layer === layers.at(-1) && one.side === "b" && one.relation === "rga");
  return [
    ...(selfSupervised
      ? []
      : [allSix("Fig. 1", `last ${counted(connected.length, "fully connected layer")}`, ofThese)]),
    ...(dense === null || conv === null
      ? []
      : [
          {
            figure: selfSupervised ? "Fig. 6" : "Fig. 19",
            words: "RGA holds well in the fully connected layers, not so strongly in the convolutional ones",
            agrees: dense >= strongFrom && dense > conv,
            numbers: `median ${fixed(dense, 2)} in fully connected, ${fixed(conv, 2)} in convolutional layers`,
          },
        ]),
    ...(output?.first !== undefined && !selfSupervised
      ? [
          {
            figure: "Fig. 11",
            words: "at the end of training H and G of the output layer look alike, at initialisation they do not",
            agrees: output.verdict === "formed",
            numbers: `forward RGA ${fixed(output.last.value!, 2)}${startWords(output)}`,
          },
        ]
      : []),
    ...lastBlock(all, selfSupervised ? "Fig. 13" : "Fig. 12"),
  ];
}

function lastBlock(all: readonly Finding[], figure: string): Tested[] {
  const last = (kind: LayerSnapshot["kind"]) =>
    all.findLast((one) => one.layer.kind === kind && one.side === "b" && one.relation === "rga");
  const found = last("block") ?? last("conv");
  if (!found) return [];
  return [
    {
      figure,
      words: "representation and gradient of the last convolution block look alike at the end of training",
      agrees: holds(found),
      numbers: `forward RGA ${fixed(found.last.value!, 2)}${startWords(found)}, null ${fixed(found.last.null ?? 0, 2)}`,
    },
  ];
}

function startWords({ first }: Finding): string {
  return first?.value == null ? "" : `, ${fixed(first.value, 2)} at the start`;
}

function allSix(figure: string, where: string, found: readonly Finding[]): Tested {
  const holding = found.filter(holds).length;
  const weakest = found.toSorted((x, y) => x.last.value! - y.last.value!)[0];
  const least = weakest
    ? `; the weakest is ${weakest.side === "a" ? "backward" : "forward"} ${weakest.relation.toUpperCase()} of ${weakest.layer.name} with ${fixed(weakest.last.value!, 2)}`
    : "";
  return {
    figure,
    words: `all six relations hold in the ${where}`,
    agrees: found.length > 0 && holding === found.length,
    numbers: `${grouped(holding)} of ${grouped(found.length)} hold${least}`,
  };
}

function ofTransformers(ordered: readonly Snapshot[], last: Snapshot, heads: readonly LayerSnapshot[]): Tested[] {
  const rga = (head: LayerSnapshot, convention: "paper" | "raw" = "paper") => head.alignment[convention].b.rga.value;
  const trained = ordered.length > 1;
  const [paper, raw] = [median(heads.map((head) => rga(head))), median(heads.map((head) => rga(head, "raw")))];
  const ratios = {
    h: median(heads.map((one) => one.meanRatio.b.h.value)),
    g: median(heads.map((one) => one.meanRatio.b.g.value)),
  };
  const after = ordered.filter(({ step }) => step > 0);
  const high = after.filter(({ layers }) => {
    const value = median(layers.filter(({ kind }) => kind === "head").map((head) => rga(head)));
    return value !== null && value >= strongFrom;
  });
  return [
    ...headsAgainstBaselines(heads),
    ...(paper === null || raw === null
      ? []
      : [
          {
            figure: "Fig. 9",
            words: "second moments of heads align as their covariances do",
            agrees: raw >= paper - sameMargin,
            numbers: `median RGA ${fixed(raw, 2)} of second moments, ${fixed(paper, 2)} of covariances`,
          },
        ]),
    ...(ratios.g === null || ratios.h === null
      ? []
      : [
          {
            figure: "Fig. 10",
            words: "the mean is a negligible part of the second moments, that of gradients essentially zero",
            agrees: ratios.g <= negligible && ratios.h <= sameMargin,
            numbers: `median share of the mean ${fixed(ratios.g, 3)} in gradients, ${fixed(ratios.h, 3)} in activations of heads`,
          },
        ]),
    ...sameSpectra(heads),
    ...(trained && after.length > 1
      ? [
          {
            figure: "Fig. 15",
            words: "RGA of heads remains high during most of the training",
            agrees: high.length > after.length / 2,
            numbers: `the median over heads is at least ${strongFrom} at ${grouped(high.length)} of ${counted(after.length, "measurement")} after the first; at step ${grouped(last.step)} it is ${fixed(paper ?? 0, 2)}`,
          },
        ]
      : []),
  ];
}

/** chosen: alignments and shares that differ by no more count as the same. */
const sameMargin = 0.1;

/** chosen: a share of the mean below this is essentially zero. */
const negligible = 0.02;

/** The RGA of each attention layer has to exceed both baselines by more than the noise of the sample. */
function headsAgainstBaselines(heads: readonly LayerSnapshot[]): Tested[] {
  const groups = [...byHeadLayer(heads, ({ name }) => name).values()].map((group) => ({
    rga: median(group.map((head) => head.alignment.paper.b.rga.value)),
    noise: median(group.map((head) => head.alignment.paper.b.rga.noise)) ?? 0,
    others: median(group.map((head) => head.baselines?.otherHeads.paper?.median ?? null)),
    start: median(group.map((head) => head.baselines?.start.paper ?? null)),
  }));
  const against = (name: "others" | "start") => {
    const known = groups.filter((group) => group.rga !== null && group[name] !== null);
    const above = known.filter((group) => group.rga! > group[name]! + 3 * group.noise);
    return { known: known.length, above: above.length, median: median(known.map((group) => group[name])) };
  };
  const [others, start] = [against("others"), against("start")];
  if (others.known === 0 && start.known === 0) return [];
  const words = (name: string, found: typeof others) =>
    found.known === 0
      ? `${name} is not known`
      : `above ${name} (median ${fixed(found.median!, 2)}) in ${grouped(found.above)} of ${counted(found.known, "attention layer")}`;
  const rga = median(groups.map((group) => group.rga));
  return [
    {
      figure: "Fig. 5",
      words: `RGA of heads is stronger than H with the H of other heads${start.known > 0 ? ", and than H with its own H at the start" : ""}`,
      agrees: others.above === others.known && start.above === start.known,
      numbers: `median RGA ${fixed(rga ?? 0, 2)}; ${words("other heads", others)}, ${words("its own start", start)}`,
    },
  ];
}

/** chosen: leading eigenvalues compared, and by how many percent their ratio to the largest may differ. */
const leading = 5;
const sameShare = 0.1;

function sameSpectra(heads: readonly LayerSnapshot[]): Tested[] {
  const differences = heads.flatMap(({ spectra }) => {
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
  if (middle === null || !Number.isFinite(middle)) return [];
  return [
    {
      figure: "Fig. 14",
      words: "the leading eigenvalues of H and G of a head are the same",
      agrees: middle <= sameShare,
      numbers: `eigenvalues 2 to ${leading} over the largest differ by ${Math.round(100 * middle)} % (median of ${counted(differences.length, "head")})`,
    },
  ];
}

function ofFullyConnectedNetworks(data: ReportData): Tested[] {
  const all = findings(withStart(data), "paper").filter(({ last }) => last.value !== null);
  const names = [...new Set(all.map(({ layer }) => layer.name))];
  const both = names.filter((name) =>
    (["a", "b"] as const).every((side) =>
      all.some((one) => one.layer.name === name && one.side === side && holds(one)),
    ),
  );
  if (names.length === 0) return [];
  return [
    {
      figure: "Fig. 8",
      words: "at least one forward and one backward relation hold strongly in every layer",
      agrees: both.length === names.length,
      numbers: `in ${grouped(both.length)} of ${counted(names.length, "layer")}`,
    },
  ];
}

function ofTraining(data: ReportData): Tested[] {
  const rates = changeRates(data.snapshots);
  if (rates === undefined) return [];
  const share = rates.last / rates.most;
  return [
    {
      figure: "Fig. 21",
      words: "the change of the representation converges to nearly zero",
      agrees: share < slowed,
      numbers: `its rate is ${fixed(100 * share, 1)} % of the fastest at the last measurement (median over layers)`,
    },
  ];
}
