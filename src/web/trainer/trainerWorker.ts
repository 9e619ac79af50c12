/**
 * @file The worker that trains: one training at a time, on ONNX Runtime as WebAssembly, loaded when the first training
 * begins. WebGPU would not help: the steps are a loop within the graph, for which it has no kernels, and these networks
 * are too small to be worth the transfers to a device.
 */
import type { Engine } from "../../engine/engine.ts";
import type { OnnxRuntime } from "../../engine/onnxProgram.ts";
import { webEngine } from "../../engineWeb/webEngine.ts";
import type { Command, Told, TrainRequest } from "./messages.ts";
import { SettingTraining } from "./trainSetting.ts";

let engine: Promise<Engine> | undefined;

async function loadEngine(): Promise<Engine> {
  const ort = await import("onnxruntime-web/wasm").catch((error: Error) => {
    engine = undefined; // the next training tries again
    throw error;
  });
  ort.env.wasm.numThreads = 1; // more threads need a page isolated from other origins
  return webEngine(ort as unknown as OnnxRuntime);
}

/** The current training, or the last one. */
let current: { readonly training: SettingTraining; readonly end: Promise<void>; isHeard: boolean } | undefined;

function start(run: number, request: TrainRequest): void {
  const before = current;
  if (before !== undefined) before.isHeard = false;
  before?.training.tell({ type: "stop" });
  const training = new SettingTraining(request, (event, transfer = []) => {
    if (next.isHeard) self.postMessage({ run, event } satisfies Told, { transfer });
  });
  const end = (before?.end ?? Promise.resolve()).then(() => training.run(() => (engine ??= loadEngine())));
  const next = { training, end, isHeard: true };
  current = next;
}

self.onmessage = ({ data: command }: MessageEvent<Command>) => {
  if (command.type === "start") start(command.run, command.request);
  else current?.training.tell(command);
};
