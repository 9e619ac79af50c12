/**
 * @file The engine that a training runs on: as it asks for, WebAssembly where there is no WebGPU or it does not work,
 * and of device "automatic" the faster one. Engines are handed in, and loaded when they are needed.
 */
import type { Engine } from "../../engine/engine.ts";
import { fasterOf, SHORT_STEP } from "./automatic.ts";
import type { StepTimes, TrainRequest } from "./messages.ts";
import { plannedExperiment } from "./parameterCourse.ts";
import { stepTime } from "./stepTime.ts";
import type { ChosenEngine, Post } from "./trainSetting.ts";

export interface Engines {
  wasm(): Promise<Engine>;
  webgpu(): Promise<Engine>;
  /** Why there is no WebGPU, in a line; undefined where there is. */
  withoutWebgpu(): Promise<string | undefined>;
}

export class EngineChooser {
  readonly #engines: Engines;
  readonly #time: typeof stepTime;
  /** Times of networks that were timed, by what their graphs depend on. */
  readonly #known = new Map<string, StepTimes>();

  /** @param time microseconds of a step of a training */
  constructor(engines: Engines, time = stepTime) {
    this.#engines = engines;
    this.#time = time;
  }

  async choose(request: TrainRequest, { post, signal }: Told): Promise<ChosenEngine> {
    const { device = "wasm" } = request.options ?? {};
    if (device === "wasm") return this.#wasm();
    const missing = await this.#engines.withoutWebgpu();
    if (missing !== undefined) {
      if (device === "webgpu") post({ type: "fallback", problem: missing });
      return this.#wasm();
    }
    if (device === "automatic") {
      const times = await this.#times(request, signal);
      post({ type: "timed", times });
      if (fasterOf(times) === "wasm") return this.#wasm();
    }
    try {
      return { engine: await this.#engines.webgpu(), spare: this.#engines.wasm };
    } catch (error) {
      post({ type: "fallback", problem: (error as Error).message });
      return this.#wasm();
    }
  }

  async #wasm(): Promise<ChosenEngine> {
    return { engine: await this.#engines.wasm() };
  }

  async #times(request: TrainRequest, signal: AbortSignal): Promise<StepTimes> {
    const key = await graphKey(request);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const times = await this.#timed(request, signal);
    if (!signal.aborted) this.#known.set(key, times);
    return times;
  }

  async #timed(request: TrainRequest, signal: AbortSignal): Promise<StepTimes> {
    const wasm = await this.#time(await this.#engines.wasm(), request, signal);
    if (wasm < SHORT_STEP || signal.aborted) return { wasm };
    try {
      return { wasm, webgpu: await this.#time(await this.#engines.webgpu(), request, signal) };
    } catch (error) {
      return { wasm, problem: (error as Error).message };
    }
  }
}

interface Told {
  readonly post: Post;
  readonly signal: AbortSignal;
}

/** All parameters but those that change nothing of the graph of a step. */
async function graphKey(request: TrainRequest): Promise<string> {
  const { parameters, course } = await plannedExperiment(request);
  const others = new Set(["steps", "seed", ...(course?.adjustable ?? [])]);
  return JSON.stringify([request.setting, Object.entries(parameters).filter(([key]) => !others.has(key))]);
}
