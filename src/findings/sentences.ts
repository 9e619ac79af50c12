/**
 * @file Sentences on relations, each from one judgement, so that terminal, report and explain describe a number in the
 * same words. Every sentence names its convention.
 */

import { layerNames } from "../measure/network/layerNames.ts";
import type { Convention, LayerSnapshot } from "../measure/snapshot.ts";
import { fixed, grouped, listed } from "./numbers.ts";
import { type Finding, holds } from "./relationFindings.ts";
import { conventionWord, deadWord, relationFormula, relationWord, verdictWord } from "./vocabulary.ts";

/** A standard error: three decimals, or two significant digits where that would give 0.000. */
export function errorText(error: number): string {
  if (error >= 0.0005) return error.toFixed(3);
  return error === 0 ? "0" : error.toExponential(0).replace("-", "−");
}

/**
 * "0.974 ± 0.004 by the paper's convention (0.982 without the bias of a finite sample; chance 0.19; 0.21 before
 * training; 3,000 rows)".
 */
export function numbersOf({ last, first, convention, judgement }: Finding): string {
  const { value, cosine, corrected: unbiased, noise, n } = last;
  if (value === null) return "";
  const parts = [
    ...(cosine !== null && cosine < value - 0.01 ? [`cosine ${fixed(cosine, 3)}`] : []),
    ...(unbiased != null && Math.abs(unbiased - value) >= 0.005
      ? [`${fixed(unbiased, 3)} without the bias of a finite sample`]
      : []),
    ...(last.null === null ? [] : [`chance ${fixed(last.null, 2)}${biasInWords(judgement.chance - last.null)}`]),
    ...(first?.value == null ? [] : [`${fixed(first.value, 2)} before training`]),
    `${grouped(n)} rows`,
  ];
  const error = noise === null ? "" : ` ± ${errorText(noise)}`;
  return `${fixed(value, 3)}${error} ${byWords(convention)} (${parts.join("; ")})`;
}

/** "by the paper's convention", "by covariances". */
export function byWords(convention: Convention): string {
  return convention === "paper" ? `by the ${conventionWord.paper}` : `by ${conventionWord[convention]}`;
}

/** The reduction of chance by the bias of few samples, where it is visible (Eq. 85). */
function biasInWords(bias: number): string {
  return bias >= 0.005 ? ` + ${fixed(bias, 2)} of bias` : "";
}

/** "Backward RGA (H_a ∝ G_a) holds, and rose in training: 0.974 ± 0.004 by the paper's convention (..)." */
export function relationSentence(finding: Finding): string {
  const { side, relation, last, verdict } = finding;
  const name = `${relationWord(side, relation)} (${relationFormula(side, relation)})`;
  const start = `${name[0]!.toUpperCase()}${name.slice(1)} ${verdictWord[verdict]}`;
  return last.value === null ? `${start} ${byWords(finding.convention)}.` : `${start}: ${numbersOf(finding)}.`;
}

/** "24 of 36 relations hold by the paper's convention; besides 1 as strong before training". */
export function countSentence(found: readonly Finding[]): string {
  const first = found[0];
  if (!first) return "No relation was measured";
  const counted = found.filter(({ verdict }) => verdict !== "dead" && verdict !== "undefined");
  if (counted.length === 0) return "No relation can be judged";
  const held = counted.filter(holds);
  const of = (verdict: Finding["verdict"]) => counted.filter((one) => one.verdict === verdict).length;
  const others = [
    ...(of("kept") + of("weakened") > 0 ? [`${of("kept") + of("weakened")} as strong before training`] : []),
    ...(of("lost") > 0 ? [`${of("lost")} lost in training`] : []),
    ...(of("by-chance") > 0 ? [`${of("by-chance")} that chance alone would give`] : []),
  ];
  const rest = others.length === 0 ? "" : `; besides ${listed(others)}`;
  return `${held.length} of ${counted.length} relations hold ${byWords(first.convention)}${rest}`;
}

/** Which layers are dead, and why; "" where none is. */
export function deadSentence(layers: readonly LayerSnapshot[]): string {
  const dead = layers.filter((layer) => layer.dead !== undefined);
  if (dead.length === 0) return "";
  const reasons = [...new Set(dead.flatMap((layer) => layer.dead!))].map((reason) => deadWord[reason]);
  const called = layerNames(layers);
  const names = dead.slice(0, 6).map(({ name }) => called.get(name) ?? name);
  const which =
    dead.length > names.length ? `${names.join(", ")} and ${dead.length - names.length} more` : listed(names);
  if (dead.length === layers.length) return `The network is dead: ${listed(reasons)} in all ${layers.length} layers.`;
  return `Dead, and excluded from counts and medians: ${which} (${listed(reasons)}).`;
}
