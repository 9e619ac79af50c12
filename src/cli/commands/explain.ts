/**
 * @file `crh explain`: describes in words the layers of a run, or of a snapshot from `crh analyze --json`, and where
 * noise drives symmetric pairs of layers. For a run that follows points, the findings of the two-point theory come
 * first.
 */

import { type Explanation, explainLayer, thresholds } from "../../findings/explain/explainLayer.ts";
import { explainPairs, type PairsExplanation } from "../../findings/explain/explainPairs.ts";
import { explainTwopoint, type TwopointExplanation } from "../../findings/explain/explainTwopoint.ts";
import { headline, layersSentence, leftOutSentence } from "../../findings/twopoint/sentences.ts";
import type { FollowedRun } from "../../findings/twopoint/twopointRecord.ts";
import { printable } from "../../formats/printable.ts";
import { formatCount } from "../../formats/quantities.ts";
import { withLayerNames } from "../../measure/network/layerNames.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import type { NamedLayer } from "../../moments/moments.ts";
import { layerCalled, nearestLayer, someLayers } from "../../runner/analysis/layerSelection.ts";
import { measurementsOf } from "../../runner/records/measurementsOf.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { dimmer, wrap } from "../table.ts";

export interface ExplainOptions {
  readonly runs: string;
  readonly json?: boolean;
}

export async function explainCommand(
  which: string,
  asked: string | undefined,
  options: ExplainOptions,
  io: Io,
): Promise<void> {
  const { final, initial, decay, twopoint, isAnalysis = false } = await measurementsOf(which, options.runs);
  const layers: NamedLayer[] = [
    ...(twopoint ? twopoint.fits.layers.map((one) => ({ name: String(one.layer), kind: "linear" as const })) : []),
    ...(final?.layers ?? []),
  ];
  if (layers.length === 0) throw new Error("explain: expected a measured layer, got none; measure the model first");
  const layer = asked === undefined ? undefined : chosenLayer(asked, layers);
  const wanted = (name: string) => layer === undefined || name === layer;
  const followed = twopoint ? explainTwopoint(twopoint).filter((one) => wanted(one.layer)) : undefined;
  const explained = final ? explanations(final, initial, decay).filter((one) => wanted(one.layer)) : [];
  const pairs = final && explained.length > 0 ? explainPairs(final, layer) : undefined;
  if (options.json === true) {
    const step = final?.step ?? twopoint!.fits.step;
    const document = {
      ...{ step, layers: explained },
      ...(pairs && { symmetry: pairs }),
      ...(followed && { twopoint: followed }),
    };
    io.stdout.write(`${JSON.stringify(document)}\n`);
    return;
  }
  const width = widthOf(io.stdout);
  const dim = dimmer(hasColour(io.stdout, io.env));
  const lines = [
    ...(twopoint && followed && followed.length > 0
      ? [...followedLines(twopoint, followed, { layer, width, dim }), ""]
      : []),
    ...(final === undefined || explained.length === 0
      ? []
      : [
          ...wrap(headOf(final, isAnalysis), width).map(dim),
          "",
          ...explained.flatMap((one) => [...(layer === undefined ? brief(one, width) : whole(one, width)), ""]),
          ...(pairs ? pairLines(pairs, layer, width) : []),
          ...wrap(thresholds, width).map(dim),
        ]),
    ...(layer === undefined ? wrap(`crh explain ${which} <layer> shows more about one`, width).map(dim) : []),
  ];
  io.stdout.write(`${lines.join("\n").trimEnd()}\n`);
}

/**
 * The record's name of a requested layer. @throws Error with the nearest name, or some of the existing ones
 */
function chosenLayer(asked: string, layers: readonly NamedLayer[]): string {
  const found = layerCalled(asked, layers);
  if (found !== undefined) return found;
  const near = nearestLayer(asked, layers);
  const cure = near === undefined ? `known: ${someLayers(layers)}` : `did you mean ${near}?`;
  throw new Error(`explain: expected a layer of the measurement, got "${asked}"; ${cure}`);
}

/** The explanations of all layers, with names of heads as shown to users; `layer` is the name in records. */
function explanations(final: Snapshot, initial: Snapshot | undefined, decay: unknown): Explanation[] {
  const [called = final, before] = withLayerNames(initial ? [final, initial] : [final]);
  return called.layers.map((one, i) => {
    const start = before?.layers.find(({ name }) => name === one.name);
    return { ...explainLayer(one, start, decay), layer: final.layers[i]!.name };
  });
}

function headOf({ step, samples }: Snapshot, isAnalysis: boolean): string {
  const at = isAnalysis && step === 0 ? "" : `step ${formatCount(step)}, `;
  return `${at}${formatCount(samples)} samples; relations by the paper's convention and by covariances, laws by covariances`;
}

/** All sentences for a single layer, or one sentence for each of all layers. */
function followedLines(
  { followed, fits }: FollowedRun,
  explained: readonly TwopointExplanation[],
  { layer, width, dim }: { layer: string | undefined; width: number; dim: (text: string) => string },
): string[] {
  const [p, q] = (fits.pair ?? "0-1").split("-").map((place) => followed.points[Number(place)] ?? place);
  const head = `two-point theory at step ${formatCount(fits.step)}, points ${printable(p!)} and ${printable(q!)}; H = |dh|² of a hidden layer, Y = |dy|² of the outputs, w = dy · (dy − dy*)`;
  const { claim, details } = headline(fits);
  const all = [`${claim}.${details === "" ? "" : ` ${details}`}`, layersSentence(fits), leftOutSentence(fits)];
  const above =
    layer === undefined ? all.filter((text) => text !== "").flatMap((text) => wrap(printable(text), width)) : [];
  const each = explained.flatMap(({ summary, sentences, contradiction }) => [
    ...wrap(printable(summary), width),
    ...(layer === undefined ? contradiction : sentences).flatMap((line) => indented(line, width)),
  ]);
  return [...wrap(head, width).map(dim), "", ...above, ...(above.length > 0 ? [""] : []), ...each];
}

/** All sentences on the pairs of a single layer, or one sentence per pair of all layers. */
function pairLines(found: PairsExplanation, layer: string | undefined, width: number): string[] {
  const { summary, pairs, broken, letters } = found;
  const one = layer !== undefined;
  const each = pairs.flatMap((pair) => (one ? pair.sentences : [pair.summary]));
  const lines = [...each, ...(broken === "" ? [] : [broken])];
  if (one && lines.length === 0) return [];
  const head = one ? ["Symmetry and noise"] : wrap(printable(`Symmetry and noise: ${summary}`), width);
  return [
    ...head,
    ...lines.flatMap((line) => indented(printable(line), width)),
    ...(pairs.some(({ symmetry }) => symmetry !== "scale") ? indented(`${letters}.`, width) : []),
    "",
  ];
}

function brief({ summary, doubts }: Explanation, width: number): string[] {
  return [...wrap(printable(summary), width), ...doubts.flatMap((line) => indented(line, width))];
}

function whole(found: Explanation, width: number): string[] {
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", title, ...lines.flatMap((line) => indented(line, width))];
  return [
    ...wrap(printable(found.summary), width),
    ...part("Relations", found.relations),
    ...part("Laws between spectra", found.laws),
    ...part("Phase", found.phase),
    ...part("Beside other heads", found.baselines),
    ...part("Neural collapse", found.collapse),
    ...part("Feature ansatz", found.ansatz),
    ...part("Training", found.training),
    ...part("Doubts", found.doubts),
  ];
}

function indented(line: string, width: number): string[] {
  return wrap(line, width - 4).map((text, i) => `${i === 0 ? "  - " : "    "}${text}`);
}
