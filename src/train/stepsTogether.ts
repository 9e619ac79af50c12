/**
 * @file The meeting point of networks that train together: once each has its batches, one call of the engine takes the
 * steps of all.
 */
import type { Program } from "../engine/engine.ts";
import { float32, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { stack } from "../replicate/replicate.ts";
import { ofReplicate } from "./replicateStep.ts";
import { STEP_MODEL } from "./stepModel.ts";
import type { StepFeeds, StepResults, Training } from "./training.ts";

interface Waiting {
  readonly training: Training;
  readonly feeds: StepFeeds;
  readonly resolve: (results: StepResults) => void;
  readonly reject: (error: unknown) => void;
}

export class StepsTogether {
  /** Indices of the networks that still train. */
  private readonly left: Set<number>;
  private readonly waiting = new Map<number, Waiting>();
  private readonly compile: (left: readonly number[]) => Promise<Program>;
  private program: { readonly of: number; readonly compiled: Program } | undefined;

  /** @param compile compiles a program of the networks with these indices (replicateStepModels) */
  constructor(count: number, compile: (left: readonly number[]) => Promise<Program>) {
    this.left = new Set(Array.from({ length: count }, (_, r) => r));
    this.compile = compile;
  }

  /** The steps of network r, taken once all remaining networks have asked for theirs. */
  step(r: number, training: Training, feeds: StepFeeds): Promise<StepResults> {
    return new Promise((resolve, reject) => {
      this.waiting.set(r, { training, feeds, resolve, reject });
      this.runIfAllWait();
    });
  }

  /** Network r takes no more steps. */
  leave(r: number): void {
    this.left.delete(r);
    this.runIfAllWait();
  }

  async dispose(): Promise<void> {
    await this.program?.compiled.dispose();
    this.program = undefined;
  }

  private runIfAllWait(): void {
    if (this.waiting.size === 0 || this.waiting.size < this.left.size) return;
    const order = [...this.left].sort((x, y) => x - y);
    const all = order.map((r) => this.waiting.get(r)!);
    this.waiting.clear();
    this.run(order, all).then(
      (results) => {
        for (const [i, { resolve }] of all.entries()) resolve(results[i]!);
      },
      (error: unknown) => {
        for (const { reject } of all) reject(error);
      },
    );
  }

  private async run(order: readonly number[], all: readonly Waiting[]): Promise<StepResults[]> {
    checkSteps(all);
    for (const { training } of all) training.options.observer?.onSteps?.();
    const { compiled } = await this.programOf(order);
    const started = performance.now();
    const R = all.length;
    const out = await compiled.run(feedsOf(all));
    const seconds = (performance.now() - started) / 1000 / R;
    const carried = new Set([...all[0]!.training.state().keys()].map(STEP_MODEL.next));
    return all.map((_, r) => ({
      seconds,
      outputs: (name) => (carried.has(name) ? first(out[name]!, r) : second(out[name]!, r)),
    }));
  }

  /** Compiled anew after a network has left. */
  private async programOf(order: readonly number[]): Promise<{ readonly compiled: Program }> {
    if (this.program?.of === order.length) return this.program;
    await this.dispose();
    this.program = { of: order.length, compiled: await this.compile(order) };
    return this.program;
  }
}

function checkSteps(all: readonly Waiting[]): void {
  const [from, to] = [all[0]!.training.step, all[0]!.training.nextStop()];
  const other = all.find(({ training }) => training.step !== from || training.nextStop() !== to)?.training;
  if (other !== undefined)
    throw new RangeError(
      `train: expected networks that all take steps ${from} to ${to}, got one with ${other.step} to ` +
        `${other.nextStop()}; give them the same steps and milestones, or train them one by one`,
    );
}

/** The inputs of the model of all networks. */
function feedsOf(all: readonly Waiting[]): Record<string, Tensor> {
  const states = all.map(({ training }) => training.state());
  const feeds: Record<string, Tensor> = { ...all[0]!.feeds.follow };
  for (const name of states[0]!.keys()) feeds[name] = stack(states.map((state) => state.get(name)!));
  feeds[STEP_MODEL.coefficients] = stackedSecond(all.map(({ feeds }) => feeds.coefficients));
  for (const [r, { feeds: own }] of all.entries())
    for (const [name, tensor] of Object.entries(own.data)) feeds[ofReplicate(r, name)] = tensor;
  return feeds;
}

/** (K, R, c) of R tensors (K, c). */
function stackedSecond(all: readonly Tensor[]): Tensor {
  const [K, ...rest] = all[0]!.shape as [number, ...number[]];
  const [R, size] = [all.length, sizeOf(rest)];
  const data = new Float32Array(K * R * size);
  for (const [r, one] of all.entries())
    for (let k = 0; k < K; k++)
      data.set((one.data as Float32Array).subarray(k * size, (k + 1) * size), (k * R + r) * size);
  return float32(data, [K, R, ...rest]);
}

/** Entry r of the first axis, in place. */
function first({ data, shape }: Tensor, r: number): Float32Array {
  const size = sizeOf(shape) / shape[0]!;
  return (data as Float32Array).subarray(r * size, (r + 1) * size);
}

/** Entry r of the second axis. */
function second({ data, shape }: Tensor, r: number): Float32Array {
  const [K, R] = shape as [number, number];
  const size = sizeOf(shape) / (K * R);
  const out = new Float32Array(K * size);
  for (let k = 0; k < K; k++)
    out.set((data as Float32Array).subarray((k * R + r) * size, (k * R + r + 1) * size), k * size);
  return out;
}
