/** @file A training in a worker, as views use it: commands in, events out. */
import type { Command, Look, Told, TrainerEvent, TrainRequest } from "./messages.ts";

export type Listener = (event: TrainerEvent) => void;

/** One worker, which trains one network at a time. It is created with the first training. */
export class Trainer {
  readonly #listen: Listener;
  #worker: Worker | undefined;
  /** Number of the training whose events are passed on; events of the previous one may still arrive. */
  #run = 0;
  /** Whether WebGPU failed in this worker, where ONNX Runtime may not recover. */
  #isSpoilt = false;

  constructor(listen: Listener) {
    this.#listen = listen;
  }

  /** Starts a training; a previous one ends silently. */
  start(request: TrainRequest): void {
    if (this.#isSpoilt) this.close();
    this.#worker ??= this.#open();
    this.#say({ type: "start", run: ++this.#run, request });
  }

  #open(): Worker {
    const worker = new Worker(new URL("./trainerWorker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data: { run, event } }: MessageEvent<Told>) => {
      if (run !== this.#run) return;
      if (event.type === "fallback") this.#isSpoilt = true;
      this.#listen(event);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.close();
      this.#listen({ type: "failed", message: event.message || "the worker that trains could not be loaded" });
      this.#listen({ type: "state", state: "failed" });
    };
    return worker;
  }

  pause(): void {
    this.#say({ type: "pause" });
  }

  resume(): void {
    this.#say({ type: "resume" });
  }

  /** Takes the given number of steps, measures and pauses. */
  step(steps = 1): void {
    this.#say({ type: "step", steps });
  }

  /** Ends training after the current steps, with the event "stopped". */
  stop(): void {
    this.#say({ type: "stop" });
  }

  /** @param speed steps per second; undefined for no limit */
  setSpeed(speed: number | undefined): void {
    this.#say({ type: "speed", speed });
  }

  /** Changes adjustable parameters as soon as possible; the event "changed" reports from which step. */
  adjust(values: Readonly<Record<string, string>>): void {
    this.#say({ type: "adjust", values });
  }

  /** Chooses the layer whose matrices are sent, now and at each measurement. */
  lookAt(look: Look | undefined): void {
    this.#say({ type: "look", look });
  }

  /** Ends the worker; no further events arrive. */
  close(): void {
    this.#worker?.terminate();
    [this.#worker, this.#isSpoilt] = [undefined, false];
  }

  #say(command: Command): void {
    this.#worker?.postMessage(command);
  }
}
