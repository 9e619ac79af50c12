/** @file A training in a worker, as views see it: commands, and events as they come. */
import type { Command, Look, Told, TrainerEvent, TrainRequest } from "./messages.ts";

export type Listener = (event: TrainerEvent) => void;

/** One worker, which trains one network at a time. It is made with the first training. */
export class Trainer {
  readonly #listen: Listener;
  #worker: Worker | undefined;
  /** Number of the training whose events are passed on: those of the one before may still be on their way. */
  #run = 0;
  /** Whether WebGPU failed in this worker, where ONNX Runtime may not recover. */
  #isSpoilt = false;

  constructor(listen: Listener) {
    this.#listen = listen;
  }

  /** Trains; what was training before ends without a word. */
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

  /** Ends training after the current steps; then the event "stopped" is sent. */
  stop(): void {
    this.#say({ type: "stop" });
  }

  /** @param speed steps a second; undefined for as fast as they go */
  setSpeed(speed: number | undefined): void {
    this.#say({ type: "speed", speed });
  }

  /** Changes adjustable parameters as soon as it can be; the event "changed" says from which step on. */
  adjust(values: Readonly<Record<string, string>>): void {
    this.#say({ type: "adjust", values });
  }

  /** Which layer's matrices are handed over, now and at each measurement. */
  lookAt(look: Look | undefined): void {
    this.#say({ type: "look", look });
  }

  /** Gives the worker back; nothing comes any more. */
  close(): void {
    this.#worker?.terminate();
    [this.#worker, this.#isSpoilt] = [undefined, false];
  }

  #say(command: Command): void {
    this.#worker?.postMessage(command);
  }
}
