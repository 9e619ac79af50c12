/**
 * @file The six alignments of every layer as a table of 100 columns, below one sentence on how many relations hold.
 * Each layer has two lines: the measured value with its standard error and a star where the relation holds; and,
 * dimmed, the values for comparison, the null of unrelated matrices and the value at initialisation:
 *
 *     7 of 36 relations hold by the paper's convention.
 *
 *                        backward (side a)                          forward (side b)
 *     layer          a.rga         a.rwa         a.gwa         b.rga         b.rwa         b.gwa
 *     hidden.1      *0.961 ±.012   0.885 ±.010 ..
 *       100 → 100    0.12 · 0.28   0.09 · 0.71 ..
 */

import { type Finding, findings, holds } from "../findings/relationFindings.ts";
import { countSentence, deadSentence } from "../findings/sentences.ts";
import { printable } from "../formats/printable.ts";
import { formatCount, formatDecimals, formatQuantity } from "../formats/quantities.ts";
import { judge, ruleInWords, type Verdict } from "../measure/alignment/judge.ts";
import { withLayerNames } from "../measure/network/layerNames.ts";
import type {
  AlignmentValue,
  Convention,
  LayerSnapshot,
  SideAlignments,
  Snapshot,
  Status,
} from "../measure/snapshot.ts";
import { conventions, isMap } from "../moments/moments.ts";
import { CELL, type Column, NOTHING, renderLayerTable, type Side, type TableLayout } from "./layerTable.ts";
import { type Tone, wrap } from "./table.ts";

export interface AlignmentTableOptions extends TableLayout {
  /** The first snapshot of the run, or that of the model before training. */
  readonly initial?: Snapshot | undefined;
  /** File of the model before training, if `initial` is not a step of a run. */
  readonly initialFile?: string | undefined;
  readonly convention?: Convention;
  /** Number of samples of an analysis, which has no step; the snapshot counts rows with a loss, such as tokens. */
  readonly examples?: number | undefined;
  /** Whether the snapshot has a step; false for a single model. Default true. */
  readonly isSeries?: boolean;
}

const relations = ["rga", "rwa", "gwa"] as const;

/** Reasons for a missing alignment; other measures have their own. */
const statusWords: Readonly<Partial<Record<Status, readonly [short: string, meaning: string]>>> = {
  "undefined-1x1": ["1 x 1", "a 1 x 1 matrix has one entry, which correlates with nothing"],
  "constant-matrix": ["constant", "all entries of a matrix are equal"],
  "zero-matrix": ["zero", "a matrix is zero"],
  "too-few-samples": ["few samples", "too few samples"],
  "not-finite": ["not finite", "a matrix holds infinities: the network diverged"],
  "sampled-coordinates": ["sampled", "it cannot be computed from a sample of coordinates"],
  dead: ["dead", "all gradients or all activations of the layer are exactly zero"],
  "not-measured": ["not measured", "left out, as asked for"],
  "missing-moments": ["no moments", "the moments lack the sums that it needs"],
};

function inWords(status: Status): readonly [short: string, meaning: string] {
  return statusWords[status] ?? [status, status];
}

/** The table of a snapshot with its legend; ends with a newline. */
export function renderAlignmentTable(measured: Snapshot, given: AlignmentTableOptions = {}): string {
  const { convention = "paper" } = given;
  const [snapshot = measured, initial] = withLayerNames([measured, ...(given.initial ? [given.initial] : [])]);
  const options = { ...given, initial };
  const columns = (side: Side): Column[] =>
    relations.map((relation) => ({
      title: `${side}.${relation}`,
      ofOutputs: relation === "rga",
      cell: (layer) => {
        const value = layer.alignment[convention][side]?.[relation];
        const before = initial?.layers.find(({ name }) => name === layer.name)?.alignment[convention][side]?.[relation];
        if (withoutWeights(layer, relation)) return [` ${NOTHING}`, ""];
        if (value === undefined) return [` ${NOTHING}`, ""];
        const { holds, verdict } = judge(value, { start: before, dead: layer.dead !== undefined });
        const second = comparisonCell(value, before, initial !== undefined);
        return [valueCell(value, holds), second, verdictTone[verdict]];
      },
    }));
  const found = findings(
    initial ? [initial, { ...snapshot, step: Math.max(snapshot.step, initial.step + 1) }] : [snapshot],
    convention,
  );
  const table = renderLayerTable(
    snapshot.layers,
    {
      corner: "layer",
      below: (layer) => (isMap(layer) ? `${layer.dIn} → ${layer.dOut}` : `${layer.kind} of ${layer.dOut}`),
      columns: { a: columns("a"), b: columns("b") },
      second: initial ? "null · start" : "null",
      legend: legend(snapshot, found, options),
    },
    options,
  );
  return `${summary(snapshot, found, options)}\n\n${table}`;
}

/** The lines above the table: how many relations hold, and which layers are dead. */
function summary(
  { layers }: Snapshot,
  found: readonly Finding[],
  { width = 100, paint = (_, text) => text }: TableLayout,
): string {
  const dead = deadSentence(layers);
  const [count, ...reasons] = [`${countSentence(found)}.`, ...(dead === "" ? [] : [printable(dead)])];
  const lines = wrap(count, width).map((line) => paint("bold", line));
  return [...lines, ...reasons.flatMap((reason) => wrap(reason, width).map((line) => paint("strong", line)))].join(
    "\n",
  );
}

/** Relations without a tone are too weak to hold, and above chance. */
const verdictTone: Readonly<Partial<Record<Verdict, Tone>>> = {
  formed: "holds",
  holds: "holds",
  kept: "strong",
  weakened: "strong",
  near: "strong",
  lost: "lost",
  absent: "quiet",
  "by-chance": "quiet",
  dead: "quiet",
  undefined: "quiet",
};

const tonesInWords =
  "bold green: holds; yellow: strong, but as strong before training or near to holding; red: lost; dim: chance level, dead or no value";

/** Whether it is a relation with Z of a head or block, which has no Z. */
function withoutWeights(layer: LayerSnapshot, relation: (typeof relations)[number]): boolean {
  return !isMap(layer) && relation !== "rga";
}

/** "*0.931 ±.012", or the reason why there is no value; the star marks a relation that holds. */
function valueCell(measured: AlignmentValue, held: boolean): string {
  const { value, status } = measured;
  const noise = spread(measured);
  if (value === null) return ` ${status === undefined ? NOTHING : inWords(status)[0]}`.slice(0, CELL);
  const text = `${held ? "*" : ""}${formatDecimals(value, 3)}`.padStart(6);
  return `${text}${noise === null ? "" : ` ${noiseText(noise)}`}`;
}

/** Standard error from samples and from sampled coordinates, combined as independent. */
function spread({ noise, samplingError }: AlignmentValue): number | null {
  if (samplingError == null) return noise;
  return Math.hypot(noise ?? 0, samplingError);
}

/** " 0.12 · 0.28": the null and, if known, the value at the start. */
function comparisonCell(measured: AlignmentValue, before: AlignmentValue | undefined, started: boolean): string {
  if (measured.value === null) return "";
  const expected = measured.null === null ? NOTHING : formatDecimals(measured.null, 2);
  if (!started) return expected.padStart(5);
  const initial = before === undefined || before.value === null ? NOTHING : formatDecimals(before.value, 2);
  return `${expected.padStart(5)} ·${initial.padStart(5)}`;
}

/** Four characters and the sign: "±.012", "±2e-4"; a nonzero standard error is never shown as zero. */
function noiseText(noise: number): string {
  if (noise >= 0.9995) return `±${noise.toFixed(1)}`;
  if (noise >= 0.0005) return `±${noise.toFixed(3).slice(1)}`;
  return noise === 0 ? "±0" : `±${noise.toExponential(0)}`;
}

/** The legend: the two lines, the rule, the number of samples, and every status that occurs. */
function legend(
  snapshot: Snapshot,
  found: readonly Finding[],
  { convention = "paper", initial, initialFile, paint, examples, isSeries = true }: AlignmentTableOptions,
): string[] {
  const { step, samples, loss, accuracy, skipped } = snapshot;
  const start =
    initial === undefined
      ? " (the value at initialisation is unknown)"
      : ` · value ${initialFile === undefined ? `at step ${formatCount(initial.step)}` : `in ${printable(initialFile)}`}`;
  const mark = found.some(holds) ? ", * where the relation holds" : "";
  const lines = [`value ± standard error${mark}; below it: null${start}`];
  if (paint) lines.push(tonesInWords);
  lines.push(ruleInWords);
  const of = examples === undefined || examples === samples ? "" : ` rows of ${formatCount(examples)}`;
  const counted = `${formatCount(samples)}${of} ${of !== "" && examples === 1 ? "sample" : "samples"}`;
  const facts = [...(isSeries || step > 0 ? [`step ${formatCount(step)}`] : []), counted, `${convention} convention`];
  if (loss.mean !== null) facts.push(`loss ${formatQuantity(loss.mean)}`);
  if (accuracy !== undefined) facts.push(`accuracy ${(100 * accuracy).toFixed(2)} %`);
  lines.push(facts.join(", "));
  const groups = Math.min(...snapshot.layers.map((layer) => layer.groups ?? 0));
  if (groups >= 2 && groups < FEW_GROUPS)
    lines.push(`standard errors from ${groups} groups of samples: they may be several times too small or too large`);
  if (isWithoutNoise(snapshot)) lines.push("standard error unknown: there is one group of samples");
  const sampled = snapshot.layers.filter((layer) => layer.sampled !== undefined);
  if (sampled.length > 0)
    lines.push(
      `on a random sample of coordinates, whose standard error is included in ±: ${shortList(sampled.map(sampleWords))}`,
    );
  for (const status of occurring(snapshot, convention)) lines.push(inWords(status).join(": "));
  for (const [reason, nodes] of byReason(skipped))
    lines.push(`not measured, ${printable(reason)}: ${shortList(nodes)}`);
  return lines;
}

/** chosen: a jackknife over fewer groups may be off by half or more. */
const FEW_GROUPS = 8;

/** Whether there are values, but none with a standard error. */
function isWithoutNoise({ layers }: Snapshot): boolean {
  const sides = layers.flatMap(({ alignment }) =>
    conventions.flatMap((convention) => [alignment[convention].a, alignment[convention].b]),
  );
  const values = sides.flatMap((side) => (side === null ? [] : relations.map((relation) => side[relation])));
  const found = values.filter(({ value }) => value !== null);
  return found.length > 0 && found.every(({ noise }) => noise === null);
}

/** "head (1,024 of 50,257)". */
function sampleWords({ name, sampled }: LayerSnapshot): string {
  const words = [sampled?.a, sampled?.b].flatMap((side) =>
    side != null && side.coordinates < side.of ? [`${formatCount(side.coordinates)} of ${formatCount(side.of)}`] : [],
  );
  return `${name} (${words.join(", ")})`;
}

function byReason(skipped: Snapshot["skipped"]): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const { node, reason } of skipped) reasons.set(reason, [...(reasons.get(reason) ?? []), node]);
  return reasons;
}

/** chosen: most names per reason in the terminal; the JSON and the report have all. */
const LISTED = 6;

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).map(printable).join(", ");
  return names.length > LISTED ? `${shown} and ${names.length - LISTED} more` : shown;
}

function occurring(snapshot: Snapshot, convention: Convention): Set<Status> {
  const found = new Set<Status>();
  const look = (layer: LayerSnapshot, side: SideAlignments | null) => {
    for (const relation of relations)
      if (side?.[relation].status !== undefined && !withoutWeights(layer, relation)) found.add(side[relation].status);
  };
  for (const layer of snapshot.layers) {
    look(layer, layer.alignment[convention].a);
    look(layer, layer.alignment[convention].b);
  }
  return found;
}
