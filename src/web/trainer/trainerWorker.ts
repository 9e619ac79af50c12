/**
 * @file The worker that trains: one training at a time, on ONNX Runtime as WebAssembly, which is loaded when the first
 * one begins. WebGPU would not help here: the steps are a loop within the graph, which its kernels do not have, and
 * networks of a page are too small to be worth the way to a device and back.
 */
import type { Engine } from "../../engine/engine.ts";
import type { OnnxRuntime } from "../../engine/onnxProgram.ts";
import { webEngine } from "../../engineWeb/webEngine.ts";
import type { Command, Told, TrainRequest } from "./messages.ts";
import { SettingTraining } from "./trainSetting.ts";

let engine: Promise<Engine> | undefined;

async function loadEngine(): Promise<Engine> {
  const ort = await import("onnxruntime-web/wasm").catch((error: Error) => {
    engine = undefined; // another training tries again
    throw error;
  });
  ort.env.wasm.numThreads = 1; // more need a page that is isolated from other origins
  return webEngine(ort as unknown as OnnxRuntime);
}

/** What trains, or trained last. */
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
