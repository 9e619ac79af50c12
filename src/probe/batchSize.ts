/**
 * @file Choice of the batch size: as many samples as keep the rows of the largest map within a few cache-friendly
 * megabytes, and no more than the model accepts.
 */
import type { Engine } from "../engine/engine.ts";
import type { LayerOutline } from "../moments/accumulate/layerOutline.ts";
import type { Model } from "../onnx/graph.ts";
import type { Feeds } from "./feeds.ts";
import { groupCount } from "./groupCount.ts";
import { findLinearMaps } from "./maps/linearMaps.ts";
import { moduleNames } from "./maps/moduleName.ts";
import { lossGraph } from "./nodes/lossGraph.ts";
import { outlinesOf, prepare } from "./prepare.ts";
import type { ProbeOptions } from "./probeOptions.ts";

/**
 * chosen: numbers in the rows of the largest map; beyond twice as many, the speed of passes over rows depends on the
 * machine's memory.
 */
const LARGEST_ROWS = 2 ** 21;
/**
 * chosen: the same where this gives fewer rows than the map has values; adding up the d^2 sums of each batch would then
 * take longest.
 */
const LARGEST_ROWS_OF_WIDE = 2 ** 23;
const MOST = 500;

/**
 * Tolerance for losses of the same samples in another batch: rounding from another order of summation, relative to the
 * largest.
 */
const SAME_LOSS = 1e-3;

/**
 * @param take the first `count` samples as feeds
 * @param n number of samples
 * @param wanted the user's size. A size that covers all samples leaves no groups for noise; it is divided where samples
 *   do not depend on their batch
 * @returns a batch size that the model can be bound to: any, or the exported one where the graph requires it
 * @throws Error when the model accepts neither, in the words of the engine
 */
export async function chooseBatch(
  engine: Engine,
  model: Model,
  options: ProbeOptions,
  take: (count: number) => Feeds,
  n: number,
  wanted?: number,
): Promise<number> {
  if (wanted !== undefined && wanted < n) return wanted;
  const declared = declaredBatch(model, options.same);
  const fixed = wanted === undefined ? declared : n;
  if (declared !== undefined && declared > n) await checkFewer(engine, model, options, take(n), { n, declared });
  if (fixed !== undefined && fixed <= n && !(await takesOthers(engine, model, options, take, n, fixed))) return fixed;
  const trial = Math.min(2, n);
  const prepared = await prepare(engine, model, options, take(trial));
  const { loss } = prepared;
  const weights = new Set([...loss.graph.initializers.keys(), ...(options.parameters ?? [])]);
  const { maps } = findLinearMaps(loss.graph, weights, loss.values, moduleNames(model.graph));
  const { positions = Number.POSITIVE_INFINITY } = options;
  const shapes = maps.map(({ rows: all, dOut, input }) => {
    const rows = Math.min(all / trial, positions);
    const d = Math.max(dOut, input?.dIn ?? 0);
    // all outputs are computed, whatever is measured of them
    return { rows, d, numbers: Math.max(rows * d, (all / trial) * dOut) };
  });
  return batchOf(shapes, outlinesOf(prepared, options), n);
}

/**
 * The batch of `n` samples where the model accepts any.
 *
 * @param shapes for each map its rows per sample, its width, and the numbers in all its rows per sample
 */
export function batchOf(
  shapes: readonly { readonly rows: number; readonly d: number; readonly numbers: number }[],
  outlines: readonly Pick<LayerOutline, "bytes">[],
  n: number,
): number {
  const largest = Math.max(1, ...shapes.map(({ numbers }) => numbers));
  const asManyRows = Math.ceil(Math.max(0, ...shapes.map(({ rows, d }) => d / rows))); // the widest map's values
  const ofWide = Math.min(asManyRows, Math.floor(LARGEST_ROWS_OF_WIDE / largest));
  const share = Math.ceil(n / groupCount(outlines)); // one batch per group of samples
  return Math.max(1, Math.min(MOST, share, Math.max(ofWide, Math.floor(LARGEST_ROWS / largest))));
}

/** The batch that a model was exported with, where its first axis is fixed. @param same inputs without a sample axis */
export function declaredBatch({ graph }: Model, same: ReadonlySet<string> = new Set()): number | undefined {
  const extent = graph.inputs.find(({ name }) => !same.has(name))?.shape?.[0];
  return typeof extent === "number" ? extent : undefined;
}

/**
 * Checks that fewer samples than the declared batch have the same losses when the batch is filled up with copies of
 * them.
 *
 * @throws RangeError where they do not
 */
async function checkFewer(
  engine: Engine,
  model: Model,
  options: ProbeOptions,
  feeds: Feeds,
  { n, declared }: { readonly n: number; readonly declared: number },
): Promise<void> {
  const found = await losses(engine, model, options, feeds).catch(() => []);
  const whole = await losses(engine, model, options, repeatSamples(feeds, declared, options.same));
  const largest = Math.max(...whole.map(Math.abs));
  const isSame = found.every((loss, i) => Math.abs(loss - whole[i]!) <= SAME_LOSS * largest);
  if (found.length * declared === whole.length * n && isSame) return;
  throw new RangeError(
    `probe: expected at least ${declared} samples, the only batch that the model takes, got ${n}; pass more, or export the model with a free batch`,
  );
}

/** The samples of a batch repeated up to `count`. */
function repeatSamples(feeds: Feeds, count: number, same: ReadonlySet<string> = new Set()): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => {
      if (same.has(name)) return [name, tensor];
      const { dtype, shape, data } = tensor;
      const size = (data.length / shape[0]!) * count;
      const Values = data.constructor as new (length: number) => typeof data;
      const more = new Values(size);
      for (let i = 0; i < size; i++) more[i] = data[i % data.length]!;
      return [name, { dtype, shape: [count, ...shape.slice(1)], data: more } as typeof tensor];
    }),
  );
}

/**
 * Whether a model exported with a fixed batch accepts others. A batch of twice the size must run and give its first
 * samples the losses that they have in the declared batch. Where samples are too few, half the size must. (A Reshape to
 * constants may run and mix up samples.)
 *
 * @throws Error when the model rejects even the declared batch
 */
async function takesOthers(
  engine: Engine,
  model: Model,
  options: ProbeOptions,
  take: (count: number) => Feeds,
  n: number,
  fixed: number,
): Promise<boolean> {
  const declared = await losses(engine, model, options, take(fixed));
  const other = n < 2 * fixed ? Math.floor(fixed / 2) : 2 * fixed;
  if (other === 0) return false;
  const largest = Math.max(...declared.map(Math.abs));
  try {
    const found = await losses(engine, model, options, take(other));
    const common = Math.min(found.length, declared.length);
    return (
      found.length * fixed === declared.length * other &&
      declared.slice(0, common).every((loss, i) => Math.abs(loss - found[i]!) <= SAME_LOSS * largest)
    );
  } catch {
    return false;
  }
}

/** The losses of one batch. */
async function losses(
  engine: Engine,
  model: Model,
  { objective, parameters = [] }: ProbeOptions,
  feeds: Feeds,
): Promise<readonly number[]> {
  const { graph, perSample } = await lossGraph(engine, model, objective, parameters, feeds);
  const program = await engine.compile({ ...model, graph: { ...graph, outputs: [{ name: perSample }] } });
  try {
    return [...((await program.run(feeds))[perSample]!.data as Float32Array)];
  } finally {
    await program.dispose();
  }
}
