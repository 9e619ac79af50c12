/**
 * @file `crh analyze` of a network whose sums do not fit in memory: one pass over the data for each part of the layers,
 * which are measured before the next pass. The model before training, if given, is treated alike.
 */
import type { Snapshot, SnapshotOptions } from "../../measure/snapshot.ts";
import type { LayerOutline } from "../../moments/accumulate/layerOutline.ts";
import type { UnfinishedMoments } from "../../moments/accumulate/layerSums.ts";
import type { Moments } from "../../moments/moments.ts";
import type { MeasuredLosses, SummedMeasurement } from "../../probe/probe.ts";
import { LayerPool } from "../../workers/layerPool.ts";
import { bytesOfFile, MOST_KEPT_BYTES, SnapshotInParts } from "../../workers/snapshotInParts.ts";
import type { Observer } from "../observer.ts";
import type { AnalyzeOptions } from "./analyzeOptions.ts";
import { costOfInitial, sayCost } from "./measuredSnapshots.ts";

/** Sums some layers over all batches, reporting the share that is done. */
export type Pass = (layers: readonly string[], onShare: (share: number) => void) => Promise<SummedMeasurement>;

export interface AnalyzedInParts {
  readonly result: Snapshot;
  readonly initial: Snapshot | undefined;
  /** The moments that are kept. */
  readonly total: Moments;
  /** Number of measured layers; not all if the user stopped it. */
  readonly layers: number;
}

/**
 * The snapshot of the model and, if given, of the model before training. After an abort the layers of an unfinished
 * pass are left out, unless it is the first pass.
 *
 * @param watcher.known results of a model measured earlier that measures use, such as values before training
 * @throws RangeError where the moments should be written and are too large for a file
 */
export async function analyzeInParts(
  parts: readonly (readonly LayerOutline[])[],
  passes: { readonly pass: Pass; readonly before: Pass | undefined },
  options: AnalyzeOptions,
  {
    observer,
    signal,
    known: given = {},
  }: { readonly observer: Observer; readonly signal: AbortSignal; readonly known?: SnapshotOptions | undefined },
): Promise<AnalyzedInParts> {
  const network = parts.flat();
  if (options.moments !== undefined) checkSize(network);
  const progress = observer.progress("analyze", network.length, { unit: "layers" });
  const measuring = new LayerPool();
  // Where memory is limited, sums of several parts are only kept to be written into a file.
  const mostKept = options.cost === "economy" && options.moments === undefined ? 0 : MOST_KEPT_BYTES;
  const found = new SnapshotInParts(measuring, network, mostKept);
  const start = passes.before && new SnapshotInParts(measuring, network, mostKept);
  let summary: Summary | undefined;
  let before: Summary | undefined;
  try {
    sayCost(progress, network, options);
    for (const part of parts) {
      const layers = part.map(({ name }) => name);
      const stages = passes.before ? 4 : 2;
      const show = (stage: number) => (share: number) =>
        progress.update(Math.floor(found.layers.length + (part.length * (stage + share)) / stages));
      let weights: SnapshotOptions = {};
      const first = summary === undefined;
      const earlier = await passes.before?.(layers, show(0));
      if (earlier && (!signal.aborted || first)) {
        weights = weightsOf(earlier.groups[0]!);
        before = summaryOf(earlier);
        await start!.add(earlier.groups, { ...earlier, ...costOfInitial(options) });
        show(2)(0);
      }
      if (signal.aborted && !first) break;
      const measured = await passes.pass(layers, show(stages - 2));
      if (signal.aborted && !first) break;
      summary = summaryOf(measured);
      const known = start ? { initial: { layers: start.layers }, ...weights } : given;
      await found.add(measured.groups, { ...measured, ...known, cost: options.cost });
      show(0)(0);
      if (signal.aborted) break;
    }
    const skipped = leftOut(network, found, summary!);
    const initial = start?.finished(before!);
    const { snapshot, kept } = found.finished({
      ...given,
      ...summary,
      skipped,
      ...(initial && { start: initial.kept }),
    });
    return { result: snapshot, initial: initial?.snapshot, total: kept, layers: found.layers.length };
  } finally {
    progress.end(false);
    await measuring.close();
  }
}

type Summary = Omit<MeasuredLosses, "nearestMean">;

function summaryOf({ groups: _, nearestMean: __, ...summary }: SummedMeasurement): Summary {
  return summary;
}

function weightsOf({ layers }: UnfinishedMoments): SnapshotOptions {
  return { initialWeights: new Map(layers.flatMap(({ layer: { name, W } }) => (W ? [[name, W] as const] : []))) };
}

/** Skipped layers, including those that were not reached. */
function leftOut(network: readonly LayerOutline[], { layers }: SnapshotInParts, { skipped }: Summary) {
  const rest = network.slice(layers.length);
  return [...skipped, ...rest.map(({ name }) => ({ node: name, reason: "stopped before it was measured" }))];
}

function checkSize(network: readonly LayerOutline[]): void {
  const bytes = bytesOfFile(network);
  if (bytes > MOST_KEPT_BYTES)
    throw new RangeError(
      `analyze: expected moments of at most ${MOST_KEPT_BYTES / 2 ** 30} GiB for one file, got ${(bytes / 2 ** 30).toFixed(1)}; choose some --layers, or leave --moments out`,
    );
}
